/** The door of `broker/`: others import from here and nowhere else. */
export { AuditWriter } from "./audit-writer.ts";
export { type Broker, createBroker } from "./broker.ts";
export { bridgeChannels, type ChannelBridge } from "./channels/bridge.ts";
export type {
  ChannelMessage,
  ChannelPublisher,
  ChannelPublisherCounts,
  ChannelSubscriber,
  CountedChannelPublisher,
  CountedChannelSubscriber,
} from "./channels/channels.ts";
export {
  type Channels,
  joinChannels,
  openChannelPublisher,
  openChannels,
  type PublisherEnd,
  publisherEnd,
} from "./channels/open-channels.ts";
export { connectChannelPublisher } from "./channels/port-publisher.ts";
export type { ChannelsLog } from "./channels/redis-connection.ts";
export { connectChannelSubscriber } from "./channels/port-subscriber.ts";
export { loadClusterConfig } from "./cluster/config.ts";
export { createExportAclCommand } from "./cluster/export-acl.ts";
export { checkTlsPair, loadBrokerConfig } from "./config.ts";
export { serveConformance } from "./conformance.ts";
export { createJournalCommands } from "./journal/commands.ts";
export type { ConnectionOrigin } from "./edge/connection.ts";
export type { PresenceChange } from "./edge/presence.ts";
export type { Delivery, Message } from "./edge/session.ts";
export {
  type JournalConfig,
  loadJournalConfig,
  type RedisJournalConfig,
} from "./journal/config.ts";
export { type CopiedJournal, type JournalCopy, openJournalCopy } from "./journal/copy.ts";
export { emptyAnnouncement, type JournalAnnouncement } from "./journal/announcement.ts";
export { crashPointFrom, type CrashPointHook } from "./journal/crash-points.ts";
export { type FileJournal, openFileJournal } from "./journal/file-journal.ts";
export {
  type JournalDamage,
  type JournalFollower,
  type JournalFollowerOptions,
  openJournalFollower,
} from "./journal/follower.ts";
export type {
  AppendDone,
  Journal,
  JournalBatch,
  JournalCondition,
  JournalEntry,
} from "./journal/journal.ts";
export type { RedisDurability } from "./journal/redis/durability.ts";
export type {
  JournalAppender,
  PartitionedJournal,
  PartitionJournal,
  RedisJournalOptions,
} from "./journal/redis/partitioned-journal.ts";
export { openRedisJournal } from "./journal/redis/open-redis-journal.ts";
export { partitionOf } from "./journal/redis/partitions.ts";
export { registerReading } from "./metric-readings.ts";
export { registerBrokerMetrics } from "./metrics.ts";
export { shareOpenFiles } from "./open-files.ts";
export {
  journalDirectory,
  openServedJournal,
  openServedRedisJournal,
} from "./open-journal.ts";
export { type AuditSink, type LoginSource, noLogins, type PersonSession } from "./ports.ts";
export { type BrokerCheck, brokerChecks } from "./readiness.ts";
export { openPeers } from "./peers/open-peers.ts";
export type { Peers } from "./peers/peers.ts";
export {
  type PeopleEdge,
  serveBroker,
  servePeopleEdge,
  showAllDevices,
} from "./serve-broker.ts";
export { requireRedisJournal } from "./require-redis-journal.ts";
export { serveJournal } from "./serve-journal.ts";
export { type TimedJournal, Timekeeper, type TimekeeperOptions } from "./timekeeper.ts";
