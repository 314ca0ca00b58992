/**
 * Readings at or before their series' watermark. They may worsen an alert that covers their time,
 * or open one of their own that is marked late and already cleared; what newer readings have found
 * they never change. Only thresholds have a late path: a rate needs its neighbours in order.
 */
import type { CompiledRule } from "../rules/compile.ts";
import { createAlert, tell, tellSoon } from "./alert.ts";
import { isCovered, isInLastAlert, worseOf, worsen } from "./episode.ts";
import { isBroken, isClear, isIdle } from "./judges.ts";
import { rememberSpan } from "./spans.ts";
import {
  coverMs,
  type Episode,
  episodeAt,
  type Fold,
  type LateRun,
  type Moment,
  monitorLimits,
  type Series,
} from "./state.ts";

/** Mobile networks deliver nearly everything within 10 min: less is no gap between two readings. */
export const lateGapMs = 10 * 60 * 1000;

export function judgeLate(fold: Fold, moment: Moment, series: Series): void {
  for (const [index, rule] of series.rules.entries()) {
    if (rule.kind !== "threshold") continue;
    const value = moment.sample.fields[rule.field];
    if (value === undefined) continue;
    const idle = isIdle(rule, value);
    const broken = isBroken(rule, value) && !idle;
    // Between the limit and its clear value a reading neither lengthens nor ends a run.
    if (!broken && !idle && !isClear(rule, value)) continue;
    const episode = episodeAt(series, index);
    if (isCovered(episode, moment.timeMs)) {
      if (broken) absorb(fold, moment, { rule, episode, value });
    } else if (broken) {
      takeBroken(fold, moment, { rule, episode, value });
    } else {
      takeClear(episode, moment);
    }
    boundRuns(episode, series.timeMs);
  }
}

interface LateValue {
  rule: CompiledRule;
  episode: Episode;
  value: number;
}

/** Of alerts before the last one only the time is remembered: their worst value stays. */
function absorb(fold: Fold, moment: Moment, { rule, episode, value }: LateValue): void {
  if (episode.brokenSinceMs !== null && moment.timeMs >= episode.brokenSinceMs) {
    episode.pendingWorst = worseOf(rule, value, episode.pendingWorst);
  } else if (isInLastAlert(episode, moment.timeMs)) {
    worsen(fold, moment, { rule, episode, value });
  }
}

function takeBroken(fold: Fold, moment: Moment, { rule, episode, value }: LateValue): void {
  const run = joinRun(episode, moment, rule);
  const before = run.worst;
  run.worst = worseOf(rule, value, run.worst);
  if (run.alert !== null) {
    const { alert } = run;
    if (run.worst === before && alert.clearedAtMs === run.toMs) return;
    alert.worstValue = worseOf(rule, run.worst, alert.worstValue);
    alert.clearedAtMs = run.toMs;
    run.isUntold = true;
    tellSoon(fold, moment);
    return;
  }
  if (run.toMs - run.fromMs < rule.minDurationMs) return;
  const openedAtMs = run.fromMs + rule.minDurationMs;
  const opened = createAlert(rule, moment, { value, worstValue: run.worst, openedAtMs });
  run.alert = {
    ...opened,
    isLate: true,
    condition: "cleared",
    clearedAtMs: run.toMs,
    clearedBy: "value",
  };
  tell(fold, run.alert);
}

/** The broken run that this time belongs to, after it has grown or been made. */
function joinRun(episode: Episode, { timeMs, device }: Moment, rule: CompiledRule): LateRun {
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
  left.isUntold ||= right.isUntold;
}

/** Clear readings lie close together in a run: what is between two runs is not known. */
function takeClear({ lateRuns: runs }: Episode, { timeMs, device }: Moment): void {
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
function boundRuns(episode: Episode, newestMs: number): void {
  const { lateRuns: runs } = episode;
  while ((runs[0]?.toMs ?? newestMs) < newestMs - coverMs) runs.shift();
  while (runs.length > monitorLimits.lateRuns) {
    const at = closestClearPair(runs);
    const left = runs[at];
    const right = runs[at + 1];
    if (left === undefined || right === undefined) {
      const oldest = runs.shift();
      // Its readings may come once more.
      if (oldest !== undefined && oldest.alert !== null) {
        rememberSpan(episode.past, oldest, newestMs);
      }
      continue;
    }
    left.toMs = right.toMs;
    runs.splice(at + 1, 1);
  }
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
