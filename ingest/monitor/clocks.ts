import type { DecodedEntry } from "../decode/decoded.ts";

/**
 * More than this between two entries is not listening: while Nadi runs, an idle second has its
 * tick, so a longer pause means that Nadi itself was away, and nobody's silence counts.
 */
export const listeningGapMsMax = 5_000;

/**
 * Every clock of the monitor, all told by the journal. Received times jump where the host's clock
 * was stepped; `clock` entries say by how much, so what is left without the steps runs evenly.
 */
export interface Clocks {
  /** The sum of all clock steps. */
  stepSumMs: number;
  /** Received time without the steps; never runs backwards. `null` before the first entry. */
  monotonicMs: number | null;
  /** For how long Nadi has been there to hear devices, since the first entry of all. */
  listeningMs: number;
}

export const initialClocks: Readonly<Clocks> = {
  stepSumMs: 0,
  monotonicMs: null,
  listeningMs: 0,
};

/** Moves the clocks on to an entry's time. */
export function advanceClocks(clocks: Clocks, entry: DecodedEntry): void {
  if (entry.kind === "clock") clocks.stepSumMs += entry.stepMs;
  const before = clocks.monotonicMs;
  const now = entry.receivedTimeMs - clocks.stepSumMs;
  if (before === null) {
    clocks.monotonicMs = now;
    return;
  }
  const passedMs = now - before;
  if (passedMs <= 0) return;
  clocks.monotonicMs = now;
  clocks.listeningMs += Math.min(passedMs, listeningGapMsMax);
}
