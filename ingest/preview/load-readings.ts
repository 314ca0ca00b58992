/** Stored rows made into what the journal once gave. */
import type { DirectoryDevice } from "../decode/directory.ts";
import { flagBits, type JournaledReading } from "../decode/decoded.ts";
import type { History, RawRow, SeriesQuery } from "../store/store.ts";

export interface LoadLimits {
  rowsMax: number;
  /** Time for reading; it is looked at between two series. */
  readMsMax: number;
}

/** A payload with one reading, and who published it. */
export interface LoadedEntry {
  publisherId: string;
  receivedTimeMs: number;
  reading: JournaledReading;
}

export interface Loaded {
  /** In the order of arrival. */
  entries: LoadedEntry[];
  /** Everything from here on is among them. */
  fromMs: number;
  isPartial: boolean;
}

export interface LoadQuery {
  series: readonly SeriesQuery[];
  devices: readonly DirectoryDevice[];
  fromMs: number;
  toMs: number;
}

/** The newest hour first, so that what is left out for a limit is the oldest. */
const sliceMs = 3_600_000;
const pageRows = 20_000;

export async function loadReadings(
  history: Pick<History, "raw">,
  query: LoadQuery,
  limits: LoadLimits,
): Promise<Loaded> {
  const { fromMs, toMs, devices } = query;
  const endMs = performance.now() + limits.readMsMax;
  const gatewayOf = new Map(devices.map(({ deviceId, gatewayId }) => [deviceId, gatewayId]));
  const slices: LoadedEntry[][] = [];
  let rowsLeft = limits.rowsMax;
  let sliceToMs = toMs;
  while (sliceToMs > fromMs) {
    const sliceFromMs = Math.max(fromMs, Math.ceil(sliceToMs / sliceMs - 1) * sliceMs);
    const range = { fromMs: sliceFromMs, toMs: sliceToMs };
    const slice: LoadedEntry[] = [];
    for (const series of query.series) {
      const rows = await readAll(history, { ...series, ...range }, rowsLeft);
      if (rows === null || performance.now() > endMs) {
        return { entries: inOrder(slices), fromMs: sliceToMs, isPartial: true };
      }
      rowsLeft -= rows.length;
      const publisherId = gatewayOf.get(series.deviceId) ?? series.deviceId;
      for (const row of rows) slice.push(toEntry(series, row, publisherId));
    }
    slices.push(slice);
    sliceToMs = sliceFromMs;
  }
  return { entries: inOrder(slices), fromMs, isPartial: false };
}

/** `null`: there are more than `rowsMax`. */
async function readAll(
  history: Pick<History, "raw">,
  query: SeriesQuery & { fromMs: number; toMs: number },
  rowsMax: number,
): Promise<RawRow[] | null> {
  const rows: RawRow[] = [];
  for (;;) {
    const page = await history.raw({ ...query, rowsMax: pageRows, after: rows.at(-1) });
    rows.push(...page);
    if (rows.length > rowsMax) return null;
    if (page.length < pageRows) return rows;
  }
}

/**
 * A row with an index was placed by its arrival, and `seq` is its offset; one without stands at its
 * own time, which is the best that is known of its arrival.
 */
function toEntry(series: SeriesQuery, row: RawRow, publisherId: string): LoadedEntry {
  const { sppgId, deviceId, channel, reading, field } = series;
  const isByArrival = row.index > 0;
  const isSuspect = (row.flags & flagBits.clockSuspect) !== 0;
  const ownTimeMs = isSuspect ? (row.originalTimeMs ?? 0) : row.t;
  return {
    publisherId,
    receivedTimeMs: row.t,
    reading: {
      sppgId,
      deviceId,
      channel,
      // planSeries took it from the list of reading types, or from a series that was stored.
      reading: reading as JournaledReading["reading"],
      seriesKey: `${sppgId}/${deviceId}/${channel}/${reading}`,
      eventTimeMs: row.t,
      originalTimeMs: isByArrival && !isSuspect ? null : ownTimeMs,
      seq: isByArrival ? null : row.seq,
      receivedTimeMs: row.t,
      offset: row.seq,
      index: Math.max(0, row.index - 1),
      fields: { [field]: row.value },
      flags: row.flags,
      batteryPct: null,
    },
  };
}

/** Within a series rows have their order already, and keep it. */
function inOrder(slices: LoadedEntry[][]): LoadedEntry[] {
  return slices
    .toReversed()
    .flat()
    .toSorted((a, b) => a.receivedTimeMs - b.receivedTimeMs);
}
