import { noRecorderCounts, type RecorderCounts } from "./recorder.ts";

/** Where a consumer stands in the journal. */
export interface ConsumerStatus {
  /** The next entry that it has not dealt with. */
  nextOffset: number;
  /** Entries that are synced and wait for it. */
  lag: number;
  /** What a crash would make it begin with. */
  committedOffset: number;
  /** Entries wait, and it has not moved for `stalledAfterMs`. */
  isStalled: boolean;
}

/** Plain numbers since the start of the worker, for readiness and metrics. */
export interface IngestStatus {
  /** `replaying`: the monitor has not reached yet what was synced when it started. */
  state: "starting" | "replaying" | "live" | "stopped";
  recorder: ConsumerStatus & RecorderCounts & { pending: number; isStoreAvailable: boolean };
  monitor: ConsumerStatus & {
    checkpoints: number;
    effectsApplied: number;
    effectsPending: number;
    deadLetters: number;
    messagesPublished: number;
  };
  /** Batches that were decoded; both consumers share most of them. */
  batches: number;
  live: { sent: number; conflated: number; dropped: number };
}

/** A store or records that are away this long are told to people, by readiness. */
export const stalledAfterMs = 30_000;

const noConsumer: ConsumerStatus = { nextOffset: 0, lag: 0, committedOffset: 0, isStalled: false };

export const startingStatus: IngestStatus = {
  state: "starting",
  recorder: {
    ...noConsumer,
    ...noRecorderCounts,
    pending: 0,
    isStoreAvailable: true,
  },
  monitor: {
    ...noConsumer,
    checkpoints: 0,
    effectsApplied: 0,
    effectsPending: 0,
    deadLetters: 0,
    messagesPublished: 0,
  },
  batches: 0,
  live: { sent: 0, conflated: 0, dropped: 0 },
};

/** Tells a consumer that stands still from one that has nothing to do. */
export function createWatchdog(
  nowMs: number,
): (at: { nowMs: number; nextOffset: number; lag: number }) => boolean {
  let movedAtMs = nowMs;
  let lastOffset = -1;
  return ({ nowMs: atMs, nextOffset, lag }) => {
    if (nextOffset !== lastOffset || lag === 0) {
      lastOffset = nextOffset;
      movedAtMs = atMs;
    }
    return atMs - movedAtMs >= stalledAfterMs;
  };
}
