/**
 * The second door of `devices/`: what a browser may import. Nothing that is reachable from here
 * imports a `node:` module or the full zod.
 */
export {
  alertAddress,
  channelToTopic,
  documentIdPattern,
  formatChannel,
  formatRealtimeTopic,
  liveAddress,
  parseChannel,
  parseRealtimeTopic,
  realtimeAddress,
  realtimeDomains,
  realtimeTypes,
  topicToChannel,
} from "./channels.ts";
export type {
  AlertAddress,
  LiveAddress,
  RealtimeAddress,
  RealtimeDomain,
  RealtimeType,
} from "./channels.ts";
export { type EventTime, eventTimeWindow, resolveEventTime } from "./event-time.ts";
export {
  deviceIdPattern,
  deviceIdSchema,
  formatPrincipal,
  isDeviceId,
  isSppgId,
  parsePrincipal,
  sppgIdPattern,
  sppgIdSchema,
} from "./ids.ts";
export type { Principal } from "./ids.ts";
export { comparePositions, formatPosition, positionPattern } from "./position.ts";
export {
  channelPattern,
  defaultChannel,
  findReadingType,
  isReadingName,
  readingFlags,
  readingNames,
  readingSchema,
  readingTypes,
  seriesKey,
} from "./readings.ts";
export type {
  FieldType,
  Reading,
  ReadingFlag,
  ReadingName,
  ReadingType,
  SeriesRef,
  Unit,
} from "./readings.ts";
export {
  alertConditions,
  alertLimitSchema,
  alertResponses,
  alertSchema,
  alertSeverities,
  collaborationSchema,
  decodeRealtimeMessage,
  encodeRealtimeMessage,
  liveReadingSchema,
  messageCharsMax,
  notificationSchema,
  realtimeMessageSchema,
} from "./realtime-message.ts";
export type {
  AlertData,
  DecodedMessage,
  EncodedMessage,
  LiveReading,
  MessageFailure,
  RealtimeMessage,
  RealtimeMessageType,
} from "./realtime-message.ts";
export { firstTopic, kindFacts } from "./registry/kinds.ts";
export {
  codecNames,
  deviceKinds,
  devicePlaces,
  kitchenTimeZones,
  userRoles,
} from "./registry/model.ts";
export type { CodecName, DeviceKind, DevicePlace, KitchenTimeZone } from "./registry/model.ts";
export {
  commandTopicPrefix,
  deviceTreePrefix,
  parseDeviceTopic,
  presenceTopic,
  telemetryTopic,
  topicLevelsMax,
  topicWords,
} from "./topics.ts";
export type { DeviceTopic, DeviceTree } from "./topics.ts";
