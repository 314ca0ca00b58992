import assert from "node:assert/strict";
import { type Records, writeTransaction } from "../../devices/index.ts";
import type { Effect } from "../monitor/monitor.ts";
import { formatAlertMessage } from "./alert-message.ts";
import { moveByMachine } from "./alert-row.ts";
import { putDeadLetters } from "./dead-letters.ts";
import type { AlertRow, OutboxMessage } from "./desk.ts";
import { requireTenure, type Tenure } from "./leases.ts";
import { appendToOutbox, type NewOutboxMessage } from "./outbox.ts";
import { type AlertRecord, inChunks, type IngestTables, type IngestTransaction } from "./tables.ts";

type AlertEffect = Extract<Effect, { kind: "alert" }>;

/**
 * Applies effects in order, in one transaction. Delivery is at least once: a revision that a row
 * has already reached moves nothing and makes no message, so any part may come again. Folded in
 * memory and written once a row: the transaction is this database's only writer.
 */
export async function applyEffects(
  records: Records,
  tenure: Tenure,
  effects: readonly Effect[],
): Promise<OutboxMessage[]> {
  if (effects.length === 0) return [];
  return writeTransaction<IngestTables, OutboxMessage[]>(records, async (tx) => {
    await requireTenure(tx, tenure);
    const messages = await applyAlerts(
      tx,
      effects.filter((effect) => effect.kind === "alert"),
      tenure.partition,
    );
    await putDeadLetters(
      tx,
      effects.filter((effect) => effect.kind === "deadLetter"),
    );
    return messages.map(({ id, channel, text }) => ({ id, channel, text }));
  });
}

async function applyAlerts(
  tx: IngestTransaction,
  effects: readonly AlertEffect[],
  partition: number,
): Promise<NewOutboxMessage[]> {
  const current = await readAlerts(tx, [...new Set(effects.map(({ alert }) => alert.alertId))]);
  const moved = new Map<string, AlertRecord>();
  const messages: NewOutboxMessage[] = [];
  for (const effect of effects) {
    const { alertId, sppgId, revision } = effect.alert;
    const before = current.get(alertId) ?? null;
    assert.ok(
      before === null || before.sppg_id === sppgId,
      `alert ${alertId} belongs to ${before?.sppg_id} and came for ${sppgId}`,
    );
    if (before !== null && revision <= before.revision) continue;
    const after = moveByMachine(before, effect, partition);
    current.set(alertId, after.record);
    moved.set(alertId, after.record);
    messages.push({ ...toMessage(after.alert, effect), partition });
  }
  await writeAlerts(tx, [...moved.values()]);
  await appendToOutbox(tx, messages);
  return messages;
}

function toMessage(alert: AlertRow, effect: AlertEffect): Omit<NewOutboxMessage, "partition"> {
  const { alertId, revision } = effect.alert;
  const { offset, receivedTimeMs } = effect;
  const facts = { id: `${alertId}.${revision}`, timestampMs: receivedTimeMs, offset };
  return { ...formatAlertMessage(alert, facts), alertId, offset };
}

async function readAlerts(
  tx: IngestTransaction,
  alertIds: readonly string[],
): Promise<Map<string, AlertRecord>> {
  const records = new Map<string, AlertRecord>();
  for (const chunk of inChunks(alertIds)) {
    const rows = await tx.selectFrom("alert").selectAll().where("alert_id", "in", chunk).execute();
    for (const row of rows) records.set(row.alert_id, row);
  }
  return records;
}

async function writeAlerts(tx: IngestTransaction, records: readonly AlertRecord[]): Promise<void> {
  for (const chunk of inChunks(records)) {
    await tx
      .insertInto("alert")
      .values(chunk)
      .onConflict((conflict) =>
        conflict
          .column("alert_id")
          // Not the person's part: the machine writes that at the insert only.
          .doUpdateSet((build) => ({
            revision: build.ref("excluded.revision"),
            entry_offset: build.ref("excluded.entry_offset"),
            opened_at_ms: build.ref("excluded.opened_at_ms"),
            severity: build.ref("excluded.severity"),
            machine_json: build.ref("excluded.machine_json"),
            is_resolved: build.ref("excluded.is_resolved"),
            change_count: build.ref("excluded.change_count"),
            partition: build.ref("excluded.partition"),
          }))
          .whereRef("excluded.revision", ">", "alert.revision"),
      )
      .execute();
  }
}
