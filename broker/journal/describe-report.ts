import { alignColumns } from "../../devices/index.ts";
import type { JournalReport } from "./inspect.ts";
import type { RedisJournalReport } from "./redis/inspect.ts";

/** Segment files, for people. */
export function describeFiles(report: JournalReport): string {
  const rows = report.segments.map((segment) => [
    segment.file,
    segment.entries === 0 ? "-" : `${segment.firstOffset}-${segment.lastOffset}`,
    String(segment.entries),
    String(segment.bytes),
    segment.fenced ? "fenced" : segment.sealed ? "sealed" : "active",
  ]);
  const cursors = report.cursors.map(({ name, nextOffset, lag }) => [
    name,
    String(nextOffset),
    String(lag),
  ]);
  const range =
    report.firstOffset === null ? "no entries" : `${report.firstOffset}-${report.lastOffset}`;
  return [
    `offsets ${range}, ${report.entries} entries, ${report.bytes} bytes`,
    `damaged records: ${report.damagedRecords}`,
    "",
    ...alignColumns([["segment", "offsets", "entries", "bytes", "state"], ...rows]),
    "",
    ...alignColumns([["cursor", "next", "lag"], ...cursors]),
    "",
  ].join("\n");
}

/** The journal on Redis, for people. */
export function describeRedis(report: RedisJournalReport): string {
  const { redis, partitions, entries, bytes, damagedBatches } = report;
  const names = [...new Set(partitions.flatMap(({ cursors }) => cursors.map(({ name }) => name)))];
  const rows = partitions.map((one) => [
    String(one.partition),
    one.firstOffset === null ? "-" : `${one.firstOffset}-${one.lastOffset}`,
    String(one.entries),
    String(one.bytes),
    ...names.map((name) => String(one.cursors.find((cursor) => cursor.name === name)?.lag ?? "-")),
  ]);
  const lags = names.map((name) => `${name}'s lag`);
  return [
    `${redis}: ${partitions.length} partitions, ${entries} entries, ${bytes} bytes`,
    `damaged batches: ${damagedBatches}`,
    "",
    ...alignColumns([["partition", "offsets", "entries", "bytes", ...lags], ...rows]),
    "",
  ].join("\n");
}
