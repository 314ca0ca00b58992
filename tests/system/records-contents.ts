import { DatabaseSync } from "node:sqlite";
import { recordsPath } from "../../devices/records/records.ts";
import { deadLettersKeptMax } from "../../ingest/index.ts";
import type { ColdStore } from "./cold-store.ts";
import { expectedAlerts, isBad } from "./cold-store-signal.ts";
import { ruledStoreId, sppgId } from "./kill-kitchen.ts";

export type Row = Readonly<Record<string, unknown>>;

/** How far a store has come, by its own word or by a journal's. */
export type SentSignal = Pick<ColdStore, "device" | "signal" | "ackedBelow" | "resent">;

/** Reads one table, or part of it, of a records database that nobody writes. */
export function readRows(path: string, query: string): Row[] {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    return database.prepare(query).all();
  } finally {
    database.close();
  }
}

interface MachinePart {
  deviceId: string;
  rule: { key: string };
  condition: string;
  openedAtMs: number;
  clearedAtMs: number | null;
  worstValue: number | null;
  occurrences: number;
  isLate: boolean;
}

export interface AlertReport {
  /** Rows of all stores. */
  rows: number;
  expected: number;
  /** Differences between what the signals say and what the rows say, in words. */
  wrong: string[];
  /** Messages whose publishing is not known. */
  unpublished: number;
}

/** What of the records is compared with what was sent, as the statements that read it. */
export const alertsQuery = `SELECT machine_json, severity FROM alert WHERE sppg_id = '${sppgId}'`;
export const waitingQuery = "SELECT id FROM outbox WHERE is_published = 0";
export const lettersQuery = `
  SELECT device_id, max(number) AS number, count(*) AS kept FROM dead_letter
  WHERE sppg_id = '${sppgId}' GROUP BY device_id`;

export function compareAlerts(dataDir: string, stores: readonly SentSignal[]): AlertReport {
  const path = recordsPath(dataDir);
  const tables = { alerts: readRows(path, alertsQuery), waiting: readRows(path, waitingQuery) };
  return compareAlertRows(tables, stores);
}

/** One row an alert, and the right one, for each store whose rules nobody changed. */
export function compareAlertRows(
  { alerts: rows, waiting }: { alerts: readonly Row[]; waiting: readonly Row[] },
  stores: readonly SentSignal[],
): AlertReport {
  const report: AlertReport = {
    rows: rows.length,
    expected: 0,
    wrong: [],
    unpublished: waiting.length,
  };
  const told = rows.map((row) => ({
    severity: String(row["severity"]),
    // Written by the desk alone.
    machine: JSON.parse(String(row["machine_json"])) as MachinePart,
  }));
  const unexpected = new Set(told.filter(({ machine }) => machine.deviceId !== ruledStoreId));
  for (const { device, signal, ackedBelow } of stores) {
    const deviceId = device.clientId.split(".")[1] ?? "";
    if (deviceId === ruledStoreId) continue;
    for (const wanted of expectedAlerts(signal, ackedBelow)) {
      report.expected += 1;
      const { key, severity, ...facts } = wanted;
      const condition = facts.clearedAtMs === null ? "active" : "cleared";
      const fields = { ...facts, condition, occurrences: 1, isLate: false };
      const found = [...unexpected].filter(
        (row) =>
          row.severity === severity &&
          row.machine.deviceId === deviceId &&
          row.machine.rule.key === key &&
          Object.entries(fields).every(
            ([name, value]) => row.machine[name as keyof MachinePart] === value,
          ),
      );
      for (const row of found) unexpected.delete(row);
      if (found.length === 1) continue;
      report.wrong.push(`${found.length} rows: ${deviceId} ${JSON.stringify(wanted)}`);
    }
  }
  for (const row of unexpected) report.wrong.push(`unexpected: ${JSON.stringify(row)}`);
  return report;
}

export interface LetterReport {
  letters: number;
  wrong: string[];
}

export function compareDeadLetters(dataDir: string, stores: readonly SentSignal[]): LetterReport {
  return compareLetterRows(readRows(recordsPath(dataDir), lettersQuery), stores);
}

/**
 * Each bad message is a dead letter: at least those that were acknowledged, and no more than were
 * ever handed to a socket.
 */
export function compareLetterRows(
  rows: readonly Row[],
  stores: readonly SentSignal[],
): LetterReport {
  const byDevice = new Map(rows.map((row) => [String(row["device_id"]), row]));
  const report: LetterReport = { letters: 0, wrong: [] };
  for (const { device, ackedBelow, resent } of stores) {
    const deviceId = device.clientId.split(".")[1] ?? "";
    const row = byDevice.get(deviceId);
    byDevice.delete(deviceId);
    const number = Number(row?.["number"] ?? 0);
    const kept = Number(row?.["kept"] ?? 0);
    report.letters += number;
    let bad = 0;
    for (let seq = 0; seq < ackedBelow; seq += 1) if (isBad(seq)) bad += 1;
    const isRight =
      number >= bad && number <= bad + resent && kept === Math.min(number, deadLettersKeptMax);
    if (!isRight) report.wrong.push(`${deviceId}: ${number} letters, ${kept} kept, ${bad} sent`);
  }
  for (const deviceId of byDevice.keys()) report.wrong.push(`${deviceId}: letters of good ones`);
  return report;
}
