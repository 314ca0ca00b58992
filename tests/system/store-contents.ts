import { existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { readingsDirectory, type RawRow } from "../../ingest/index.ts";
import { dayMs, listFiles, suspectsPath } from "../../ingest/store/files.ts";
import { openSqliteHistory } from "../../ingest/store/sqlite-history.ts";
import type { AckedDevice } from "../../simulators/index.ts";

/** A row of `raw` with its series by name instead of by the file's own number. */
export interface StoredRow extends Omit<RawRow, "originalTimeMs"> {
  clientId: string;
  series: string;
}

const allRows = `
  SELECT sppgId, deviceId, channel, reading, field, second, ms, seq, idx, value, flags
  FROM raw JOIN series ON series.id = raw.series
  ORDER BY sppgId, deviceId, channel, reading, field, second, ms, seq, idx`;

/** Every raw row of a data folder that nobody has open, a day after the other. */
export function* storedRows(dataDir: string): Generator<StoredRow> {
  for (const { path, firstDay } of listFiles(readingsDirectory(dataDir)).days) {
    const database = new DatabaseSync(path, { readOnly: true });
    try {
      for (const row of database.prepare(allRows).iterate()) {
        const number = (name: string): number => Number(row[name]);
        const names = ["sppgId", "deviceId", "channel", "reading", "field"];
        const series = names.map((name) => String(row[name]));
        yield {
          clientId: series.slice(0, 2).join("."),
          series: series.join("/"),
          t: firstDay * dayMs + number("second") * 1000 + number("ms"),
          seq: number("seq"),
          index: number("idx"),
          value: number("value"),
          flags: number("flags"),
        };
      }
    } finally {
      database.close();
    }
  }
}

/**
 * The same rows; where nobody believed the device's clock, with the time and the sequence number
 * that it sent instead of the received time and the journal's offset.
 */
export function* rowsAsSent(dataDir: string): Generator<StoredRow> {
  const suspects = readSuspects(suspectsPath(readingsDirectory(dataDir)));
  for (const row of storedRows(dataDir)) {
    const [, , , reading] = row.series.split("/");
    const place = [row.clientId, reading, row.t, row.seq, row.index].join(" ");
    yield { ...row, ...suspects.get(place) };
  }
}

function readSuspects(path: string): Map<string, Pick<StoredRow, "t" | "seq">> {
  if (!existsSync(path)) return new Map();
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const rows = database.prepare("SELECT * FROM suspects").all();
    return new Map(
      rows.map((row) => {
        const clientId = `${String(row["sppgId"])}.${String(row["deviceId"])}`;
        const place = [clientId, row["reading"], row["timeMs"], row["seq"], row["idx"]].join(" ");
        return [place, { t: Number(row["originalMs"]), seq: Number(row["originalSeq"]) }];
      }),
    );
  } finally {
    database.close();
  }
}

export interface StoreReport {
  rows: number;
  /** Acknowledged and not stored. */
  missing: string[];
  /** The same message more than once. */
  duplicates: string[];
  /** Never sent, or stored with another value or time. */
  foreign: string[];
}

/** What of a message is stored must be what its sender has sent. */
export type IsRight = (row: StoredRow) => boolean;

export interface SenderLog {
  acked: readonly AckedDevice[];
  /** Messages that are no readings. */
  isBad: (clientId: string, seq: number) => boolean;
  isRight: IsRight;
}

/** Compares with what was acknowledged by (device, seq): each has one time. */
export function compareStore(dataDir: string, log: SenderLog): StoreReport {
  return compareRows(storedRows(dataDir), log);
}

export function compareRows(rows: Iterable<StoredRow>, log: SenderLog): StoreReport {
  const report: StoreReport = { rows: 0, missing: [], duplicates: [], foreign: [] };
  const stored = new Map<string, Set<number>>();
  const sentBelow = new Map(log.acked.map((device) => [device.clientId, device.sentBelow]));
  for (const row of rows) {
    report.rows += 1;
    const { clientId, seq } = row;
    const seqs = stored.get(clientId) ?? new Set();
    stored.set(clientId, seqs);
    if (seqs.has(seq)) report.duplicates.push(`${clientId} seq ${seq} at ${row.t}`);
    seqs.add(seq);
    const isSent = seq < (sentBelow.get(clientId) ?? 0);
    if (!isSent || !log.isRight(row)) report.foreign.push(JSON.stringify(row));
  }
  for (const { clientId, ranges } of log.acked) {
    const seqs = stored.get(clientId);
    for (const [from, to] of ranges) {
      for (let seq = from; seq <= to; seq += 1) {
        if (seqs?.has(seq) === true || log.isBad(clientId, seq)) continue;
        report.missing.push(`${clientId} seq ${seq}`);
      }
    }
  }
  return report;
}

interface Recounted {
  count: number;
  flagged: number;
  sum: number;
  min: number;
  max: number;
  last: StoredRow | null;
}

const widths = [60_000, 3_600_000] as const;

/** Buckets of a minute and of an hour that are not what the raw rows say: there must be none. */
export async function findWrongBuckets(dataDir: string): Promise<string[]> {
  const recounted = recount(dataDir);
  const history = openSqliteHistory({ directory: readingsDirectory(dataDir) });
  const wrong: string[] = [];
  try {
    for (const [key, buckets] of recounted) {
      const { series, day, widthMs } = parseKey(key);
      const [sppgId = "", deviceId = "", channel = "", reading = "", field = ""] =
        series.split("/");
      const range = { fromMs: day * dayMs, toMs: (day + 1) * dayMs, pointsMax: dayMs / widthMs };
      const query = { sppgId, deviceId, channel, reading, field, ...range };
      const answer = await history.buckets(query);
      if (answer.widthMs !== widthMs) throw new Error(`${answer.widthMs} ms for ${widthMs}`);
      const told = new Map(answer.buckets.map((bucket) => [bucket.t, bucket]));
      if (told.size !== buckets.size) wrong.push(`${key}: ${told.size} of ${buckets.size} buckets`);
      for (const [t, { count, flagged, sum, min, max, last }] of buckets) {
        const bucket = told.get(t);
        const isRight =
          bucket?.count === count &&
          bucket.flagged === flagged &&
          (count === 0 ||
            (bucket.min === min &&
              bucket.max === max &&
              bucket.last === last?.value &&
              Math.abs((bucket.mean ?? 0) - sum / count) < 1e-9));
        if (!isRight) wrong.push(`${key} ${t}: ${JSON.stringify(bucket)}, raw has ${count}`);
      }
    }
  } finally {
    await history.close();
  }
  return wrong;
}

/** By series, day and width, and by the start of the bucket. */
function recount(dataDir: string): Map<string, Map<number, Recounted>> {
  const all = new Map<string, Map<number, Recounted>>();
  for (const row of storedRows(dataDir)) {
    for (const widthMs of widths) {
      const key = `${row.series} ${Math.floor(row.t / dayMs)} ${widthMs}`;
      const buckets = all.get(key) ?? new Map<number, Recounted>();
      all.set(key, buckets);
      const t = row.t - (row.t % widthMs);
      const sums = buckets.get(t) ?? newSums();
      buckets.set(t, sums);
      count(sums, row);
    }
  }
  return all;
}

function parseKey(key: string): { series: string; day: number; widthMs: number } {
  const [series = "", day, widthMs] = key.split(" ");
  return { series, day: Number(day), widthMs: Number(widthMs) };
}

function newSums(): Recounted {
  return { count: 0, flagged: 0, sum: 0, min: Infinity, max: -Infinity, last: null };
}

/** Rows come in the order of (time, seq, index), so the last one is the newest. */
function count(sums: Recounted, row: StoredRow): void {
  if (row.flags !== 0) {
    sums.flagged += 1;
    return;
  }
  sums.count += 1;
  sums.sum += row.value;
  sums.min = Math.min(sums.min, row.value);
  sums.max = Math.max(sums.max, row.value);
  sums.last = row;
}
