import { type ConsumersStatus, type ConsumerStatus, startingStatus } from "../worker/status.ts";

type Recorder = ConsumersStatus["recorder"];
type Monitor = ConsumersStatus["monitor"];

const { channels: _channels, partitions: _partitions, ...none } = startingStatus;

export const noConsumers: ConsumersStatus = Object.freeze(none);

/** Sums; of what is true or not, the worse. The state is the first one's. */
export function addStatus(a: ConsumersStatus, b: ConsumersStatus): ConsumersStatus {
  return {
    state: a.state,
    recorder: addRecorder(a.recorder, b.recorder),
    monitor: addMonitor(a.monitor, b.monitor),
    batches: a.batches + b.batches,
    live: {
      sent: a.live.sent + b.live.sent,
      conflated: a.live.conflated + b.live.conflated,
      dropped: a.live.dropped + b.live.dropped,
    },
  };
}

/** What stays of one that has ended: what it has done, and not where it stood. */
export function countsOf(status: ConsumersStatus): ConsumersStatus {
  const nowhere = { nextOffset: 0, lag: 0, committedOffset: 0, isStalled: false };
  return {
    ...status,
    recorder: { ...status.recorder, ...nowhere, pending: 0, isStoreAvailable: true },
    monitor: { ...status.monitor, ...nowhere, effectsPending: 0 },
  };
}

function addConsumer(a: ConsumerStatus, b: ConsumerStatus): ConsumerStatus {
  return {
    nextOffset: a.nextOffset + b.nextOffset,
    lag: a.lag + b.lag,
    committedOffset: a.committedOffset + b.committedOffset,
    isStalled: a.isStalled || b.isStalled,
  };
}

function addRecorder(a: Recorder, b: Recorder): Recorder {
  return {
    ...addConsumer(a, b),
    stored: a.stored + b.stored,
    duplicates: a.duplicates + b.duplicates,
    collisions: a.collisions + b.collisions,
    rejected: a.rejected + b.rejected,
    sensorFault: a.sensorFault + b.sensorFault,
    implausible: a.implausible + b.implausible,
    clockSuspect: a.clockSuspect + b.clockSuspect,
    writes: a.writes + b.writes,
    storeFailures: a.storeFailures + b.storeFailures,
    pending: a.pending + b.pending,
    isStoreAvailable: a.isStoreAvailable && b.isStoreAvailable,
  };
}

function addMonitor(a: Monitor, b: Monitor): Monitor {
  return {
    ...addConsumer(a, b),
    checkpoints: a.checkpoints + b.checkpoints,
    effectsApplied: a.effectsApplied + b.effectsApplied,
    effectsPending: a.effectsPending + b.effectsPending,
    deadLetters: a.deadLetters + b.deadLetters,
    messagesPublished: a.messagesPublished + b.messagesPublished,
  };
}
