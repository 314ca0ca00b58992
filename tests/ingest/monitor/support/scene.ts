import { flagBits, type DecodedEntry } from "../../../../ingest/decode/decoded.ts";
import type { DecodeFailure, JournaledReading } from "../../../../ingest/decode/decoded.ts";
import { changeSeqOf, createMonitor } from "../../../../ingest/monitor/create-monitor.ts";
import type {
  AlertCommand,
  AlertState,
  ChangeFacts,
  Effect,
  Monitor,
  MonitorMeta,
  StateRow,
} from "../../../../ingest/monitor/monitor.ts";
import type { Rule, RuleVersion } from "../../../../ingest/rules/rule.ts";
import { createSketchDirectory, type DeviceSketch, sppgId } from "./directory.ts";

export { sppgId } from "./directory.ts";

/** Received time of second 0. */
export const startMs = 1_795_300_000_000;

export interface ReadOptions {
  /** The device's own time, in seconds of the scene; `null`: it sends none. Left out: now. */
  at?: number | null;
  seq?: number | null;
  flags?: readonly (keyof typeof flagBits)[];
  channel?: string;
  reading?: JournaledReading["reading"];
  field?: string;
  /** Who publishes, if not the device itself. */
  via?: string;
}

export interface Step {
  entry: DecodedEntry;
  facts: ChangeFacts | null;
}

/** Few, so that series share one, as after numbers have come round. */
const slotOf = (seriesKey: string): number =>
  Buffer.from(seriesKey).reduce((sum, byte) => sum + byte, 0) % 3;

export type Scene = ReturnType<typeof createScene>;

/** A kitchen, its journal and the monitor that folds it, at times that the test sets. */
export function createScene(options: { devices: DeviceSketch[]; rules?: Rule[] }) {
  const directory = createSketchDirectory(options.devices);
  const steps: Step[] = [];
  const effects: Effect[] = [];
  const rows = new Map<string, StateRow>();
  const versions: RuleVersion[] = [];
  let meta: MonitorMeta | null = null;
  let offset = 0;
  let second = 0;
  /** What the wall clock is off by. */
  let stepMs = 0;
  let changeSeq = 0;
  let monitor: Monitor = createMonitor({ directory, rules: [], meta, rows: [], replayUpTo: 0 });

  const timeOf = (seconds: number) => startMs + seconds * 1000;

  function push(entry: DecodedEntry, facts: ChangeFacts | null = null): void {
    steps.push({ entry, facts });
    // Changes nothing, as every test shows by being as it is.
    if (entry.offset % 4 === 0) monitor.expect([entry]);
    monitor.apply(entry, facts);
    effects.push(...monitor.takeEffects());
  }

  function place(): { offset: number; receivedTimeMs: number } {
    offset += 1;
    return { offset, receivedTimeMs: timeOf(second) + stepMs };
  }

  function readingOf(deviceId: string, value: number, options: ReadOptions): JournaledReading {
    const { at = second, seq = null, flags = [], channel = "0" } = options;
    const { reading = "temperature", field = "celsius" } = options;
    const receivedTimeMs = timeOf(second) + stepMs;
    const originalTimeMs = at === null ? null : timeOf(at);
    const sum = flags.reduce((sum, flag) => sum | flagBits[flag], 0);
    const isSuspect = flags.includes("clockSuspect");
    const seriesKey = `${sppgId}/${deviceId}/${channel}/${reading}`;
    return {
      sppgId,
      deviceId,
      channel,
      reading,
      seriesKey,
      slot: slotOf(seriesKey),
      eventTimeMs: isSuspect ? receivedTimeMs : (originalTimeMs ?? receivedTimeMs),
      originalTimeMs,
      seq,
      receivedTimeMs,
      offset: offset + 1,
      index: 0,
      fields: { [field]: value },
      flags: sum,
      batteryPct: null,
    };
  }

  /** Publishes readings in one payload. */
  function publish(deviceId: string, readings: JournaledReading[]): void {
    const at = place();
    const placed = readings.map((reading, index) => ({ ...reading, offset: at.offset, index }));
    push({ ...at, kind: "publish", sppgId, deviceId, readings: placed, failures: [] });
  }

  function change(facts: Partial<ChangeFacts>): void {
    changeSeq += 1;
    push(
      { ...place(), kind: "change", changeSeq },
      { rules: [], commands: [], ...facts, sppgIds: [sppgId] },
    );
  }

  function putRule(rule: Rule, isEnabled = true): void {
    const version = versions.filter(({ key }) => key === rule.key).length + 1;
    const made = { sppgId, key: rule.key, version, changeSeq: changeSeq + 1, isEnabled, rule };
    versions.push(made);
    change({ rules: [made] });
  }

  function command(alertId: string, action: AlertCommand["action"]): void {
    const by = { by: "head@example.org", note: null, correctiveAction: null };
    const atMs = timeOf(second);
    const made = { changeSeq: changeSeq + 1, sppgId, alertId, action, atMs, ...by };
    change({ commands: [made] });
  }

  function letters(deviceId: string, count: number): void {
    const at = place();
    const failures = Array.from(
      { length: count },
      (_, index): DecodeFailure => ({
        sppgId,
        deviceId,
        topicName: `sppg/${sppgId}/telemetry/${deviceId}/temperature`,
        firstBytes: new Uint8Array(),
        payloadBytes: 0,
        reason: "INGEST_CODEC_FAILED",
        detail: "test",
        receivedTimeMs: at.receivedTimeMs,
        offset: at.offset,
        index,
      }),
    );
    push({ ...at, kind: "publish", sppgId, deviceId, readings: [], failures });
  }

  function save(): void {
    meta = monitor.beginCheckpoint();
    for (;;) {
      const taken = monitor.takeRows(1);
      if (taken.length === 0) return;
      for (const row of taken) rows.set(`${row.sppgId} ${row.key}`, row);
    }
  }

  /** Ends the monitor and folds what its last save does not hold. */
  function restart(): void {
    const from = meta;
    const seq = from === null ? 0 : changeSeqOf(from);
    const rules = versions.filter((version) => version.changeSeq <= seq);
    monitor = createMonitor({
      directory,
      rules,
      meta: from,
      rows: rows.values(),
      replayUpTo: offset,
    });
    for (const { entry, facts } of steps) {
      if (entry.offset > (from?.offset ?? 0)) monitor.apply(entry, facts);
    }
    monitor.takeEffects();
  }

  /** As the worker does after a replay, if the records have taken every effect so far. */
  function settle(): void {
    const { unsettled } = monitor;
    if (unsettled === null) return;
    const { afterOffset, uptoOffset } = unsettled;
    const moved = effects.filter((it) => it.offset > afterOffset && it.offset <= uptoOffset);
    monitor.settle(latestAlerts(moved));
    effects.push(...monitor.takeEffects());
  }

  for (const rule of options.rules ?? []) putRule(rule);
  effects.length = 0;
  return {
    directory,
    steps,
    effects,
    versions,
    get monitor() {
      return monitor;
    },
    /** Moves the time to a second of the scene. */
    goTo: (to: number) => {
      second = to;
    },
    now: () => second,
    timeOf,
    readingOf,
    publish,
    read: (deviceId: string, value: number, options: ReadOptions = {}) =>
      publish(options.via ?? deviceId, [readingOf(deviceId, value, options)]),
    /** A reading every `every` seconds up to `until`, each at its own time. */
    readUntil: (
      deviceId: string,
      value: number,
      { until, every = 10 }: { until: number; every?: number },
    ) => {
      for (; second <= until; second += every) {
        publish(deviceId, [readingOf(deviceId, value, {})]);
      }
      second -= every;
    },
    tick: () => push({ ...place(), kind: "tick" }),
    /** Ticks each second up to `until`. */
    idleUntil: (until: number) => {
      while (second < until) {
        second += 1;
        push({ ...place(), kind: "tick" });
      }
    },
    /** The wall clock jumps by `by` ms. */
    stepClock: (by: number) => {
      stepMs += by;
      push({ ...place(), kind: "clock", stepMs: by });
    },
    letters,
    change,
    putRule,
    command,
    save,
    restart,
    settle,
    /** Each alert as it was told last, in the order of opening. */
    alerts: (): AlertState[] => latestAlerts(effects),
    messages: (): AlertState[] =>
      effects.flatMap((effect) => (effect.kind === "alert" ? [effect.alert] : [])),
  };
}

export function latestAlerts(effects: readonly Effect[]): AlertState[] {
  const byId = new Map<string, AlertState>();
  for (const effect of effects) {
    if (effect.kind !== "alert") continue;
    const before = byId.get(effect.alert.alertId);
    if (before === undefined || before.revision < effect.alert.revision) {
      byId.set(effect.alert.alertId, effect.alert);
    }
  }
  return [...byId.values()];
}
