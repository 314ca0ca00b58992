/**
 * The monitor's port: a fold over the decoded journal, `(state, entry, facts) → (state', effects)`.
 * It reads no clock, no database and no random number; the worker around it does what it says.
 */
import type { AlertData, LiveReading } from "../../devices/index.ts";
import type { DecodedEntry, DecodeFailure } from "../decode/decoded.ts";
import type { RuleVersion } from "../rules/rule.ts";

/** What a person did to an alert, as the change log ordered it. */
export interface AlertCommand {
  changeSeq: number;
  sppgId: string;
  alertId: string;
  action: "acknowledge" | "resolve";
  atMs: number;
  /** The person's email. */
  by: string;
  note: string | null;
  correctiveAction: string | null;
}

/** What the records say about the changes up to a change entry. */
export interface ChangeFacts {
  /** The newest version of each rule that has changed since the facts before. */
  rules: readonly RuleVersion[];
  commands: readonly AlertCommand[];
  /**
   * Kitchens whose rules, devices or alerts have changed, as `factsBetween` answers them. Left out:
   * if the directory's version has moved, every kitchen is looked through.
   */
  sppgIds?: readonly string[];
}

/**
 * What the machine knows of an alert: everything but what people did. The whole of it each time;
 * `revision` only grows, and a row only moves forward.
 */
export interface AlertState
  extends Omit<AlertData, "response" | "acknowledgedAtMs" | "acknowledgedBy" | "correctiveAction"> {
  sppgId: string;
  domain: "production" | "distribution" | "inventory";
  /** 1 at opening. `{alertId}.{revision}` is the id of its message. */
  revision: number;
  /** Cleared by a person's resolve, or by a rule that is gone, and not by a value. */
  clearedBy: "value" | "person" | "rule" | null;
}

/** Applied in order, each at most once by its id, however often it comes. */
export type Effect =
  | { kind: "alert"; offset: number; receivedTimeMs: number; alert: AlertState }
  | { kind: "deadLetter"; offset: number; letter: DecodeFailure; slot: number; total: number };

/** A part of the state: a gateway with its children, or a device. Rows stand on their own. */
export interface StateRow {
  sppgId: string;
  /** Within the kitchen. */
  key: string;
  /** Holds everything up to this entry: a replay skips the row until then. */
  offset: number;
  /** JSON. */
  body: string;
}

/** The state that no row holds, as of an offset: a replay starts behind it. */
export interface MonitorMeta {
  offset: number;
  /** JSON: the clocks and the last change that was followed. */
  body: string;
}

/** The newest values of one sensor, as the snapshot answers them. */
export interface LatestReading extends LiveReading {
  receivedTimeMs: number;
}

/** Entries with `afterOffset` < offset ≤ `uptoOffset`. */
export interface EntryRange {
  afterOffset: number;
  uptoOffset: number;
}

/** What was heard of a device, whatever it sent. */
export interface DeviceTraffic {
  deviceId: string;
  /** When its last message came; of a gateway's child, the gateway's last with something of it. */
  receivedTimeMs: number;
  /** Of its newest good reading; `null` before the first. */
  eventTimeMs: number | null;
  /** As its newest good reading that told it. */
  batteryPct: number | null;
  /** Over the last hour, or since it was first heard. */
  messagesPerMinute: number;
}

export interface KitchenSnapshot {
  sppgId: string;
  /** The offset that it is as of. */
  offset: number;
  latest: readonly LatestReading[];
  /** Every device that was heard, also of no place. */
  devices: readonly DeviceTraffic[];
}

export interface Monitor {
  /** The last entry that was applied; 0 before the first. */
  readonly offset: number;
  /** The last change that was followed: facts are asked for from there on. */
  readonly changeSeq: number;
  /** Tells the next `fetchedEntries`, which then take less time. Nothing depends on it. */
  expect(entries: readonly DecodedEntry[]): void;
  /** Folds one entry; `facts` come with a change entry and with no other. */
  apply(entry: DecodedEntry, facts: ChangeFacts | null): void;
  /**
   * The entries that were folded again, once one behind them has been and until `settle` is called;
   * `null` otherwise.
   */
  readonly unsettled: EntryRange | null;
  /** Takes the alerts that those entries had moved, all effects so far applied. */
  settle(known: readonly AlertState[]): void;
  /** The effects since the last call, in order. */
  takeEffects(): Effect[];
  /**
   * The newest value of each series since the last call, oldest first; none of entries at or below
   * `liveAfter`, none of devices without a place or of kitchens that nobody watches.
   */
  takeLive(): { sppgId: string; offset: number; index: number; live: LiveReading }[];
  /**
   * Begins a checkpoint: remembers which rows to write, answers the meta row. Once all of them are
   * written, write the meta row, and then commit the cursor at its offset + 1.
   */
  beginCheckpoint(): MonitorMeta;
  /**
   * The next rows that have changed, as of now, about `charsMax` characters; empty at the end.
   * Apply all that `takeEffects` gives before these rows are saved: a replay skips what they hold.
   */
  takeRows(charsMax: number): StateRow[];
  snapshot(sppgId: string): KitchenSnapshot;
  stats(): MonitorStats;
}

/** What the monitor holds, for metrics: counted anew at each call. */
export interface MonitorStats {
  cells: number;
  devices: number;
  series: number;
  openAlerts: number;
  /** Readings that only proved their device alive, since it has too many series. */
  overflow: number;
}
