import type { KitchenTimeZone } from "../../devices/index.ts";
import {
  type BucketQuery,
  flagBits,
  type History,
  type RawPlace,
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
/** A page of rows is about 300 KB of text. */
const pageRows = 5_000;

/** Indonesia has had these offsets, and no summer time, since 1988. */
const offsetHours = {
  "Asia/Jakarta": 7,
  "Asia/Makassar": 8,
  "Asia/Jayapura": 9,
} as const satisfies Record<KitchenTimeZone, number>;

/** Raw rows, a page at a time, in the order of event time. */
export async function* rawLines(
  history: Pick<History, "raw">,
  query: CsvRange,
  style: CsvStyle,
): AsyncGenerator<string, void> {
  const columns = ["time", "device", "channel", "field", "unit", "value", "flags", "originalTime"];
  const what = [query.deviceId, query.channel, query.field, style.unit];
  let head = byteOrderMark + csvLine(columns, style);
  let after: RawPlace | undefined;
  for (;;) {
    const rows = await history.raw({ ...query, rowsMax: pageRows, after });
    const lines = rows.map(({ t, value, flags, originalTimeMs }) => {
      const original = originalTimeMs === null ? null : localTime(originalTimeMs, style.timeZone);
      const cells = [localTime(t, style.timeZone), ...what, value, flagWords(flags), original];
      return csvLine(cells, style);
    });
    yield head + lines.join("");
    head = "";
    after = rows.at(-1);
    if (after === undefined || rows.length < pageRows) return;
  }
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
