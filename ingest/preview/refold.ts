/** The monitor itself, over a past that is told again. */
import type { Directory, DirectoryDevice } from "../decode/directory.ts";
import { tellPeriodMs } from "../monitor/alert.ts";
import { listeningGapMsMax } from "../monitor/clocks.ts";
import { createMonitor } from "../monitor/create-monitor.ts";
import type { AlertState, Monitor } from "../monitor/monitor.ts";
import type { RuleVersion } from "../rules/rule.ts";
import type { LoadedEntry } from "./load-readings.ts";

export interface RefoldInput {
  sppgId: string;
  devices: readonly DirectoryDevice[];
  rules: readonly RuleVersion[];
  /** In the order of arrival. */
  entries: readonly LoadedEntry[];
  toMs: number;
}

/** As the timekeeper writes them: an idle second has its tick. */
const tickMs = 1_000;
const entriesOfBatch = 10_000;

/** Every alert as it stands at `toMs`, in the order in which they were first told. */
export function refold(input: RefoldInput): AlertState[] {
  const { sppgId, devices, rules, entries, toMs } = input;
  const monitor = createMonitor({
    directory: createFixedDirectory(sppgId, devices),
    rules,
    meta: null,
    rows: [],
    // Nothing of it is live.
    replayUpTo: Number.POSITIVE_INFINITY,
  });
  const alerts = new Map<string, AlertState>();
  const time = createTime(monitor, alerts);
  for (const { publisherId: deviceId, receivedTimeMs, reading } of entries) {
    time.tickUntil(receivedTimeMs);
    time.apply({ receivedTimeMs, kind: "publish", sppgId, deviceId, readings: [reading] });
  }
  time.tickUntil(toMs);
  time.apply({ receivedTimeMs: toMs, kind: "tick" });
  time.keep();
  const found = new Set(alerts.keys());
  // Worst values are told a little later; what else would happen by then is behind the end.
  for (let laterMs = 0; laterMs < tellPeriodMs; ) {
    laterMs += listeningGapMsMax;
    time.apply({ receivedTimeMs: toMs + laterMs, kind: "tick" });
  }
  time.keep();
  return [...alerts.values()].filter(({ alertId }) => found.has(alertId));
}

type Told =
  | { receivedTimeMs: number; kind: "tick" }
  | {
      receivedTimeMs: number;
      kind: "publish";
      sppgId: string;
      deviceId: string;
      readings: LoadedEntry["reading"][];
    };

function createTime(monitor: Monitor, alerts: Map<string, AlertState>) {
  let offset = 0;
  let nowMs: number | null = null;

  function keep(): void {
    for (const effect of monitor.takeEffects()) {
      if (effect.kind === "alert") alerts.set(effect.alert.alertId, effect.alert);
    }
  }

  function apply(told: Told): void {
    offset += 1;
    nowMs = told.receivedTimeMs;
    if (told.kind === "tick") monitor.apply({ ...told, offset }, null);
    else monitor.apply({ ...told, offset, failures: [] }, null);
    if (offset % entriesOfBatch === 0) keep();
  }

  function tickUntil(untilMs: number): void {
    if (nowMs === null) return;
    for (let atMs = nowMs + tickMs; atMs < untilMs; atMs += tickMs) {
      apply({ receivedTimeMs: atMs, kind: "tick" });
    }
  }

  return { apply, keep, tickUntil };
}

function createFixedDirectory(sppgId: string, devices: readonly DirectoryDevice[]): Directory {
  // A Map, since ids are people's words.
  const byId = new Map(devices.map((device) => [device.deviceId, device]));
  return {
    version: 1,
    timeZone: () => null,
    device: (_sppgId, deviceId) => byId.get(deviceId) ?? null,
    devices: () => devices,
    kitchens: () => [sppgId],
  };
}
