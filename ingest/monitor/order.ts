/**
 * Where a reading stands in its series. A device may send its time only sometimes, and its clock
 * and the host's may be hours apart, so that the two sorts of reading are ordered apart: one with a
 * time against the newest that had one, one without by its arrival. Between the two sorts counts
 * what has passed since on the even clock, which no step of a clock moves.
 */
import { flagBits, type JournaledReading } from "../decode/decoded.ts";
import type { Episode, Fold, Series, TimedWatermark } from "./state.ts";

export const faulty = flagBits.sensorFault | flagBits.implausible;

/** The newest reading is `newer`; a resend of that very reading is `same`. */
export type Order = "newer" | "same" | "late";

export interface Place {
  /** Rule time. */
  timeMs: number;
  /** -1 for a reading without time of its own. */
  seq: number;
  order: Order;
}

/** Finds the place, and moves the series over to the reading's sort of time if that is newest. */
export function placeReading(fold: Fold, series: Series, reading: JournaledReading): Place {
  const evenMs = fold.monotonicMs + series.shiftMs;
  if (reading.originalTimeMs === null) {
    series.timed ??= timedOf(series);
    return { timeMs: evenMs, seq: -1, order: "newer" };
  }
  const { eventTimeMs: timeMs } = reading;
  const seq = reading.seq ?? 0;
  const { timed } = series;
  const order = orderOf(timed ?? series, timeMs, seq);
  if (order !== "newer" || timed === null) return { timeMs, seq, order };
  if ((reading.flags & faulty) !== 0) {
    const newest = { timeMs: timed.faultTimeMs, seq: timed.faultSeq };
    // A fault moves no watermark but its own: one that was counted before is no news.
    if (orderOf(newest, timeMs, seq) !== "newer") return { timeMs, seq, order: "same" };
  }
  realign(series, { timed, timeMs, byMs: timeMs - evenMs });
  return { timeMs, seq, order };
}

/** 0, before whatever a device sends, where nothing with a time has been seen yet. */
function timedOf({ timeMs, seq, faultTimeMs, faultSeq }: Series): TimedWatermark {
  return { timeMs: Math.max(0, timeMs), seq, faultTimeMs: Math.max(0, faultTimeMs), faultSeq };
}

function orderOf(newest: { timeMs: number; seq: number }, timeMs: number, seq: number): Order {
  if (timeMs !== newest.timeMs) return timeMs > newest.timeMs ? "newer" : "late";
  if (seq === newest.seq) return "same";
  return seq > newest.seq ? "newer" : "late";
}

/**
 * A reading with a time follows one without: what was timed by arrival moves over to the device's
 * own time, and whatever is being counted goes on as it stands. Without trouble it moves by the
 * delay of the network; with a wrong clock on either side by hours, and no duration with it.
 */
function realign(
  series: Series,
  { timed, timeMs, byMs }: { timed: TimedWatermark; timeMs: number; byMs: number },
): void {
  series.timed = null;
  series.shiftMs += byMs;
  series.timeMs += byMs;
  if (series.faultSeq === -1) series.faultTimeMs += byMs;
  if (timed.faultTimeMs > series.faultTimeMs) {
    series.faultTimeMs = timed.faultTimeMs;
    series.faultSeq = timed.faultSeq;
  }
  for (const held of series.held) {
    if (held.seq === -1) held.timeMs += byMs;
  }
  for (const episode of series.episodes ?? []) {
    if (episode !== null) realignEpisode(episode, timeMs, byMs);
  }
}

function realignEpisode(episode: Episode, timeMs: number, byMs: number): void {
  const moved = (ms: number | null): number | null => (ms === null ? null : ms + byMs);
  episode.brokenSinceMs = moved(episode.brokenSinceMs);
  episode.brokenUntilMs = moved(episode.brokenUntilMs);
  episode.clearSinceMs = moved(episode.clearSinceMs);
  episode.heldUntilMs = moved(episode.heldUntilMs);
  for (let at = 0; at < episode.samples.length; at += 2) {
    episode.samples[at] = (episode.samples[at] ?? 0) + byMs;
  }
  // What alerts cover stays where it is; only nothing of it may lie ahead.
  if (episode.alert !== null && episode.toMs === null) {
    episode.fromMs = Math.min(episode.fromMs, timeMs);
  } else if (episode.toMs !== null && episode.toMs > timeMs) {
    episode.fromMs += byMs;
    episode.toMs += byMs;
  }
  realignSpans(episode.past, timeMs, byMs);
  realignSpans(episode.judged, timeMs, byMs);
}

function realignSpans(spans: number[], timeMs: number, byMs: number): void {
  for (let at = 0; at < spans.length; at += 2) {
    if ((spans[at + 1] ?? timeMs) <= timeMs) continue;
    spans[at] = (spans[at] ?? 0) + byMs;
    spans[at + 1] = (spans[at + 1] ?? 0) + byMs;
  }
}
