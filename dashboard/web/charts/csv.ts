import type { KitchenTimeZone } from "../../../devices/browser.ts";
import type { Language } from "../i18n/language.ts";
import type { Aligned } from "./align.ts";
import type { Window } from "./live-chart.ts";

/** Indonesia has no summer time. */
const offsetHours = { "Asia/Jakarta": 7, "Asia/Makassar": 8, "Asia/Jayapura": 9 } as const;

export interface CsvStyle {
  zone: KitchenTimeZone;
  language: Language;
  /** Time, mean, lowest, highest. */
  headings: readonly [string, string, string, string];
}

/** Marks UTF-8 for spreadsheets, which else read `°` as two letters. */
const byteOrderMark = "\uFEFF";

/** The points that a chart shows. Semicolons, because Indonesian numbers have commas. */
export function chartCsv({ columns }: Aligned, window: Window, style: CsvStyle): string {
  const rows = chartRows(columns, window).map(({ atMs, mean, low, high }) =>
    [offsetTime(atMs, style.zone), ...[mean, low, high].map((value) => cell(value, style))].join(
      ";",
    ),
  );
  return `${byteOrderMark}${[style.headings.join(";"), ...rows].join("\r\n")}\r\n`;
}

export interface ChartRow {
  atMs: number;
  mean: number;
  low: number;
  high: number;
}

/** The same as a table: points with values, within the window, oldest first. */
export function chartRows(columns: Aligned["columns"], { minMs, maxMs }: Window): ChartRow[] {
  const [xs, means, highs, lows] = columns;
  return xs.flatMap((x, index) => {
    const atMs = x * 1_000;
    const [mean, low, high] = [means[index] ?? null, lows[index] ?? null, highs[index] ?? null];
    if (mean === null || low === null || high === null || atMs < minMs || atMs > maxMs) return [];
    return [{ atMs, mean, low, high }];
  });
}

/** `2026-11-24T08:47:00+07:00`: also on a sheet it is clear which clock it was. */
export function offsetTime(atMs: number, zone: KitchenTimeZone): string {
  const hours = offsetHours[zone];
  const local = new Date(Math.round(atMs) + hours * 3_600_000).toISOString().slice(0, 19);
  return `${local}+0${hours}:00`;
}

function cell(value: number, { language }: CsvStyle): string {
  const text = String(Math.round(value * 1_000) / 1_000);
  return language === "id" ? text.replace(".", ",") : text;
}
