/** The state as text and back: a row a cell, the clocks apart. The same state, the same bytes. */
import { ingestError } from "../errors.ts";
import type { Clocks } from "./clocks.ts";
import { shareFacts } from "./facts.ts";
import type { MonitorMeta, StateRow } from "./monitor.ts";
import { FlatDevice, FlatSeries, type Numbers } from "./numbers.ts";
import {
  type Cell,
  createCell,
  createDirtyCells,
  createEpisode,
  type Device,
  type DeviceFacts,
  type Episode,
  type HeldReading,
  type Letters,
  type NewestReading,
  type Series,
  type TimedWatermark,
  type Traffic,
  type Watched,
} from "./state.ts";

/** Raised with every change of what the rows hold. */
const formatVersion = 3;
/** What 1 and 2 lack begins empty. */
const readableVersions: readonly unknown[] = [1, 2, formatVersion];

/** An episode without what is as in a new one; `key` is its rule's. */
type EpisodeRow = Partial<Episode> & { key: string };

interface SeriesRow {
  channel: string;
  reading: Series["reading"];
  /** `null`: no reading without flags yet. */
  newest: ({ timeMs: number; seq: number } & NewestReading) | null;
  shift?: number | undefined;
  timed?: TimedWatermark | undefined;
  fault?: { run: number; timeMs: number; seq: number } | undefined;
  held?: readonly HeldReading[] | undefined;
  episodes?: EpisodeRow[] | undefined;
}

interface DeviceRow {
  deviceId: string;
  facts: DeviceFacts | null;
  heardAtMs: number | null;
  isOff?: true | undefined;
  letters?: Letters | undefined;
  traffic?: Traffic | undefined;
  overflow?: number | undefined;
  episodes?: EpisodeRow[] | undefined;
  series: SeriesRow[];
}

interface CellRow {
  format: number;
  recoveredAtMs: number | null;
  tellAtMs: number | null;
  devices: DeviceRow[];
}

export function encodeCell(cell: Cell, offset: number): StateRow {
  const body: CellRow = {
    format: formatVersion,
    recoveredAtMs: cell.recoveredAtMs,
    tellAtMs: cell.tellAtMs,
    devices: Array.from(cell.devices.values(), encodeDevice),
  };
  return { sppgId: cell.sppgId, key: cell.key, offset, body: JSON.stringify(body) };
}

function encodeDevice(device: Device): DeviceRow {
  return {
    deviceId: device.deviceId,
    facts: device.facts,
    heardAtMs: device.heardAtMs,
    isOff: device.isOff ? true : undefined,
    letters: device.letters ?? undefined,
    traffic: device.traffic ?? undefined,
    overflow: device.overflow === 0 ? undefined : device.overflow,
    episodes: encodeEpisodes(device),
    series: Array.from(device.series.values(), encodeSeries),
  };
}

function encodeSeries(series: Series): SeriesRow {
  const { channel, reading, timeMs, seq, newest } = series;
  // Every fault moves the time of the newest one: without one there has been none.
  const hasFault = series.faultTimeMs !== Number.NEGATIVE_INFINITY;
  return {
    channel,
    reading,
    newest: newest === null ? null : { timeMs, seq, ...newest },
    shift: series.shiftMs === 0 ? undefined : series.shiftMs,
    timed: series.timed ?? undefined,
    fault: hasFault
      ? { run: series.faultRun, timeMs: series.faultTimeMs, seq: series.faultSeq }
      : undefined,
    held: series.held.length === 0 ? undefined : series.held,
    episodes: encodeEpisodes(series),
  };
}

function encodeEpisodes({ rules, episodes }: Watched): EpisodeRow[] | undefined {
  if (episodes === null) return undefined;
  const rows = episodes.flatMap((episode, index) =>
    episode === null ? [] : [encodeEpisode(rules[index]?.key ?? "", episode)],
  );
  return rows.length === 0 ? undefined : rows;
}

const newEpisode: Readonly<Record<string, unknown>> = { ...createEpisode(0), version: null };

function encodeEpisode(key: string, episode: Episode): EpisodeRow {
  const told = Object.entries(episode).filter(
    ([name, value]) => value !== newEpisode[name] && !(Array.isArray(value) && value.length === 0),
  );
  return { key, ...Object.fromEntries(told) };
}

/** Episodes of a cell that wait for their rules: a row names them by key only. */
export interface LooseEpisodes {
  device: Device;
  watched: Watched;
  byKey: Map<string, Episode>;
}

export interface DecodedCell {
  cell: Cell;
  loose: LooseEpisodes[];
}

/** Throws `INGEST_STATE_UNREADABLE` for what this version has not written. */
export function decodeCell(row: StateRow, numbers: Numbers): DecodedCell {
  const { sppgId, key, offset } = row;
  const body = parseBody(row.body, { sppgId, key }) as CellRow;
  const cell = createCell(sppgId, key, { dirty: createDirtyCells(), numbers });
  const loose: LooseEpisodes[] = [];
  cell.rowOffset = offset;
  cell.recoveredAtMs = body.recoveredAtMs;
  cell.tellAtMs = body.tellAtMs;
  for (const deviceRow of body.devices) {
    const device = decodeDevice(cell, deviceRow);
    cell.devices.set(device.deviceId, device);
    addLoose(loose, { device, watched: device, rows: deviceRow.episodes });
    for (const seriesRow of deviceRow.series) {
      const series = decodeSeries(device, seriesRow);
      device.series.set(series.key, series);
      addLoose(loose, { device, watched: series, rows: seriesRow.episodes });
    }
  }
  return { cell, loose };
}

function decodeDevice(cell: Cell, row: DeviceRow): Device {
  const device = new FlatDevice(cell, row.deviceId);
  device.facts = row.facts === null ? null : shareFacts(row.facts);
  device.heardAtMs = row.heardAtMs;
  device.isOff = row.isOff ?? false;
  device.letters = row.letters ?? null;
  device.traffic = row.traffic ?? null;
  device.overflow = row.overflow ?? 0;
  return device;
}

function decodeSeries(device: Device, row: SeriesRow): Series {
  const { cell, deviceId } = device;
  const { channel, reading, newest, fault } = row;
  const key = `${cell.sppgId}/${deviceId}/${channel}/${reading}`;
  const series = new FlatSeries(device, { key, channel, reading });
  if (newest !== null) {
    series.timeMs = newest.timeMs;
    series.seq = newest.seq;
    series.keepNewest(newest);
  }
  series.shiftMs = row.shift ?? 0;
  series.timed = row.timed ?? null;
  if (fault !== undefined) {
    series.faultRun = fault.run;
    series.faultTimeMs = fault.timeMs;
    series.faultSeq = fault.seq;
  }
  if (row.held !== undefined) series.held = row.held;
  return series;
}

function addLoose(
  loose: LooseEpisodes[],
  { device, watched, rows }: { device: Device; watched: Watched; rows: EpisodeRow[] | undefined },
): void {
  const byKey = new Map<string, Episode>();
  for (const { key, ...told } of rows ?? []) {
    const episode = Object.assign(createEpisode(0), told);
    byKey.set(key, episode);
    if (episode.silence === "waiting") device.cell.waiting += 1;
  }
  // Without episodes too: its rules are still to be found.
  loose.push({ device, watched, byKey });
}

interface MetaParts {
  clocks: Clocks;
  changeSeq: number;
  /** A replay that has not been settled yet began behind this entry. */
  unsettledFrom: number | null;
}

interface MetaBody extends Omit<MetaParts, "unsettledFrom"> {
  format: number;
  /** 0 is left out: before the first checkpoint a replay is as good as the first fold. */
  unsettledFrom?: number | undefined;
}

export function encodeMeta(offset: number, parts: MetaParts): MonitorMeta {
  const { clocks, changeSeq, unsettledFrom } = parts;
  const unsettled = unsettledFrom === null || unsettledFrom === 0 ? undefined : unsettledFrom;
  const body: MetaBody = { format: formatVersion, clocks, changeSeq, unsettledFrom: unsettled };
  return { offset, body: JSON.stringify(body) };
}

export function decodeMeta(meta: MonitorMeta): MetaParts {
  const body = parseBody(meta.body, { offset: meta.offset }) as MetaBody;
  const { clocks, changeSeq, unsettledFrom = null } = body;
  return { clocks, changeSeq, unsettledFrom };
}

/**
 * A start reads every row of the country: the version stands for the whole shape, since nothing
 * but `encodeCell` and `encodeMeta` writes these bodies.
 */
function parseBody(text: string, facts: Record<string, string | number>): object {
  let body: unknown;
  let cause: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    cause = error;
  }
  if (typeof body === "object" && body !== null && "format" in body) {
    if (readableVersions.includes(body.format)) return body;
  }
  throw ingestError("INGEST_STATE_UNREADABLE", {
    message: "The monitor's state was not written by this version: restore a backup.",
    facts,
    ...(cause === undefined ? {} : { cause }),
  });
}
