/** How an alert opens, joins, worsens and ends: the same for every kind of rule. */
import { type CompiledRule, isWorse } from "../rules/compile.ts";
import { createAlert, tell, tellSoon } from "./alert.ts";
import { isInSpans, rememberSpan, trimSpans } from "./spans.ts";
import {
  coverMs,
  type Episode,
  episodeAt,
  type Fold,
  isOpen,
  type Moment,
  type Watched,
} from "./state.ts";

/** What a rule found at one moment; neither of the two between the limit and its clear value. */
export interface Finding {
  value: number | null;
  isBroken: boolean;
  isClear: boolean;
}

/**
 * After a person has resolved an alert whose value stays bad, the next one opens only when it has
 * cleared once, or after this: long enough to carry the food elsewhere, short enough that a fault
 * which was only believed to be mended comes back the same shift.
 */
export const resolveHoldMs = 30 * 60 * 1000;

/** A rule's place among those that watch a series or device. */
export interface RulePlace {
  watched: Watched;
  index: number;
  rule: CompiledRule;
}

/** Takes what a rule found at the newest moment of its series. */
export function takeFinding(fold: Fold, moment: Moment, found: RulePlace & Finding): void {
  const { watched, index, rule, value } = found;
  const episode = episodeAt(watched, index);
  if (isOpen(episode)) {
    worsen(fold, moment, { rule, episode, value });
    clearInTime(fold, moment, { rule, episode, isClear: found.isClear });
    return;
  }
  if (found.isClear) {
    endStretch(episode, rule);
    endHold(episode, moment.timeMs);
    forgetIfEmpty(watched, index, moment.timeMs);
    return;
  }
  if (!found.isBroken) return;
  episode.brokenSinceMs ??= moment.timeMs;
  episode.brokenUntilMs = moment.timeMs;
  episode.pendingWorst = worseOf(rule, value, episode.pendingWorst);
  if (moment.timeMs - episode.brokenSinceMs < rule.minDurationMs) return;
  if (episode.heldUntilMs !== null && moment.timeMs < episode.heldUntilMs) return;
  openOrJoin(fold, moment, { rule, episode, value });
}

/**
 * Off or empty: what was broken before has not lasted. A box that cools down empty and is filled
 * hours later would alert at its first reading on the way up.
 */
export function endPending(watched: Watched, index: number, timeMs: number): void {
  const episode = watched.episodes?.[index] ?? null;
  const rule = watched.rules[index];
  if (episode === null || rule === undefined || isOpen(episode)) return;
  endStretch(episode, rule);
  forgetIfEmpty(watched, index, timeMs);
}

/**
 * What was broken has ended before its duration. The stretch is remembered up to its last broken
 * reading: its readings may come once more, and without the clear one that ended it they would pass
 * for one late run with those of the next stretch.
 */
export function endStretch(episode: Episode, rule: CompiledRule): void {
  const { brokenSinceMs: fromMs, brokenUntilMs: toMs, judged } = episode;
  episode.brokenSinceMs = null;
  episode.brokenUntilMs = null;
  episode.pendingWorst = null;
  // Nothing else has a late path.
  if (fromMs === null || toMs === null || rule.kind !== "threshold") return;
  const gapMs = fromMs - (judged.at(-1) ?? Number.NEGATIVE_INFINITY);
  // No alert fits between the two: one span says the same.
  if (gapMs >= 0 && gapMs < rule.minDurationMs) judged[judged.length - 1] = toMs;
  else rememberSpan(judged, { fromMs, toMs }, toMs);
}

interface Judged {
  rule: CompiledRule;
  episode: Episode;
  value: number | null;
}

/** A condition that comes back within the quiet time belongs to the alert that it had. */
export function openOrJoin(fold: Fold, moment: Moment, judged: Judged): void {
  const { rule, episode, value } = judged;
  const sinceMs = episode.brokenSinceMs ?? moment.timeMs;
  const worst = episode.pendingWorst;
  const { alert, toMs } = episode;
  const canJoin =
    alert !== null &&
    toMs !== null &&
    !episode.isEnded &&
    // An alert shows the limit that it was opened by; under another one it is another alert.
    alert.rule.version === rule.version &&
    sinceMs - toMs <= rule.quietMs;
  if (canJoin) {
    alert.condition = "active";
    alert.clearedAtMs = null;
    alert.clearedBy = null;
    alert.occurrences += 1;
    alert.worstValue = worseOf(rule, worst, alert.worstValue);
  } else {
    rememberPast(fold, episode, moment.timeMs);
    const openedAtMs = moment.sample.eventTimeMs;
    episode.alert = createAlert(rule, moment, { value, worstValue: worst, openedAtMs });
    episode.fromMs = sinceMs;
  }
  episode.toMs = null;
  episode.isEnded = false;
  episode.heldUntilMs = null;
  episode.brokenSinceMs = null;
  episode.brokenUntilMs = null;
  episode.pendingWorst = null;
  episode.clearSinceMs = null;
  episode.isUntold = false;
  if (episode.alert !== null) tell(fold, episode.alert);
}

/** A worse value is kept at once and told a little later. */
export function worsen(fold: Fold, moment: Moment, { rule, episode, value }: Judged): void {
  const { alert } = episode;
  if (alert === null || value === null) return;
  const worst = worseOf(rule, value, alert.worstValue);
  if (worst === alert.worstValue) return;
  alert.worstValue = worst;
  episode.isUntold = true;
  tellSoon(fold, moment);
}

export function worseOf(
  rule: CompiledRule,
  value: number | null,
  than: number | null,
): number | null {
  if (than === null || value === null) return than ?? value;
  return isWorse(rule, value, than) ? value : than;
}

function clearInTime(
  fold: Fold,
  moment: Moment,
  { rule, episode, isClear }: { rule: CompiledRule; episode: Episode; isClear: boolean },
): void {
  if (!isClear) {
    episode.clearSinceMs = null;
    return;
  }
  episode.clearSinceMs ??= moment.timeMs;
  if (moment.timeMs - episode.clearSinceMs < rule.clearDurationMs) return;
  const atMs = moment.sample.eventTimeMs;
  close(fold, episode, { by: "value", atMs, timeMs: moment.timeMs });
}

export interface Closing {
  by: "value" | "person" | "rule";
  /** For people. */
  atMs: number;
  /** Until when the alert covers its series, in rule time. */
  timeMs: number;
}

export function close(fold: Fold, episode: Episode, { by, atMs, timeMs }: Closing): void {
  const { alert } = episode;
  if (alert === null || alert.condition === "cleared") return;
  alert.condition = "cleared";
  alert.clearedAtMs = atMs;
  alert.clearedBy = by;
  episode.toMs = timeMs;
  episode.clearSinceMs = null;
  episode.brokenSinceMs = null;
  episode.brokenUntilMs = null;
  episode.pendingWorst = null;
  episode.isUntold = false;
  tell(fold, alert);
}

/** A person's resolve ends the episode, and holds the next one back while the value stays bad. */
export function closeByPerson(
  fold: Fold,
  episode: Episode,
  { rule, atMs, timeMs }: { rule: CompiledRule; atMs: number; timeMs: number },
): void {
  const heldUntilMs = timeMs + Math.max(resolveHoldMs, rule.quietMs);
  // What stays bad meanwhile is what the person knew of.
  close(fold, episode, { by: "person", atMs, timeMs: heldUntilMs });
  episode.isEnded = true;
  episode.heldUntilMs = heldUntilMs;
}

/** The value was good once: from here on a bad one is news. */
export function endHold(episode: Episode, timeMs: number): void {
  if (episode.heldUntilMs === null) return;
  episode.heldUntilMs = null;
  if (episode.toMs !== null) episode.toMs = Math.min(episode.toMs, timeMs);
}

function rememberPast(fold: Fold, episode: Episode, timeMs: number): void {
  const { alert, fromMs, toMs, past } = episode;
  if (alert === null || toMs === null) return;
  if (episode.isUntold) tell(fold, alert);
  rememberSpan(past, { fromMs, toMs }, timeMs);
}

/** Whether this time was judged: by an alert, one that may open, or a stretch too short for one. */
export function isCovered(episode: Episode, timeMs: number): boolean {
  if (episode.brokenSinceMs !== null && timeMs >= episode.brokenSinceMs) return true;
  if (isInLastAlert(episode, timeMs)) return true;
  return isInSpans(episode.past, timeMs) || isInSpans(episode.judged, timeMs);
}

export function isInLastAlert({ alert, fromMs, toMs }: Episode, timeMs: number): boolean {
  return alert !== null && timeMs >= fromMs && (toMs === null || timeMs <= toMs);
}

/** Lets go of an episode that has nothing left to say: most series have none. */
function forgetIfEmpty(watched: Watched, index: number, timeMs: number): void {
  const episode = watched.episodes?.[index];
  if (episode === null || episode === undefined || watched.episodes === null) return;
  const isOver = episode.alert === null || (episode.toMs ?? timeMs) < timeMs - coverMs;
  trimSpans(episode.past, timeMs);
  trimSpans(episode.judged, timeMs);
  const { past, judged, samples } = episode;
  if (!isOver || past.length > 0 || judged.length > 0 || samples.length > 0) return;
  if (episode.lateRuns.some(({ toMs }) => toMs >= timeMs - coverMs)) return;
  watched.episodes[index] = null;
  if (watched.episodes.every((other) => other === null)) watched.episodes = null;
}
