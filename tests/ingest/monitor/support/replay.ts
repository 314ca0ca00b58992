import type { Directory } from "../../../../ingest/decode/directory.ts";
import { changeSeqOf, createMonitor } from "../../../../ingest/monitor/create-monitor.ts";
import type {
  ChangeFacts,
  Effect,
  Monitor,
  MonitorMeta,
  StateRow,
} from "../../../../ingest/monitor/monitor.ts";
import type { Rule, RuleVersion } from "../../../../ingest/rules/rule.ts";
import { seededRandom } from "../../../support/seeded-random.ts";
import { createScene, type Step } from "./scene.ts";

export interface RandomJournal {
  steps: readonly Step[];
  versions: readonly RuleVersion[];
  directory: Directory;
}

export interface Folded {
  /** Every row, as text, by cell, and the meta row. */
  state: Map<string, string>;
  /** By what the records tell them apart by. */
  effects: Map<string, string>;
}

const limitSource = { source: "this test", sourceKind: "project" } as const;
const measured = { reading: "temperature", field: "celsius", limitSource } as const;
const quiet = { severity: "warning", scope: {}, quietSeconds: 20 } as const;

/** Broken within seconds: what takes a kitchen a quarter of an hour happens often. */
export function limitRule(limit: number): Rule {
  return {
    kind: "threshold",
    key: "limit",
    ...quiet,
    ...measured,
    when: "above",
    limit,
    clearLimit: limit - 2,
    minDurationSeconds: 4,
    clearDurationSeconds: 2,
  };
}

export const shortRules: readonly Rule[] = [
  limitRule(10),
  {
    kind: "rateOfChange",
    key: "rising",
    ...quiet,
    ...measured,
    direction: "rising",
    perMinuteMax: 60,
    windowSeconds: 10,
  },
  {
    kind: "noData",
    key: "silent",
    ...quiet,
    scope: { deviceKind: "temperature-probe" },
    intervalsMissed: 2,
    graceSeconds: 12,
  },
  {
    kind: "noData",
    key: "gateway-silent",
    ...quiet,
    scope: { deviceKind: "gateway" },
    intervalsMissed: 2,
    graceSeconds: 15,
  },
  { kind: "implausible", key: "fault", ...quiet, readingsInRow: 2 },
];

const interval = { expectedIntervalSeconds: 3 } as const;
type Publisher = { deviceId: string; via: string };
const publishers: readonly [Publisher, ...Publisher[]] = [
  { deviceId: "alone", via: "alone" },
  { deviceId: "soup", via: "soup" },
  { deviceId: "child-a", via: "hub" },
  { deviceId: "child-b", via: "hub" },
];

/** Few devices, short times and small limits, so that everything happens often. */
export function randomJournal(seed: number): RandomJournal {
  const random = seededRandom(seed);
  const pick = <T>(of: readonly [T, ...T[]]): T => of[Math.floor(random() * of.length)] ?? of[0];
  const scene = createScene({
    devices: [
      { deviceId: "alone", ...interval },
      { deviceId: "soup", place: "cooking", ...interval },
      { deviceId: "hub", kind: "gateway", place: null, ...interval },
      { deviceId: "child-a", gatewayId: "hub", place: null, ...interval },
      { deviceId: "child-b", gatewayId: "hub", ...interval },
    ],
    rules: [...shortRules],
  });
  let mood = 5;
  const act: Record<string, () => void> = {
    read: () => {
      const { deviceId, via } = pick(publishers);
      const lag = random() < 0.2 ? Math.floor(random() * 30) : 0;
      const at = random() < 0.15 ? null : scene.now() - lag;
      const flags =
        random() < 0.15 ? [pick(["sensorFault", "implausible", "clockSuspect"] as const)] : [];
      const value = deviceId === "soup" ? 83 + random() * 3 : mood + random() * 6;
      const isSoup = deviceId === "soup" && random() < 0.4;
      if (isSoup) scene.read(deviceId, 85, { via, at, flags: ["sensorFault"] });
      else scene.read(deviceId, value, { via, at, flags, seq: pick([null, 0, 1]) });
    },
    mood: () => {
      mood = pick([2, 6, 12, 30]);
    },
    time: () => scene.goTo(scene.now() + Math.floor(random() * 4)),
    tick: () => scene.tick(),
    idle: () => scene.idleUntil(scene.now() + Math.floor(random() * 25)),
    away: () => scene.goTo(scene.now() + 100),
    clock: () => scene.stepClock(pick([-7_200_000, 7_200_000, 259_200_000])),
    letters: () => scene.letters(pick(["alone", "hub"]), pick([1, 30])),
    change: () => scene.change({}),
    rule: () => scene.putRule(limitRule(pick([10, 8, 14])), random() < 0.8),
    person: () => {
      const alert = scene.alerts().at(-1);
      if (alert !== undefined) scene.command(alert.alertId, pick(["resolve", "acknowledge"]));
    },
  };
  const weighted = [
    ...Array.from({ length: 20 }, () => "read"),
    ...Array.from({ length: 8 }, () => "time"),
    ..."mood mood tick idle idle away clock letters rule change person person".split(" "),
  ];
  for (let step = 0; step < 150; step += 1) {
    act[weighted[Math.floor(random() * weighted.length)] ?? "tick"]?.();
  }
  return { steps: scene.steps, versions: scene.versions, directory: scene.directory };
}

export function foldAtOnce(journal: RandomJournal): Folded {
  const monitor = start(journal, null, []);
  const effects = new Map<string, string>();
  for (const { entry, facts } of journal.steps) {
    monitor.apply(entry, facts);
    keep(effects, monitor.takeEffects());
  }
  return { state: stateOf(monitor, new Map()), effects };
}

/**
 * Folds with checkpoints whose slices fall between any two entries, and crashes between any two of
 * those steps: what was not saved is gone, and the monitor begins again behind the last meta row.
 */
export function crashAnywhere(journal: RandomJournal, seed: number): Folded {
  const random = seededRandom(seed + 1);
  const rows = new Map<string, StateRow>();
  const effects = new Map<string, string>();
  let meta: MonitorMeta | null = null;
  let round: MonitorMeta | null = null;
  let crashes = 0;
  let monitor = start(journal, meta, []);
  for (let at = 0; at < journal.steps.length; at += 1) {
    const step = journal.steps[at];
    if (step === undefined) break;
    monitor.apply(step.entry, random() < 0.5 ? step.facts : withoutNames(step.facts));
    if (round === null && random() < 0.2) round = monitor.beginCheckpoint();
    while (round !== null && random() < 0.5) {
      // Effects before the rows that know of them, as the checkpoint asks.
      keep(effects, monitor.takeEffects());
      const slice = monitor.takeRows(random() < 0.5 ? 1 : 1500);
      for (const row of slice) rows.set(`${row.sppgId} ${row.key}`, row);
      if (slice.length > 0) continue;
      meta = round;
      round = null;
    }
    if (crashes < 60 && random() < 0.08) {
      crashes += 1;
      if (random() < 0.5) keep(effects, monitor.takeEffects());
      round = null;
      monitor = start(journal, meta, [...rows.values()]);
      const from = meta === null ? 0 : meta.offset;
      at = journal.steps.findLastIndex(({ entry }) => entry.offset <= from);
    }
  }
  keep(effects, monitor.takeEffects());
  return { state: stateOf(monitor, rows), effects };
}

/** Then every kitchen is looked through, or none: it must make no difference. */
function withoutNames(facts: ChangeFacts | null): ChangeFacts | null {
  return facts === null ? null : { rules: facts.rules, commands: facts.commands };
}

function start(
  { directory, versions }: RandomJournal,
  meta: MonitorMeta | null,
  rows: StateRow[],
): Monitor {
  const seq = meta === null ? 0 : changeSeqOf(meta);
  const known = versions.filter(({ changeSeq }) => changeSeq <= seq);
  // In no useful order, as a database may answer them.
  const rules = known.toReversed();
  return createMonitor({ directory, rules, meta, rows, replayUpTo: 0 });
}

/** The same effect may come again, but never another one under the same name. */
function keep(effects: Map<string, string>, more: readonly Effect[]): void {
  for (const effect of more) {
    const name =
      effect.kind === "alert"
        ? `${effect.alert.alertId}.${effect.alert.revision}`
        : `${effect.letter.deviceId} ${effect.total}`;
    const text = JSON.stringify(effect);
    const before = effects.get(name);
    if (before !== undefined && before !== text) throw new Error(`${name}: ${before} / ${text}`);
    effects.set(name, text);
  }
}

/** Rows that have not changed since they were saved are read from there. */
function stateOf(monitor: Monitor, saved: ReadonlyMap<string, StateRow>): Map<string, string> {
  const state = new Map([...saved].map(([key, { body }]) => [key, body]));
  state.set("meta", monitor.beginCheckpoint().body);
  for (const { sppgId, key, body } of monitor.takeRows(Number.POSITIVE_INFINITY)) {
    state.set(`${sppgId} ${key}`, body);
  }
  return state;
}
