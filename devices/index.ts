/**
 * The door of `devices/` for programs on Node: others import from here and nowhere else. What a
 * browser may import stands in `browser.ts`.
 */
export {
  type Command,
  type CommandContext,
  exitCodes,
  type ParsedArguments,
} from "./cli/command.ts";
export {
  alertAddress,
  channelToTopic,
  formatChannel,
  formatRealtimeTopic,
  kitchenChannels,
  liveAddress,
  parseChannel,
  parseRealtimeTopic,
  realtimeDomains,
  topicToChannel,
} from "./channels.ts";
export { codecFor } from "./codecs/catalog.ts";
export type { CodecInput, CodecReject, CodecResult, DecodedReading } from "./codecs/codec.ts";
export { createBenchCommand } from "./cli/bench-command.ts";
export { createDeviceCommands } from "./cli/device-commands.ts";
export { UsageError } from "./cli/errors.ts";
export { describeLogin } from "./cli/first-operator.ts";
export { createKitchenCommands } from "./cli/kitchen-commands.ts";
export { createServiceLog } from "./cli/log.ts";
export { createRecordsCommands } from "./cli/records-commands.ts";
export { withRegistry, withStoredRegistry } from "./cli/registry-session.ts";
export { runCommandLine } from "./cli/run-command-line.ts";
export {
  type RunningService,
  runService,
  stopSignals,
  type Watchable,
  watchWorkers,
} from "./cli/run-service.ts";
export { planRoles, type Role, type RolePlan, roles } from "./cli/roles.ts";
export { createServeCommand, type ServeWords } from "./cli/serve-command.ts";
export type { ServeParts } from "./cli/serve-parts.ts";
export { startBeside } from "./cli/start-beside.ts";
export { StopStack } from "./cli/stop-stack.ts";
export { alignColumns } from "./cli/text.ts";
export { createUserCommands } from "./cli/user-commands.ts";
export { welcome, welcomeRoles } from "./cli/welcome.ts";
export {
  devicesConfigSchema,
  loadDevicesConfig,
  type MqttAddress,
  mqttAddressOf,
  mqttUrlSchema,
} from "./config.ts";
export {
  type ConfiguredListener,
  explainListenError,
  readConfiguredFile,
  useTlsFiles,
} from "./configured-places.ts";
export { ConfigError, type Environment, loadTogether, parseEnvironment } from "./environment.ts";
export type { ErrorFacts } from "./errors.ts";
export { type EventTime, eventTimeWindow, resolveEventTime } from "./event-time.ts";
export { formatPrincipal, isDeviceId, isSppgId, parsePrincipal } from "./ids.ts";
export { comparePositions, formatPosition } from "./position.ts";
export {
  channelPattern,
  findReadingType,
  isReadingName,
  type Reading,
  type ReadingFlag,
  type ReadingName,
  readingFlags,
  readingIdentity,
  readingNames,
  readingTypes,
  type SeriesRef,
  seriesKey,
} from "./readings.ts";
export {
  type AlertData,
  alertConditions,
  alertLimitSchema,
  alertResponses,
  alertSchema,
  alertSeverities,
  decodeRealtimeMessage,
  encodeRealtimeMessage,
  type LiveReading,
  liveReadingSchema,
  messageCharsMax,
  type RealtimeMessage,
} from "./realtime-message.ts";
export { callRecords, type RecordsConnection } from "./records/call-records.ts";
export { acquireDataLock, type DataLock } from "./records/data-lock.ts";
export { CodedError } from "./records/errors.ts";
export { identityColumn, identityType, type Migration } from "./records/migrations.ts";
export { type RecordsWorker, startRecordsWorker } from "./records/records-worker.ts";
export {
  type Records,
  type RecordsDialect,
  recordsPath,
  tablesOf,
  writeTransaction,
} from "./records/records.ts";
export { refuseUnfinishedRestore, unfinishedRestoreName } from "./records/unfinished-restore.ts";
export {
  appendChange,
  type ChangeNote,
  recordChange,
  type RegistryContext,
  type WallClock,
} from "./registry/changes.ts";
export { ChangeFeed } from "./registry/change-feed.ts";
export { deviceRevoked, inputInvalid, kitchenUnknown, versionStale } from "./registry/errors.ts";
export { firstTopic } from "./registry/kinds.ts";
export { registryMigrationsModule } from "./registry/migrations.ts";
export {
  codecNames,
  deviceKinds,
  devicePlaces,
  kitchenTimeZones,
  userRoles,
} from "./registry/model.ts";
export type {
  AuditEvent,
  CodecName,
  Device,
  DeviceKind,
  DeviceLogin,
  DevicePlace,
  Kitchen,
  KitchenTimeZone,
  RegistryChange,
  StoredAuditEvent,
  User,
  UserRole,
} from "./registry/model.ts";
export type { Actor, AuditPlace, AuditQuery, IssuedSecret, Registry } from "./registry/registry.ts";
export { hashPassword, unmatchableHash, verifyPassword } from "./registry/secrets.ts";
export { serveChanges } from "./registry/serve-changes.ts";
export { registryServiceModule } from "./registry/service.ts";
export {
  commandTopicPrefix,
  type DeviceTopic,
  deviceTreePrefix,
  parseDeviceTopic,
  presenceTopic,
  telemetryTopic,
} from "./topics.ts";
