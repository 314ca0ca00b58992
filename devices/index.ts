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
export { codecFor } from "./codecs/catalog.ts";
export type { CodecInput, CodecReject, CodecResult, DecodedReading } from "./codecs/codec.ts";
export { createDeviceCommands } from "./cli/device-commands.ts";
export { UsageError } from "./cli/errors.ts";
export { createKitchenCommands } from "./cli/kitchen-commands.ts";
export { withRegistry } from "./cli/registry-session.ts";
export { runCommandLine } from "./cli/run-command-line.ts";
export { StopStack } from "./cli/stop-stack.ts";
export { createUserCommands } from "./cli/user-commands.ts";
export { devicesConfigSchema, loadDevicesConfig } from "./config.ts";
export { ConfigError, type Environment, loadTogether, parseEnvironment } from "./environment.ts";
export type { ErrorFacts } from "./errors.ts";
export { type EventTime, eventTimeWindow, resolveEventTime } from "./event-time.ts";
export { formatPrincipal, isDeviceId, isSppgId, parsePrincipal } from "./ids.ts";
export { comparePositions, formatPosition } from "./position.ts";
export {
  findReadingType,
  type Reading,
  readingIdentity,
  readingTypes,
  type SeriesRef,
  seriesKey,
} from "./readings.ts";
export {
  decodeRealtimeMessage,
  encodeRealtimeMessage,
  type RealtimeMessage,
} from "./realtime-message.ts";
export { type RecordsWorker, startRecordsWorker } from "./records/records-worker.ts";
export { ChangeFeed } from "./registry/change-feed.ts";
export { registryMigrationsModule } from "./registry/migrations.ts";
export type { AuditEvent, CodecName, DeviceLogin, RegistryChange } from "./registry/model.ts";
export type { Registry } from "./registry/registry.ts";
export { registryServiceModule } from "./registry/service.ts";
export {
  commandTopicPrefix,
  type DeviceTopic,
  deviceTreePrefix,
  parseDeviceTopic,
  presenceTopic,
  telemetryTopic,
} from "./topics.ts";
