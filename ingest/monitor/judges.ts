/** What each kind of rule finds in a reading that is newer than all before it. */
import type { CompiledRule } from "../rules/compile.ts";
import { endPending, takeFinding } from "./episode.ts";
import { episodeAt, type Fold, type Moment, monitorLimits, type Series } from "./state.ts";

/** A reading without flags. */
export function judgeReading(fold: Fold, moment: Moment, series: Series): void {
  const { rules } = series;
  for (let index = 0; index < rules.length; index += 1) {
    const rule = rules[index];
    if (rule === undefined) continue;
    if (rule.kind === "implausible") {
      judgeFault(fold, moment, { series, index, rule });
      continue;
    }
    const value = moment.sample.fields[rule.field];
    if (value === undefined) continue;
    if (rule.kind === "rateOfChange") judgeRate(fold, moment, { series, index, rule, value });
    else judgeThreshold(fold, moment, { series, index, rule, value });
  }
}

interface Place {
  series: Series;
  index: number;
  rule: CompiledRule;
}

/** Strictly beyond the limit. */
export function isBroken({ isAbove, limit }: CompiledRule, value: number): boolean {
  return isAbove ? value > limit : value < limit;
}

/** At the clear value or on its good side. */
export function isClear({ isAbove, clearLimit }: CompiledRule, value: number): boolean {
  return isAbove ? value <= clearLimit : value >= clearLimit;
}

/** The equipment is off, or the box empty: the value says nothing. */
export function isIdle({ isAbove, idleLimit }: CompiledRule, value: number): boolean {
  return isAbove ? value > idleLimit : value < idleLimit;
}

function judgeThreshold(fold: Fold, moment: Moment, place: Place & { value: number }): void {
  const { series, index, rule, value } = place;
  const broken = isBroken(rule, value);
  // Nearly every reading of nearly every series ends here.
  if (!broken && (series.episodes === null || series.episodes[index] === null)) return;
  if (isIdle(rule, value)) {
    endPending(series, index, moment.timeMs);
    return;
  }
  const finding = { value, isBroken: broken, isClear: isClear(rule, value) };
  takeFinding(fold, moment, { watched: series, index, rule, ...finding });
}

/**
 * Compares with the oldest sample of the window, which must reach back over half of it: a slope
 * over two readings would be noise. After a gap the window fills anew.
 */
function judgeRate(fold: Fold, moment: Moment, place: Place & { value: number }): void {
  const { series, index, rule, value } = place;
  if (rule.rule.kind !== "rateOfChange") return;
  const { samples } = episodeAt(series, index);
  const windowMs = rule.rule.windowSeconds * 1000;
  const { timeMs } = moment;
  while (samples.length > 0 && timeMs - (samples[0] ?? 0) > windowMs) samples.splice(0, 2);
  const newestMs = samples.at(-2) ?? Number.NEGATIVE_INFINITY;
  const spanMs = samples.length === 0 ? 0 : timeMs - (samples[0] ?? 0);
  const before = samples[1];
  if (timeMs - newestMs >= windowMs / monitorLimits.rateSamples) samples.push(timeMs, value);
  if (before === undefined || spanMs < windowMs / 2) return;
  const perMinute = (value - before) / (spanMs / 60_000);
  const { direction } = rule.rule;
  const signed = direction === "falling" ? -perMinute : perMinute;
  const isFast = (direction === "either" ? Math.abs(perMinute) : signed) > rule.limit;
  const finding = { value: perMinute, isBroken: isFast, isClear: !isFast };
  takeFinding(fold, moment, { watched: series, index, rule, ...finding });
}

/** Sees the run of faulty readings, which the series counts. */
export function judgeFault(fold: Fold, moment: Moment, place: Place): void {
  const { series, index, rule } = place;
  if (rule.rule.kind !== "implausible") return;
  const isFaulty = series.faultRun > 0;
  const known = series.episodes?.[index] ?? null;
  if (known === null && series.faultRun < rule.rule.readingsInRow) return;
  const value = isFaulty ? (Object.values(moment.sample.fields)[0] ?? null) : null;
  const isBroken = series.faultRun >= rule.rule.readingsInRow;
  const finding = { value, isBroken, isClear: !isFaulty };
  takeFinding(fold, moment, { watched: series, index, rule, ...finding });
}
