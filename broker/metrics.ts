import type { Registry } from "@prometheus-io/client";
import { roles } from "../devices/index.ts";
import type { Broker } from "./broker.ts";
import { registerClusterMetrics } from "./cluster/metrics.ts";
import type { CountedChannelSubscriber } from "./channels/channels.ts";
import type { FileJournal } from "./journal/file-journal.ts";
import type { PartitionedJournal, RedisJournalStats } from "./journal/redis/partitioned-journal.ts";
import type { JournalStats } from "./journal/stats.ts";
import { type MetricReading, registerLabelledCounter, registerReading } from "./metric-readings.ts";
import type { Peers } from "./peers/peers.ts";

function brokerReadings({ edge }: Broker): MetricReading[] {
  const { counters, sessions } = edge;
  return [
    {
      name: "nadi_mqtt_connections",
      help: "Open MQTT connections, signed in or not",
      read: () => edge.connectionCount,
    },
    {
      name: "nadi_mqtt_devices_online",
      help: "Devices with at least one connection",
      read: () => edge.onlineCount,
    },
    {
      name: "nadi_mqtt_sessions",
      help: "MQTT sessions in memory, of clients here or away",
      read: () => sessions.count,
    },
    {
      name: "nadi_mqtt_accepted_total",
      help: "Connections accepted since start",
      read: () => counters.accepted,
    },
    {
      name: "nadi_mqtt_signed_in_total",
      help: "Connections that have signed in since start",
      read: () => counters.signedIn,
    },
    {
      name: "nadi_mqtt_published_total",
      help: "PUBLISH packets taken since start",
      read: () => counters.received,
    },
    {
      name: "nadi_mqtt_journaled_total",
      help: "PUBLISH packets that are on disk since start",
      read: () => counters.journaled,
    },
    {
      name: "nadi_mqtt_under_way_bytes",
      help: "Bytes handed to the journal and not on disk yet",
      read: () => edge.backlog.bytes,
    },
    {
      name: "nadi_mqtt_delivered_total",
      help: "Messages sent to subscribers since start",
      read: () => sessions.counters.delivered,
    },
    {
      name: "nadi_mqtt_dropped_congested_total",
      help: "QoS 0 messages dropped because their client did not read",
      read: () => sessions.counters.droppedCongested,
    },
    {
      name: "nadi_mqtt_dropped_expired_total",
      help: "Commands whose time was over before their device took them",
      read: () => sessions.counters.droppedExpired,
    },
    {
      name: "nadi_mqtt_dropped_queue_full_total",
      help: "QoS 1 and 2 messages dropped because their session's queue was full",
      read: () => sessions.counters.droppedQueueFull,
    },
  ];
}

function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Counters of the journal that an operator should see; each is 0 on a healthy machine. */
const journalFaults = {
  fences: "Files that failed to write or sync and were fenced",
  withheld: "Attempts to write that ended with acknowledgements withheld",
  damagedRecords: "Records that could not be read any more",
  tailsCut: "Torn ends of files that were cut at a start",
  segmentsQuarantined: "Files that were set aside as damaged",
  quarantineFailures: "Copies of damage that could not be kept",
  cursorsBeyondEnd: "Cursors that pointed beyond the last entry",
  cursorsReset: "Cursors without a whole slot, begun anew",
  clockSteps: "Steps of the wall clock",
  unlinkFailures: "Files that should be gone and could not be removed",
} as const satisfies Partial<Record<keyof JournalStats, string>>;

function openReading(journal: { readonly condition: { kind: string } }): MetricReading {
  return {
    name: "nadi_journal_open",
    help: "1 while acknowledgements are given, 0 while they are withheld",
    read: () => (journal.condition.kind === "open" ? 1 : 0),
  };
}

/** Counters of the journal on Redis that an operator should see. */
const redisCounters = {
  entriesAppended: "Entries that Redis has made durable since start",
  bytesAppended: "Bytes of these entries",
  roundsAppended: "Syncs that were waited for: each brings entries to all their partitions",
  batchesRepeated: "Batches sent again because their first answer was lost",
  batchesKnown: "Of those, what Redis had stored already",
  withheld: "Times that acknowledgements began to be withheld",
  damagedBatches: "Batches whose checksum failed when they were read",
  clockSteps: "Steps of Redis' wall clock",
  reconnects: "Connections made again since start",
} as const satisfies Partial<Record<keyof RedisJournalStats, string>>;

function redisJournalReadings(journal: PartitionedJournal): MetricReading[] {
  return [
    openReading(journal),
    {
      name: "nadi_journal_weak",
      help: "1 while Redis may lose what was acknowledged (NADI_ACCEPT_WEAK_JOURNAL=yes), else 0",
      read: () => Number(journal.durability.kind === "weak"),
    },
    {
      name: "nadi_journal_pending_entries",
      help: "Entries that wait for Redis",
      read: () => journal.stats().entriesPending,
    },
    {
      name: "nadi_journal_append_seconds_total",
      help: "Time waited for Redis' syncs; with the rounds it gives the mean",
      read: () => journal.stats().appendMsTotal / 1000,
    },
    ...Object.entries(redisCounters).map(([key, help]) => ({
      name: `nadi_journal_${snakeCase(key)}_total`,
      help,
      // The keys are those of the table above.
      read: () => journal.stats()[key as keyof typeof redisCounters],
    })),
  ];
}

function journalReadings(journal: FileJournal): MetricReading[] {
  return [
    {
      name: "nadi_journal_synced_offset",
      help: "Last offset on disk",
      read: () => journal.syncedOffset,
    },
    {
      name: "nadi_journal_first_offset",
      help: "First offset that has not been trimmed",
      read: () => journal.firstOffset,
    },
    openReading(journal),
    {
      name: "nadi_journal_bytes",
      help: "Bytes of the journal on disk",
      read: () => journal.stats().bytesOnDisk,
    },
    ...Object.entries(journalFaults).map(([key, help]) => ({
      name: `nadi_journal_${snakeCase(key)}_total`,
      help,
      // The keys are those of the table above.
      read: () => journal.stats()[key as keyof typeof journalFaults],
    })),
  ];
}

function anyJournalReadings(journal: FileJournal | PartitionedJournal): MetricReading[] {
  return "partitions" in journal ? redisJournalReadings(journal) : journalReadings(journal);
}

/** What a process does not have is `null`. */
export interface MetricsParts {
  broker: Broker | null;
  journal: FileJournal | PartitionedJournal | null;
  audit: { readonly dropped: number };
  channels: Pick<CountedChannelSubscriber, "awaySinceMs" | "counts"> | null;
  peers: Peers | null;
}

function peersReadings(peers: Peers): MetricReading[] {
  return [
    {
      name: "nadi_peers_available",
      help: "1 while other processes can be reached, 0 while what joins them is away",
      read: () => Number(peers.awaySinceMs === null),
    },
    ...roles.map((role) => ({
      name: `nadi_peers_${role}s`,
      help: `Other processes that live and have the role ${role}`,
      read: () => peers.nodes.all().filter((node) => node.roles.includes(role)).length,
    })),
    ...Object.entries(peersCounters).map(([key, help]) => ({
      name: `nadi_peers_${snakeCase(key)}_total`,
      help,
      // The keys are those of the table below.
      read: () => peers.counts[key as keyof typeof peersCounters],
    })),
  ];
}

const peersCounters = {
  told: "Messages told to other processes since start",
  untold: "Messages that could not be told because what carries them was away, since start",
  refused: "Messages of other processes that could not be understood, since start",
  calls: "Calls of other processes since start",
  served: "Calls of other processes that were answered, since start",
} as const satisfies Partial<Record<keyof Peers["counts"], string>>;

function channelsReadings(channels: NonNullable<MetricsParts["channels"]>): MetricReading[] {
  return [
    {
      name: "nadi_live_view_available",
      help: "1 while this process hears live values and alerts, 0 while what brings them is away",
      read: () => Number(channels.awaySinceMs === null),
    },
    {
      name: "nadi_live_view_delivered_total",
      help: "Messages heard from the channels since start",
      read: () => channels.counts.delivered,
    },
    {
      name: "nadi_live_view_gaps_total",
      help: "Times that messages may have been missed and pages were made to read anew",
      read: () => channels.counts.gaps,
    },
  ];
}

/** Registers the broker's and the journal's metrics. */
export function registerBrokerMetrics(registry: Registry, parts: MetricsParts): void {
  const { broker, journal, audit, channels, peers } = parts;
  const readings = [
    ...(broker === null ? [] : brokerReadings(broker)),
    ...(journal === null ? [] : anyJournalReadings(journal)),
    ...(channels === null ? [] : channelsReadings(channels)),
    ...(peers === null ? [] : peersReadings(peers)),
    {
      name: "nadi_audit_dropped_total",
      help: "Audit events lost because their table was not writable",
      read: () => audit.dropped,
    },
  ];
  for (const reading of readings) registerReading(registry, reading);
  if (broker !== null) registerRefusals(registry, broker);
  const cluster = broker?.cluster ?? null;
  if (cluster !== null) registerClusterMetrics(registry, cluster);
}

function registerRefusals(registry: Registry, { edge }: Broker): void {
  registerLabelledCounter(registry, {
    name: "nadi_mqtt_refused_total",
    help: "Refusals since start, by reason",
    label: "reason",
    read: () => edge.refusals.counts,
  });
}
