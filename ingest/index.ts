/** The door of `ingest/`: others import from here and nowhere else. */
export { createBackupCommands } from "./backup/commands.ts";
export type {
  AlertQuery,
  AlertRow,
  DeadLetter,
  DeadLetterCount,
  Desk,
  IngestRecords,
  OutboxMessage,
  UnknownChild,
} from "./desk/desk.ts";
export { deadLettersKeptMax } from "./desk/dead-letters.ts";
export { deskServiceModule } from "./desk/desk-service.ts";
export { ingestServiceModule } from "./desk/ingest-service.ts";
export { ingestMigrationsModule } from "./desk/migrations.ts";
export { flagBits, type JournaledReading } from "./decode/decoded.ts";
export { type IngestConfig, loadIngestConfig } from "./config.ts";
export { ingestErrors } from "./errors.ts";
export { registerIngestMetrics } from "./metrics.ts";
export { ingestChecks } from "./readiness.ts";
export { type Ingest, type IngestOptions, startIngest } from "./ingest.ts";
export {
  type PartitionedIngestOptions,
  startPartitionedIngest,
} from "./partitioned-ingest.ts";
export type { IngestExit } from "./worker-link.ts";
export type { DeviceTraffic, KitchenSnapshot, LatestReading } from "./monitor/monitor.ts";
export { historyPlace, readingsDirectory } from "./readings-directory.ts";
export { findRuleFaults } from "./rules/check-rule.ts";
export type { RulePreview, RulePreviewQuery } from "./preview/preview.ts";
export { type Rule, ruleSchema, type RuleVersion } from "./rules/rule.ts";
export { requireOneJournal } from "./require-one-journal.ts";
export { serveHistory, serveIngest } from "./serve-ingest.ts";
export { askKitchens, type KitchenQueries, serveKitchens } from "./shared-kitchens.ts";
export { type HistoryThread, startHistory } from "./store/history-thread.ts";
export type {
  Bucket,
  BucketAnswer,
  BucketQuery,
  Fix,
  History,
  LatestValue,
  RawPlace,
  RawQuery,
  RawRow,
  SeriesQuery,
  TelemetryStore,
  TrackQuery,
  WriteOutcome,
} from "./store/store.ts";
export { createStoreCommands } from "./store-commands.ts";
export type { IngestStatus, PartitionsStatus } from "./worker/status.ts";
