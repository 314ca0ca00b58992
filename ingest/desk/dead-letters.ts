import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { isDeviceId, type Records, tablesOf } from "../../devices/index.ts";
import { childUnknownReason, unknownChildOf } from "../decode/unknown-child.ts";
import type { Effect } from "../monitor/monitor.ts";
import type { DeadLetter, DeadLetterCount, Desk, UnknownChild } from "./desk.ts";
import {
  type DeadLetterRow,
  inChunks,
  type IngestTables,
  type IngestTransaction,
  storableText,
} from "./tables.ts";

type DeadLetterEffect = Extract<Effect, { kind: "deadLetter" }>;

/** Slots of each device's ring: enough to see a pattern, and a device that floods fills no disk. */
export const deadLettersKeptMax = 200;

const listedMax = 1_000;
const unknownChildrenMax = 100;

/** The newest letter of a slot wins, by its place in the journal. */
export async function putDeadLetters(
  tx: IngestTransaction,
  effects: readonly DeadLetterEffect[],
): Promise<void> {
  for (const chunk of inChunks(newestBySlot(effects))) {
    await tx
      .insertInto("dead_letter")
      .values(chunk)
      .onConflict((conflict) =>
        conflict
          .columns(["sppg_id", "device_id", "slot"])
          .doUpdateSet((build) => ({
            number: build.ref("excluded.number"),
            entry_offset: build.ref("excluded.entry_offset"),
            entry_index: build.ref("excluded.entry_index"),
            topic_name: build.ref("excluded.topic_name"),
            first_bytes_hex: build.ref("excluded.first_bytes_hex"),
            payload_bytes: build.ref("excluded.payload_bytes"),
            reason: build.ref("excluded.reason"),
            detail: build.ref("excluded.detail"),
            received_at_ms: build.ref("excluded.received_at_ms"),
          }))
          .where((build) =>
            build(
              build.refTuple("excluded.entry_offset", "excluded.entry_index"),
              ">",
              build.refTuple("dead_letter.entry_offset", "dead_letter.entry_index"),
            ),
          ),
      )
      .execute();
  }
}

/** One statement may meet each row only once on PostgreSQL. */
function newestBySlot(effects: readonly DeadLetterEffect[]): DeadLetterRow[] {
  const rows = new Map<string, DeadLetterRow>();
  for (const effect of effects) {
    const row = toRow(effect);
    const key = JSON.stringify([row.sppg_id, row.device_id, row.slot]);
    const present = rows.get(key);
    if (present === undefined || isNewer(row, present)) rows.set(key, row);
  }
  return [...rows.values()];
}

function isNewer(row: DeadLetterRow, than: DeadLetterRow): boolean {
  if (row.entry_offset !== than.entry_offset) return row.entry_offset > than.entry_offset;
  return row.entry_index > than.entry_index;
}

function toRow({ letter, slot, total }: DeadLetterEffect): DeadLetterRow {
  assert.ok(
    Number.isInteger(slot) && slot >= 0 && slot < deadLettersKeptMax,
    `dead letter of ${letter.sppgId}.${letter.deviceId}: slot ${slot} is outside its ring`,
  );
  return {
    sppg_id: letter.sppgId,
    device_id: letter.deviceId,
    slot,
    number: total,
    entry_offset: letter.offset,
    entry_index: letter.index,
    topic_name: storableText(letter.topicName),
    first_bytes_hex: Buffer.from(letter.firstBytes).toString("hex"),
    payload_bytes: letter.payloadBytes,
    reason: letter.reason,
    detail: storableText(letter.detail),
    received_at_ms: letter.receivedTimeMs,
  };
}

type DeadLetterMethods = Pick<Desk, "listDeadLetters" | "countDeadLetters" | "listUnknownChildren">;

export function createDeadLetterMethods(records: Records): DeadLetterMethods {
  return {
    countDeadLetters: (sppgId) => countDeadLetters(records, sppgId),
    listUnknownChildren: (sppgId) => listUnknownChildren(records, sppgId),
    async listDeadLetters({ sppgId, deviceId, limit }) {
      const ofKitchen = tablesOf<IngestTables>(records)
        .selectFrom("dead_letter")
        .selectAll()
        .where("sppg_id", "=", sppgId);
      const rows = await (deviceId === undefined
        ? ofKitchen
        : ofKitchen.where("device_id", "=", deviceId)
      )
        .orderBy("entry_offset", "desc")
        .orderBy("entry_index", "desc")
        .limit(Math.min(limit, listedMax))
        .execute();
      return rows.map(toDeadLetter);
    },
  };
}

async function countDeadLetters(records: Records, sppgId: string): Promise<DeadLetterCount[]> {
  const rows = await tablesOf<IngestTables>(records)
    .selectFrom("dead_letter")
    .select((build) => [
      "device_id",
      build.fn.max("number").as("total"),
      build.fn.countAll<number>().as("kept"),
      build.fn.max("received_at_ms").as("newest_at_ms"),
    ])
    .where("sppg_id", "=", sppgId)
    .groupBy("device_id")
    .execute();
  return rows.map((row) => ({
    deviceId: row.device_id,
    total: row.total,
    kept: row.kept,
    newestAtMs: row.newest_at_ms,
  }));
}

async function listUnknownChildren(records: Records, sppgId: string): Promise<UnknownChild[]> {
  const rows = await tablesOf<IngestTables>(records)
    .selectFrom("dead_letter")
    .select((build) => ["device_id", "detail", build.fn.max("received_at_ms").as("newest_at_ms")])
    .where("sppg_id", "=", sppgId)
    .where("reason", "=", childUnknownReason)
    .groupBy(["device_id", "detail"])
    .orderBy("newest_at_ms", "desc")
    .execute();
  const children = new Map<string, UnknownChild>();
  for (const { device_id: gatewayId, detail, newest_at_ms: newestAtMs } of rows) {
    const childId = unknownChildOf(detail);
    const key = JSON.stringify([gatewayId, childId]);
    // What can be no id can't be registered either. The first is the newest of its kind.
    if (childId === null || !isDeviceId(childId) || children.has(key)) continue;
    children.set(key, { gatewayId, childId, newestAtMs });
    if (children.size >= unknownChildrenMax) break;
  }
  return [...children.values()];
}

function toDeadLetter(row: DeadLetterRow): DeadLetter {
  return {
    deviceId: row.device_id,
    topicName: row.topic_name,
    firstBytes: new Uint8Array(Buffer.from(row.first_bytes_hex, "hex")),
    payloadBytes: row.payload_bytes,
    reason: row.reason,
    detail: row.detail,
    receivedTimeMs: row.received_at_ms,
    number: row.number,
  };
}
