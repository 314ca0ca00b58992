/**
 * Readings at or before their series' watermark. They may worsen an alert that covers their time,
 * or open one of their own that is marked late and already cleared; what newer readings have found
 * they never change. Only thresholds have a late path: a rate needs its neighbours in order.
 */
import type { CompiledRule } from "../rules/compile.ts";
import { createAlert, tell, tellSoon } from "./alert.ts";
import { isCovered, isInLastAlert, worseOf, worsen } from "./episode.ts";
import { isBroken, isClear, isIdle } from "./judges.ts";
import { boundRuns, joinRun, takeClear } from "./late-runs.ts";
import type { Span } from "./spans.ts";
import {
  type Episode,
  episodeAt,
  type Fold,
  type LateRun,
  type Moment,
  type Series,
} from "./state.ts";

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
    boundRuns(fold, episode, series.timeMs);
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
  if (joinLateAlert(episode, run, rule) || joinLastAlert(episode, run, rule)) {
    tellSoon(fold, moment);
    return;
  }
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

/**
 * As if it had come in time: a stretch that begins within the quiet time of an alert's end belongs
 * to that alert, whatever was clear between them. Swings of a day are one alert, late or not.
 */
function joinLateAlert({ lateRuns }: Episode, run: LateRun, rule: CompiledRule): boolean {
  const reachMs = rule.clearDurationMs + rule.quietMs;
  for (const other of lateRuns) {
    const { alert } = other;
    if (alert === null || other.isEnded || alert.rule.version !== rule.version) continue;
    if (Math.max(run.fromMs - other.toMs, other.fromMs - run.toMs) > reachMs) continue;
    other.fromMs = Math.min(other.fromMs, run.fromMs);
    other.toMs = Math.max(other.toMs, run.toMs);
    other.worst = worseOf(rule, run.worst, other.worst);
    other.isUntold = true;
    alert.occurrences += 1;
    alert.worstValue = worseOf(rule, other.worst, alert.worstValue);
    alert.clearedAtMs = other.toMs;
    dropWithin(lateRuns, other);
    return true;
  }
  return false;
}

/** What a person has answered is over: nothing joins it. */
function joinLastAlert(episode: Episode, run: LateRun, rule: CompiledRule): boolean {
  const { alert, fromMs, toMs } = episode;
  if (alert === null || episode.isEnded || alert.rule.version !== rule.version) return false;
  if (fromMs - run.toMs > rule.clearDurationMs + rule.quietMs) return false;
  if (toMs !== null) {
    // It was over only after its clear duration.
    if (run.fromMs - toMs > rule.quietMs) return false;
    episode.toMs = Math.max(toMs, run.toMs);
    alert.clearedAtMs = Math.max(alert.clearedAtMs ?? run.toMs, run.toMs);
  }
  episode.fromMs = Math.min(fromMs, run.fromMs);
  episode.isUntold = true;
  alert.occurrences += 1;
  alert.worstValue = worseOf(rule, run.worst, alert.worstValue);
  dropWithin(episode.lateRuns, { fromMs: episode.fromMs, toMs: episode.toMs ?? run.toMs });
  return true;
}

/** The runs that another one has swallowed; one that has its alert stays. */
function dropWithin(runs: LateRun[], by: LateRun | Span): void {
  const kept = runs.filter(
    (run) => run === by || run.alert !== null || run.fromMs < by.fromMs || run.toMs > by.toMs,
  );
  runs.splice(0, runs.length, ...kept);
}
