import type { ChannelPublisherCounts, CountedChannelPublisher } from "../../broker/index.ts";
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

/** What carries live values and alerts, as their publisher sees it. */
export interface ChannelsStatus extends ChannelPublisherCounts {
  /** For how long it has been lost; 0 while it is there. */
  awayMs: number;
}

/** All that the worker tells of itself. */
export interface IngestStatus extends ConsumersStatus {
  channels: ChannelsStatus;
  /**
   * Of a partitioned journal; then counts are of all partitions that were ever owned, lags and
   * offsets sums over those that are. `null`: the journal has one part, and this process it.
   */
  partitions: PartitionsStatus | null;
}

/** Which partitions this process owns, and how it stands with the others. */
export interface PartitionsStatus {
  /** Of the journal. */
  count: number;
  owned: readonly PartitionStatus[];
  /** So many are to come: others still have them, or have died a moment ago. */
  missing: number;
  /** Ingest processes that share the records, with this one. */
  liveProcesses: number;
  /** Since the leases were last kept. */
  leaseAgeMs: number;
  /** What an acknowledgement means, in a sentence. */
  durability: string;
  /** The journal answers. */
  isJournalAvailable: boolean;
}

export interface PartitionStatus {
  partition: number;
  epoch: number;
  state: ConsumersStatus["state"];
  recorderLag: number;
  monitorLag: number;
}

/** Plain numbers since the start of the worker, for readiness and metrics. */
export interface ConsumersStatus {
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
  channels: { published: 0, delivered: 0, dropped: 0, unwatched: 0, failed: 0, awayMs: 0 },
  partitions: null,
};

export function channelsStatus(
  { counts, awaySinceMs }: CountedChannelPublisher,
  nowMs: number,
): ChannelsStatus {
  const awayMs = awaySinceMs === null ? 0 : Math.max(1, Math.round(nowMs - awaySinceMs));
  return { ...counts, awayMs };
}

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
