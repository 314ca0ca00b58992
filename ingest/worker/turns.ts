import type { Batches } from "./batches.ts";
import { type Bell, createBell, type Pace } from "./pace.ts";

/** Nearer to the end than this the monitor counts as live. */
const liveLagMax = 5_000;
/** The monitor's turns to one of a recorder that stands elsewhere while the monitor catches up. */
const monitorTurns = 3;
/** A last resort: nothing that the monitor does takes so long. */
const turnWaitMsMax = 50;

export interface Turns {
  /** The monitor has folded a batch. */
  monitorFolded(nextOffset: number): void;
  /** It waits for the records, or no longer: the recorder need not wait for it. */
  monitorHeld(isHeld: boolean): void;
  /** Resolves when the recorder may read on from there. */
  recorderTurn(nextOffset: number): Promise<void>;
}

/**
 * Live values first: while the monitor catches up, a recorder at the same place goes along, since
 * it gets the batch decoded; one that stands elsewhere decodes its own and gets a fourth.
 */
export function createTurns(options: {
  batches: Pick<Batches, "has">;
  syncedOffset: () => number;
  pace: Pace;
}): Turns {
  const { batches, syncedOffset, pace } = options;
  const folded: Bell = createBell(pace);
  let monitorOffset = 0;
  let foldedBatches = 0;
  let allowedAt = 0;
  let isMonitorHeld = false;
  return {
    monitorHeld(isHeld) {
      isMonitorHeld = isHeld;
      if (isHeld) folded.ring();
    },
    monitorFolded(nextOffset) {
      monitorOffset = nextOffset;
      foldedBatches += 1;
      if (foldedBatches >= allowedAt || syncedOffset() - nextOffset <= liveLagMax) folded.ring();
    },
    async recorderTurn(nextOffset) {
      // What is decoded already costs no time worth a turn; writing it takes turns of its own.
      if (batches.has(nextOffset)) return;
      await pace.yieldTurn();
      const isLive = syncedOffset() - monitorOffset <= liveLagMax;
      if (isLive || isMonitorHeld || batches.has(nextOffset) || foldedBatches >= allowedAt) {
        allowedAt = foldedBatches + monitorTurns;
        return;
      }
      await folded.wait(turnWaitMsMax);
      allowedAt = foldedBatches + monitorTurns;
    },
  };
}
