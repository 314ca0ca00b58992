import type { TestContext } from "vitest";
import { migrate } from "../../../devices/records/migrations.ts";
import { type Records, tablesOf } from "../../../devices/records/records.ts";
import { createRegistry } from "../../../devices/registry/create-registry.ts";
import { migrations as registryMigrations } from "../../../devices/registry/migrations.ts";
import type { Registry } from "../../../devices/registry/registry.ts";
import type { RegistryTables } from "../../../devices/registry/tables.ts";
import type { Desk, IngestRecords } from "../../../ingest/desk/desk.ts";
import { createDesk } from "../../../ingest/desk/desk-service.ts";
import { createService as createIngestService } from "../../../ingest/desk/ingest-service.ts";
import { migrations as ingestMigrations } from "../../../ingest/desk/migrations.ts";
import type { IngestTables } from "../../../ingest/desk/tables.ts";
import type { AlertState, Effect } from "../../../ingest/monitor/monitor.ts";
import type { ThresholdRule } from "../../../ingest/rules/rule.ts";
import { openEngineRecords } from "../../support/records.ts";

export const sppgId = "sppg-jakarta-001";
export const otherSppgId = "sppg-jakarta-002";
export const startMs = 1_795_300_000_000;
export const head = { email: "head@example.org", address: "192.0.2.7" };

export type AlertEffect = Extract<Effect, { kind: "alert" }>;
export type DeadLetterEffect = Extract<Effect, { kind: "deadLetter" }>;

export const coldRule: ThresholdRule = {
  kind: "threshold",
  key: "cold-store-limit",
  severity: "critical",
  scope: { place: "coldStore" },
  quietSeconds: 600,
  reading: "temperature",
  field: "celsius",
  when: "above",
  limit: 5,
  clearLimit: 4.5,
  minDurationSeconds: 900,
  clearDurationSeconds: 120,
  limitSource: { source: "Health inspection form", sourceKind: "regulation" },
};

export interface TestDesk {
  records: Records;
  ingest: IngestRecords;
  desk: Desk;
  registry: Registry;
  clock: { ms: number };
}

/** Both services over a database in memory with two kitchens, on a clock that stands still. */
export async function openDesk(t: Pick<TestContext, "onTestFinished">): Promise<TestDesk> {
  const records = await openEngineRecords(t, { path: ":memory:" });
  await migrate(records, [...registryMigrations, ...ingestMigrations]);
  const clock = { ms: startMs };
  const wallClock = { nowMs: () => clock.ms };
  const registry = createRegistry(records, wallClock);
  for (const id of [sppgId, otherSppgId]) {
    await registry.addKitchen({ sppgId: id, name: id, timeZone: "Asia/Jakarta" }, "cli");
  }
  return {
    records,
    ingest: createIngestService(records),
    desk: createDesk({ records, clock: wallClock, defaultRules: [coldRule] }),
    registry,
    clock,
  };
}

export function alertState(changes: Partial<AlertState> = {}): AlertState {
  return {
    alertId: "a1",
    sppgId,
    domain: "production",
    revision: 1,
    rule: { key: "cold-store-limit", version: 0 },
    severity: "critical",
    condition: "active",
    deviceId: "probe-1",
    channel: "0",
    reading: "temperature",
    field: "celsius",
    subject: null,
    value: 8.1,
    worstValue: 8.1,
    limit: {
      key: "cold-store-limit",
      value: 5,
      unit: "°C",
      source: "Health inspection form",
      sourceKind: "regulation",
    },
    openedAtMs: startMs - 60_000,
    clearedAtMs: null,
    clearedBy: null,
    isLate: false,
    occurrences: 1,
    ...changes,
  };
}

export function alertEffect(changes: Partial<AlertState> = {}, offset = 100): AlertEffect {
  return { kind: "alert", offset, receivedTimeMs: startMs + offset, alert: alertState(changes) };
}

/** The device's letter of that number, in the slot that a ring of 200 gives it. */
export function deadLetter(total: number, changes: Partial<DeadLetterEffect["letter"]> = {}) {
  const letter = {
    sppgId,
    deviceId: "probe-1",
    topicName: `sppg/${sppgId}/telemetry/probe-1/temperature`,
    firstBytes: new Uint8Array([0x7b, 0, 0xff]),
    payloadBytes: 3,
    reason: "DEVICES_PAYLOAD_NOT_JSON",
    detail: "Unexpected token",
    receivedTimeMs: startMs + total,
    offset: 1_000 + total,
    index: 0,
    ...changes,
  };
  const { offset } = letter;
  const slot = (total - 1) % 200;
  return { kind: "deadLetter", offset, letter, slot, total } satisfies DeadLetterEffect;
}

/** Everything that effects and people write, in a stable order. */
export async function dump(records: Records): Promise<Record<string, unknown[]>> {
  const db = tablesOf<IngestTables>(records);
  return {
    alerts: await db.selectFrom("alert").selectAll().orderBy("alert_id").execute(),
    commands: await db.selectFrom("alert_command").selectAll().orderBy("change_seq").execute(),
    outbox: await db.selectFrom("outbox").selectAll().orderBy("number").execute(),
    deadLetters: await db
      .selectFrom("dead_letter")
      .selectAll()
      .orderBy("sppg_id")
      .orderBy("device_id")
      .orderBy("slot")
      .execute(),
  };
}

export async function readLogs(records: Records) {
  const db = tablesOf<RegistryTables>(records);
  return {
    changes: await db.selectFrom("change_log").selectAll().orderBy("seq").execute(),
    audit: await db.selectFrom("audit_log").selectAll().orderBy("id").execute(),
  };
}
