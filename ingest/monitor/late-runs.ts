/** The stretches that late readings of a rule make: kept in the order of time, and apart. */
import type { CompiledRule } from "../rules/compile.ts";
import { tell } from "./alert.ts";
import { worseOf } from "./episode.ts";
import { rememberSpan } from "./spans.ts";
import {
  coverMs,
  type Episode,
  type Fold,
  type LateRun,
  type Moment,
  monitorLimits,
} from "./state.ts";

/** Mobile networks deliver nearly everything within 10 min: less is no gap between two readings. */
export const lateGapMs = 10 * 60 * 1000;

/** The broken run that this time belongs to, after it has grown or been made. */
export function joinRun(episode: Episode, { timeMs, device }: Moment, rule: CompiledRule): LateRun {
  const runs = episode.lateRuns;
  const gapMs = Math.max(lateGapMs, rule.quietMs, 3 * (device.facts?.intervalMs ?? 0));
  splitAt(runs, timeMs, false);
  const at = placeOf(runs, timeMs);
  const left = runs[at - 1];
  const right = runs[at];
  const isLeft = left?.isBroken === true && timeMs - left.toMs <= gapMs;
  const isRight = right?.isBroken === true && right.fromMs - timeMs <= gapMs;
  if (left !== undefined && isLeft) {
    left.toMs = Math.max(left.toMs, timeMs);
    // Two alerts that turn out to be one stay two: neither can be taken back.
    if (right !== undefined && isRight && (left.alert === null || right.alert === null)) {
      mergeInto(left, right, rule);
      runs.splice(at, 1);
    }
    return left;
  }
  if (right !== undefined && isRight) {
    right.fromMs = timeMs;
    return right;
  }
  const made = createRun(timeMs, true);
  runs.splice(at, 0, made);
  return made;
}

function mergeInto(left: LateRun, right: LateRun, rule: CompiledRule): void {
  left.toMs = Math.max(left.toMs, right.toMs);
  left.worst = worseOf(rule, right.worst, left.worst);
  left.alert ??= right.alert;
  left.isEnded ||= right.isEnded;
  left.isUntold ||= right.isUntold;
}

/** Clear readings lie close together in a run: what is between two runs is not known. */
export function takeClear({ lateRuns: runs }: Episode, { timeMs, device }: Moment): void {
  splitAt(runs, timeMs, true);
  const at = placeOf(runs, timeMs);
  const left = runs[at - 1];
  const right = runs[at];
  const gapMs = 3 * (device.facts?.intervalMs ?? 0);
  if (left !== undefined && left.toMs >= timeMs) return;
  const isLeft = left?.isBroken === false && timeMs - left.toMs <= gapMs;
  const isRight = right?.isBroken === false && right.fromMs - timeMs <= gapMs;
  if (left !== undefined && isLeft) {
    left.toMs = isRight ? (right?.toMs ?? timeMs) : timeMs;
    if (isRight) runs.splice(at, 1);
  } else if (right !== undefined && isRight) {
    right.fromMs = timeMs;
  } else {
    runs.splice(at, 0, createRun(timeMs, false));
  }
}

function createRun(timeMs: number, broken: boolean): LateRun {
  return {
    fromMs: timeMs,
    toMs: timeMs,
    isBroken: broken,
    worst: null,
    alert: null,
    isEnded: false,
    isUntold: false,
  };
}

/** The first run that begins behind this time. */
function placeOf(runs: readonly LateRun[], timeMs: number): number {
  const at = runs.findIndex(({ fromMs }) => fromMs > timeMs);
  return at === -1 ? runs.length : at;
}

/** Cuts a run of the other sort that spans this time; one that has its alert stays whole. */
function splitAt(runs: LateRun[], timeMs: number, isSplitBroken: boolean): void {
  const at = runs.findIndex(
    ({ isBroken, alert, fromMs, toMs }) =>
      isBroken === isSplitBroken && alert === null && fromMs < timeMs && timeMs < toMs,
  );
  const whole = runs[at];
  if (whole === undefined) return;
  runs.splice(at + 1, 0, { ...whole, fromMs: timeMs });
  whole.toMs = timeMs;
}

/**
 * Too many: the closest two clear runs become one; if there are none, the oldest goes. Never two
 * broken ones: within the gap they are one already, and beyond it nobody knows what lay between.
 */
export function boundRuns(fold: Fold, episode: Episode, newestMs: number): void {
  const { lateRuns: runs } = episode;
  while ((runs[0]?.toMs ?? newestMs) < newestMs - coverMs) dropOldest(fold, episode, newestMs);
  while (runs.length > monitorLimits.lateRuns) {
    const at = closestClearPair(runs);
    const left = runs[at];
    const right = runs[at + 1];
    if (left === undefined || right === undefined) {
      dropOldest(fold, episode, newestMs);
      continue;
    }
    left.toMs = right.toMs;
    runs.splice(at + 1, 1);
  }
}

function dropOldest(fold: Fold, { lateRuns, past }: Episode, newestMs: number): void {
  const oldest = lateRuns.shift();
  if (oldest === undefined || oldest.alert === null) return;
  if (oldest.isUntold) tell(fold, oldest.alert);
  // Its readings may come once more.
  rememberSpan(past, oldest, newestMs);
}

/** The first of two neighbours; -1 if there are none. */
function closestClearPair(runs: readonly LateRun[]): number {
  let closest = -1;
  let gapMs = Number.POSITIVE_INFINITY;
  for (const [at, left] of runs.entries()) {
    const right = runs[at + 1];
    if (right === undefined || left.isBroken || right.isBroken) continue;
    if (right.fromMs - left.toMs >= gapMs) continue;
    closest = at;
    gapMs = right.fromMs - left.toMs;
  }
  return closest;
}
