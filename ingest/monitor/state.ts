/** The monitor's state in memory. All of it but what is said to be derived goes into the rows. */
import type { DeviceKind, DevicePlace } from "../../devices/index.ts";
import type { JournaledReading } from "../decode/decoded.ts";
import type { CompiledRule } from "../rules/compile.ts";
import type { AlertState, Effect } from "./monitor.ts";
import type { Numbers } from "./numbers.ts";

export const monitorLimits = {
  /** Sensors of one device: a device that makes up channels costs no more than this. */
  seriesPerDevice: 64,
  /** 85.0 readings in a row that wait for a neighbour. */
  heldReadings: 16,
  /** Samples of a rate-of-change window: its width is judged to a sixteenth. */
  rateSamples: 16,
  /** Past alerts, and judged stretches, whose time is remembered for late readings and resends. */
  spans: 32,
  /** Stretches of late readings that are told apart. */
  lateRuns: 16,
} as const;

/** A late reading may be a week old (see `eventTimeWindow`); older alerts can't be met again. */
export const coverMs = 8 * 24 * 60 * 60 * 1000;

/** What of a reading judges need; a held one is kept as this. */
export type Sample = Pick<
  JournaledReading,
  | "eventTimeMs"
  | "originalTimeMs"
  | "seq"
  | "receivedTimeMs"
  | "offset"
  | "index"
  | "fields"
  | "batteryPct"
>;

/** A reading flagged as 85.0 that may be a soup: its next neighbour decides. */
export interface HeldReading {
  timeMs: number;
  seq: number;
  sample: Sample;
}

/** A stretch of late readings that were all broken, or all clear. Rule times. */
export interface LateRun {
  fromMs: number;
  toMs: number;
  isBroken: boolean;
  /** Of a broken run. */
  worst: number | null;
  alert: AlertState | null;
  /** A person has answered its alert: nothing joins it. */
  isEnded: boolean;
  isUntold: boolean;
}

/** What a rule remembers about a series or device once its condition has been met. */
export interface Episode {
  /** Of the rule that judged last. */
  version: number;
  /** Since when broken without an open alert; `null` if it is not. */
  brokenSinceMs: number | null;
  /** The last broken reading of that stretch. */
  brokenUntilMs: number | null;
  pendingWorst: number | null;
  /** Since when clear while the alert is open. */
  clearSinceMs: number | null;
  /** The open alert, or the last one. */
  alert: AlertState | null;
  /** What the alert covers, in rule time. `toMs` is `null` while it is open. */
  fromMs: number;
  toMs: number | null;
  /** A person has ended it: what comes now is another alert. */
  isEnded: boolean;
  /** After a person's resolve nothing opens before this, or before it has cleared once. */
  heldUntilMs: number | null;
  /** The worst value has changed since the last message. */
  isUntold: boolean;
  /** What earlier alerts covered, as from, to, from, to. */
  past: number[];
  /** Broken stretches that ended before their duration, likewise. */
  judged: number[];
  /** Of a rate of change: time, value, time, value; oldest first. */
  samples: number[];
  /** In the order of time. */
  lateRuns: LateRun[];
  silence: Silence;
}

/**
 * Of a no-data rule. `waiting`: it is too long ago, but the gateway's verdict is still out;
 * `covered`: the gateway is silent, and its alert stands for this one.
 */
export type Silence = "none" | "waiting" | "covered" | "silent";

/** What rules are about: a series, or a device. */
export interface Watched {
  /** Derived. Shared by all that are judged alike. */
  rules: readonly CompiledRule[];
  /** One a rule, where there is something to remember. */
  episodes: (Episode | null)[] | null;
}

/** Of the newest reading with a time of its own, and of the newest faulty one. */
export interface TimedWatermark {
  readonly timeMs: number;
  readonly seq: number;
  readonly faultTimeMs: number;
  readonly faultSeq: number;
}

export type NewestReading = Pick<
  JournaledReading,
  "fields" | "eventTimeMs" | "receivedTimeMs" | "batteryPct"
>;

/** Its numbers lie in a table: see `numbers.ts`. */
export interface Series extends Watched {
  /** Derived. */
  device: Device;
  /** Derived: `JournaledReading.seriesKey`. */
  key: string;
  channel: string;
  reading: JournaledReading["reading"];
  /** The watermark in rule time, and its seq; -1 for a reading without time of its own. */
  timeMs: number;
  seq: number;
  /** Rule time of the newest reading less the even clock: where one without time would stand. */
  shiftMs: number;
  /** The watermark of readings with a time, while the newest one has none; else `null`. */
  timed: TimedWatermark | null;
  /** A copy of what the newest reading without flags said; `null` before the first. */
  readonly newest: NewestReading | null;
  keepNewest(newest: NewestReading): void;
  /** Faulty readings in a row, and the newest of them. */
  faultRun: number;
  faultTimeMs: number;
  faultSeq: number;
  held: readonly HeldReading[];
  /** Nobody asks for it any more: its numbers' place is another's. */
  release(): void;
  /** See `NumberTable.peek`. */
  peek(): number;
}

/** What the directory said of a device when the journal last told of a change. */
export interface DeviceFacts {
  readonly deviceId: string;
  readonly kind: DeviceKind;
  readonly place: DevicePlace | null;
  readonly gatewayId: string | null;
  readonly isEnabled: boolean;
  readonly intervalMs: number;
}

export interface Letters {
  total: number;
  /** The second of monotonic time that is being counted. */
  second: number;
  inSecond: number;
}

/** What was heard of a device, whatever it was; in the journal's received time. */
export interface Traffic {
  /** Of the last entry that was counted. */
  offset: number;
  receivedTimeMs: number;
  /** When counting began. */
  sinceMs: number;
  /** The slot that is being filled, and a ring of messages by slot. */
  slot: number;
  counts: number[];
}

/** Its numbers lie in a table: see `numbers.ts`. */
export interface Device extends Watched {
  /** Derived. */
  cell: Cell;
  deviceId: string;
  /** `null`: the directory does not know it; nothing of it is judged. */
  facts: DeviceFacts | null;
  /** In listening time; `null` if it was never heard, or not since it was switched off. */
  heardAtMs: number | null;
  /** Some no-data rule has found it silent, waiting or covered. */
  isOff: boolean;
  letters: Letters | null;
  /** A copy. */
  traffic: Traffic | null;
  /** Whether that was all: not where counting begins, or a slot does. */
  countMessage(offset: number, receivedTimeMs: number): boolean;
  /** Readings of series beyond the limit. */
  overflow: number;
  series: Map<string, Series>;
  /** As of a series, and of all that it has. */
  release(): void;
  peek(): number;
}

/** The cells of a kitchen that differ from their rows. */
export interface DirtyCells {
  cells: Cell[];
  /** The kitchen waits for the next checkpoint. */
  isListed: boolean;
}

/** A gateway with its children, or a device: one row. */
export interface Cell {
  /** Derived. Its kitchen's. */
  dirty: DirtyCells;
  /** Derived. Of all cells. */
  numbers: Numbers;
  sppgId: string;
  key: string;
  devices: Map<string, Device>;
  /** When the gateway came back, in listening time: its children's silence counts from there. */
  recoveredAtMs: number | null;
  /** When the worst values that changed are told, in listening time. */
  tellAtMs: number | null;
  /** Derived: some child waits for its gateway's verdict. */
  waiting: number;
  /** Derived: of the row that this cell was made from; entries up to it are in it. */
  rowOffset: number;
  /** Derived: changed since its row was made. */
  isDirty: boolean;
  /** Derived. */
  wakeAtMs: number;
}

/** The entry that is being folded, and where its consequences go. */
export interface Fold {
  offset: number;
  receivedTimeMs: number;
  monotonicMs: number;
  listeningMs: number;
  effects: Effect[];
  schedule(cell: Cell, atMs: number): void;
  /** The cell differs from its row. */
  touch(cell: Cell): void;
  /** Finds the rules of a new series. */
  assignRules(device: Device, series: Series): void;
  /** The series of a reading without a look at any map; `null`: it has to be looked up. */
  recall(reading: JournaledReading): Series | null;
  remember(reading: JournaledReading, series: Series): void;
}

/** One reading on its way through the judges of its series, or one look at a silent device. */
export interface Moment {
  device: Device;
  /** `null` for a device's silence. */
  series: Series | null;
  /** Rule time; listening time for a silence. */
  timeMs: number;
  sample: Sample;
}

export function createDirtyCells(): DirtyCells {
  return { cells: [], isListed: false };
}

export function createCell(
  sppgId: string,
  key: string,
  shared: Pick<Cell, "dirty" | "numbers">,
): Cell {
  return {
    ...shared,
    sppgId,
    key,
    devices: new Map(),
    recoveredAtMs: null,
    tellAtMs: null,
    waiting: 0,
    rowOffset: -1,
    isDirty: false,
    wakeAtMs: Number.POSITIVE_INFINITY,
  };
}

export function createEpisode(version: number): Episode {
  return {
    version,
    brokenSinceMs: null,
    brokenUntilMs: null,
    pendingWorst: null,
    clearSinceMs: null,
    alert: null,
    fromMs: 0,
    toMs: null,
    isEnded: false,
    heldUntilMs: null,
    isUntold: false,
    past: [],
    judged: [],
    samples: [],
    lateRuns: [],
    silence: "none",
  };
}

/** Of the rule at this place, made if it had none. */
export function episodeAt(watched: Watched, index: number): Episode {
  const rule = watched.rules[index];
  const known = watched.episodes?.[index];
  if (known !== undefined && known !== null) return known;
  const made = createEpisode(rule?.version ?? 0);
  watched.episodes ??= watched.rules.map(() => null);
  watched.episodes[index] = made;
  return made;
}

export function isOpen(episode: Episode): boolean {
  return episode.alert !== null && episode.alert.condition === "active";
}
