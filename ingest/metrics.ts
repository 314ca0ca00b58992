import type { Registry } from "@prometheus-io/client";
import { registerReading } from "../broker/index.ts";
import type { Ingest } from "./ingest.ts";
import type { IngestStatus } from "./worker/status.ts";

type Read = (status: IngestStatus) => number;

const recorderCounts = {
  stored: "Readings stored since start",
  duplicates: "Readings that the store held already, since start",
  collisions: "Readings of a known identity with other values, since start: the first stays",
  rejected: "Readings that the store will never take, since start",
  sensorFault: "Readings flagged as a sensor's fault code, since start",
  implausible: "Readings flagged as implausible, since start",
  clockSuspect: "Readings whose own time was not believed, since start",
  storeFailures: "Writes to the store that failed and were tried again, since start",
} as const satisfies Partial<Record<keyof IngestStatus["recorder"], string>>;

const monitorCounts = {
  effectsApplied: "Effects of rules written to the records, since start",
  deadLetters: "Dead letters since start",
  messagesPublished: "Alert messages published since start",
  checkpoints: "Checkpoints of the monitor's state since start",
} as const satisfies Partial<Record<keyof IngestStatus["monitor"], string>>;

const liveCounts = {
  sent: "Live values sent since start",
  conflated: "Live values that a newer one replaced, since start",
  dropped: "Live values dropped because nobody took them, since start",
} as const satisfies Record<keyof IngestStatus["live"], string>;

const channelsCounts = {
  published: "Messages given to the channels, since start",
  delivered: "Messages that the channels have taken, since start",
  dropped: "Live values that the channels did not take, since start",
  unwatched: "Live values that nobody watched, since start",
  failed: "Alert messages whose sending failed and was tried again, since start",
} as const satisfies Partial<Record<keyof IngestStatus["channels"], string>>;

function counters(
  prefix: string,
  table: Record<string, string>,
  of: (status: IngestStatus) => object,
): [name: string, help: string, read: Read][] {
  return Object.entries(table).map(([key, help]) => [
    `nadi_${prefix}_${snakeCase(key)}_total`,
    help,
    // The keys are those of the tables above, whose values are numbers.
    (status) => (of(status) as Record<string, number>)[key] ?? 0,
  ]);
}

function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Registers ingest's metrics; each is read when somebody asks. */
export function registerIngestMetrics(registry: Registry, ingest: Pick<Ingest, "status">): void {
  const readings: [name: string, help: string, read: Read][] = [
    ...counters("recorder", recorderCounts, (status) => status.recorder),
    ...counters("monitor", monitorCounts, (status) => status.monitor),
    ...counters("live", liveCounts, (status) => status.live),
    ...counters("channels", channelsCounts, (status) => status.channels),
    [
      "nadi_channels_available",
      "1 while live values and alerts go out, 0 while what carries them is away",
      ({ channels }) => Number(channels.awayMs === 0),
    ],
    [
      "nadi_recorder_lag_entries",
      "Entries that are on disk and wait for the recorder",
      ({ recorder }) => recorder.lag,
    ],
    [
      "nadi_monitor_lag_entries",
      "Entries that are on disk and wait for the monitor",
      ({ monitor }) => monitor.lag,
    ],
    [
      "nadi_store_available",
      "1 while the telemetry store takes readings, 0 while it is away",
      ({ recorder }) => Number(recorder.isStoreAvailable),
    ],
    [
      "nadi_partitions_owned",
      "Partitions of the journal that this process records and judges",
      ({ partitions }) => (partitions === null ? 1 : partitions.owned.length),
    ],
    [
      "nadi_partitions_live",
      "Of those, the ones whose monitor has worked off what waited for it to begin",
      ({ state, partitions }) =>
        partitions === null
          ? Number(state === "live")
          : partitions.owned.filter((one) => one.state === "live").length,
    ],
    [
      "nadi_partitions",
      "Partitions that the journal has",
      ({ partitions }) => partitions?.count ?? 1,
    ],
    [
      "nadi_lease_age_seconds",
      "Since the leases of the partitions were last kept; 0 where there are none",
      ({ partitions }) => (partitions?.leaseAgeMs ?? 0) / 1000,
    ],
  ];
  for (const [name, help, read] of readings) {
    registerReading(registry, { name, help, read: () => read(ingest.status()) });
  }
}
