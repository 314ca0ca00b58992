/** Stretches of rule time that were judged for good, as from, to, from, to; a bounded memory. */
import { coverMs, monitorLimits } from "./state.ts";

export interface Span {
  fromMs: number;
  toMs: number;
}

/** @param newestMs of the series: what is much older is forgotten */
export function rememberSpan(spans: number[], { fromMs, toMs }: Span, newestMs: number): void {
  spans.push(fromMs, toMs);
  trimSpans(spans, newestMs);
}

/** What was remembered first goes first. */
export function trimSpans(spans: number[], newestMs: number): void {
  const isForgotten = () =>
    spans.length > 2 * monitorLimits.spans || (spans[1] ?? newestMs) < newestMs - coverMs;
  while (spans.length > 0 && isForgotten()) spans.splice(0, 2);
}

export function isInSpans(spans: readonly number[], timeMs: number): boolean {
  for (let at = 0; at < spans.length; at += 2) {
    if (timeMs >= (spans[at] ?? 0) && timeMs <= (spans[at + 1] ?? 0)) return true;
  }
  return false;
}
