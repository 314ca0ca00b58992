import type { Directory } from "../decode/directory.ts";
import { createRuleBook } from "../rules/rule-book.ts";
import type { RuleVersion } from "../rules/rule.ts";
import { applyEntry, type Core } from "./apply-entry.ts";
import { initialClocks } from "./clocks.ts";
import { createDeadlines } from "./deadlines.ts";
import { createKitchens } from "./kitchens.ts";
import { createLiveValues } from "./live.ts";
import type { Monitor, MonitorMeta, StateRow } from "./monitor.ts";
import { assignDeviceRules, seriesRulesOf } from "./refresh.ts";
import { decodeMeta, encodeCell, encodeMeta } from "./rows.ts";
import { settleAlerts } from "./settle.ts";
import { createSleepers } from "./sleepers.ts";
import { snapshotOf, statsOf } from "./snapshot.ts";
import type { Cell, DirtyCells, Fold } from "./state.ts";

export interface MonitorOptions {
  /** Kept current by whoever folds, before each change entry is applied. */
  directory: Directory;
  /** The kitchens' own rules as of the change that `meta` followed. */
  rules: Iterable<RuleVersion>;
  /** `null`: begins before the first entry. */
  meta: MonitorMeta | null;
  rows: Iterable<StateRow>;
  /** What is folded up to here may have been folded before the start. */
  replayUpTo: number;
  /** Live values begin behind it; behind `replayUpTo` if it is left out. */
  liveAfter?: number | undefined;
  /** Whose live values are wanted, asked at each; every kitchen's if left out. */
  isWatched?: (sppgId: string) => boolean;
}

/** Throws `INGEST_STATE_UNREADABLE` for rows that this version has not written. */
export function createMonitor(options: MonitorOptions): Monitor {
  const core = createCore(options);
  const { fold, kitchens, live } = core;
  const rows = createRowWriter(core);
  return {
    get offset() {
      return fold.offset;
    },
    get changeSeq() {
      return core.changeSeq;
    },
    get unsettled() {
      const { unsettledFrom: afterOffset, replayUpTo: uptoOffset } = core;
      if (afterOffset === null || fold.offset <= uptoOffset) return null;
      return { afterOffset, uptoOffset };
    },
    settle: (known) => {
      settleAlerts(fold, kitchens, known);
      core.unsettledFrom = null;
    },
    expect: (entries) => kitchens.slots.fetch(entries),
    apply: (entry, facts) => applyEntry(core, entry, facts),
    takeEffects: () => fold.effects.splice(0),
    takeLive: () => live.take(),
    beginCheckpoint: () => {
      rows.begin();
      return encodeMeta(fold.offset, core);
    },
    takeRows: (charsMax) => rows.take(charsMax),
    snapshot: (sppgId) => snapshotOf(fold, sppgId, kitchens.bySppgId.get(sppgId)),
    stats: () => statsOf(kitchens.bySppgId.values()),
  };
}

/** The change whose rules a monitor needs that begins with this meta row. */
export function changeSeqOf(meta: MonitorMeta): number {
  return decodeMeta(meta).changeSeq;
}

function createCore(options: MonitorOptions): Core {
  const { directory, meta, replayUpTo, isWatched } = options;
  const start = meta === null ? null : decodeMeta(meta);
  const rules = createRuleBook(options.rules);
  const deadlines = createDeadlines();
  const dirty: DirtyCells[] = [];
  const fold: Fold = {
    offset: meta?.offset ?? 0,
    receivedTimeMs: 0,
    monotonicMs: 0,
    listeningMs: 0,
    effects: [],
    schedule: (cell, atMs) => deadlines.schedule(cell, atMs),
    touch: (cell) => {
      if (cell.isDirty) return;
      cell.isDirty = true;
      cell.dirty.cells.push(cell);
      if (cell.dirty.isListed) return;
      cell.dirty.isListed = true;
      dirty.push(cell.dirty);
    },
    assignRules: (device, series) => {
      series.rules = seriesRulesOf(device, series, rules);
    },
    recall: (reading) => kitchens.slots.recall(reading, fold.offset),
    remember: (reading, series) => kitchens.slots.remember(reading, series),
  };
  const kitchens = createKitchens(directory, (device) => assignDeviceRules(fold, device, rules));
  return {
    fold,
    clocks: start?.clocks ?? { ...initialClocks },
    changeSeq: start?.changeSeq ?? 0,
    directory,
    directoryVersion: null,
    rules,
    kitchens,
    deadlines,
    sleepers: createSleepers(options.rows, kitchens, rules),
    live: createLiveValues(isWatched),
    replayUpTo,
    liveAfter: options.liveAfter ?? replayUpTo,
    unsettledFrom: start?.unsettledFrom ?? (replayUpTo > fold.offset ? fold.offset : null),
    dirty,
  };
}

/**
 * The rows of a checkpoint: those that had changed when it began, each as it is when taken. Kitchen
 * by kitchen, since the rows of one lie together in the table: each page of it is written once.
 */
function createRowWriter({ fold, dirty }: Core): {
  begin(): void;
  take(charsMax: number): StateRow[];
} {
  let kitchens: DirtyCells[] = [];
  let cells: Cell[] = [];
  let next = 0;
  const nextCell = (): Cell | null => {
    while (next === cells.length) {
      const kitchen = kitchens.pop();
      if (kitchen === undefined) return null;
      cells = kitchen.cells;
      next = 0;
      kitchen.cells = [];
      kitchen.isListed = false;
    }
    return cells[next++] ?? null;
  };
  return {
    begin: () => {
      // Taken from the end: the first that has changed comes first.
      kitchens = [...dirty.splice(0).toReversed(), ...kitchens];
    },
    take: (charsMax) => {
      const rows: StateRow[] = [];
      for (let chars = 0; chars < charsMax; ) {
        const cell = nextCell();
        if (cell === null) break;
        const row = encodeCell(cell, fold.offset);
        cell.isDirty = false;
        chars += row.body.length;
        rows.push(row);
      }
      return rows;
    },
  };
}
