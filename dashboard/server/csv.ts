import type { KitchenTimeZone } from "../../devices/index.ts";
import {
  type BucketQuery,
  flagBits,
  type History,
  type RawPlace,
  type RawRow,
  type SeriesQuery,
} from "../../ingest/index.ts";

/**
 * CSV for spreadsheets as Indonesia sets them: semicolons, a byte order mark so that they read
 * UTF-8, and a decimal comma, since theirs take "12.5" for the 12th of May.
 */
export interface CsvStyle {
  timeZone: KitchenTimeZone;
  decimal: "comma" | "point";
  unit: string;
}

interface CsvRange extends SeriesQuery {
  fromMs: number;
  toMs: number;
}

const byteOrderMark = "\u{FEFF}";
/** What the history thread hands over at once: to take it in costs this thread about 1 ms. */
const pageRows = 1_000;
/** What is written in one turn of the event loop: about 0.5 ms, which no device notices. */
const sliceRows = 250;

/** Indonesia has had these offsets, and no summer time, since 1988. */
const offsetHours = {
  "Asia/Jakarta": 7,
  "Asia/Makassar": 8,
  "Asia/Jayapura": 9,
} as const satisfies Record<KitchenTimeZone, number>;

export interface RawSource {
  history: Pick<History, "raw">;
  /** Resolves when the next slice may be written. */
  turn: () => Promise<void>;
}

/** Raw rows, a slice at a time, in the order of event time. */
export async function* rawLines(
  { history, turn }: RawSource,
  query: CsvRange,
  style: CsvStyle,
): AsyncGenerator<string, void> {
  const columns = ["time", "device", "channel", "field", "unit", "value", "flags", "originalTime"];
  const what = [query.deviceId, query.channel, query.field, style.unit];
  let head = byteOrderMark + csvLine(columns, style);
  let after: RawPlace | undefined;
  for (;;) {
    const rows = await history.raw({ ...query, rowsMax: pageRows, after });
    // A file without rows has its head line.
    for (let from = 0; from < rows.length || head !== ""; from += sliceRows) {
      await turn();
      const lines = rows.slice(from, from + sliceRows).map((row) => rawLine(row, what, style));
      yield head + lines.join("");
      head = "";
    }
    after = rows.at(-1);
    if (after === undefined || rows.length < pageRows) return;
  }
}

function rawLine(row: RawRow, what: readonly string[], style: CsvStyle): string {
  const { t, value, flags, originalTimeMs } = row;
  const original = originalTimeMs === null ? null : localTime(originalTimeMs, style.timeZone);
  const cells = [localTime(t, style.timeZone), ...what, value, flagWords(flags), original];
  return csvLine(cells, style);
}

export async function* bucketLines(
  history: Pick<History, "buckets">,
  query: BucketQuery,
  style: CsvStyle,
): AsyncGenerator<string, void> {
  const values = ["min", "max", "mean", "last", "count", "flagged"] as const;
  const columns = ["time", "device", "channel", "field", "unit", ...values];
  const what = [query.deviceId, query.channel, query.field, style.unit];
  const { buckets } = await history.buckets(query);
  const lines = buckets.map((bucket) => {
    const numbers = values.map((name) => bucket[name]);
    return csvLine([localTime(bucket.t, style.timeZone), ...what, ...numbers], style);
  });
  yield byteOrderMark + csvLine(columns, style) + lines.join("");
}

/** Ids have letters, digits, `-` and `_` only, so the name needs no quoting. */
export function csvFileName({ sppgId, deviceId, channel, field }: SeriesQuery): string {
  return `${sppgId}_${deviceId}_${channel}_${field}.csv`;
}

export function csvLine(
  cells: readonly (string | number | null)[],
  style: Pick<CsvStyle, "decimal">,
): string {
  return `${cells.map((cell) => csvCell(cell, style)).join(";")}\r\n`;
}

/**
 * A number is written as one and is safe. A text that a spreadsheet would take for a formula gets
 * an apostrophe in front [ASVS 1.2.10]; quotes alone do not stop it.
 */
export function csvCell(
  cell: string | number | null,
  { decimal }: Pick<CsvStyle, "decimal">,
): string {
  if (cell === null) return "";
  if (typeof cell === "number") {
    return decimal === "comma" ? String(cell).replace(".", ",") : String(cell);
  }
  const text = /^\s*[=+\-@|%\t\r\n]/.test(cell) ? `'${cell}` : cell;
  return /[";,\r\n\t']/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function flagWords(flags: number): string {
  return Object.entries(flagBits)
    .filter(([, bit]) => (flags & bit) !== 0)
    .map(([name]) => name)
    .join(" ");
}

/** RFC 3339 with the kitchen's own offset: the same moment, read as the clock on its wall. */
export function localTime(timeMs: number, timeZone: KitchenTimeZone): string {
  const hours = offsetHours[timeZone];
  const local = new Date(timeMs + hours * 3_600_000).toISOString();
  return `${local.slice(0, -1)}+0${hours}:00`;
}
