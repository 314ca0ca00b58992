import type { MessagePort } from "node:worker_threads";
import type { PublisherEnd, RedisJournalOptions } from "../../broker/index.ts";
import type { IngestConfig } from "../config.ts";

/** Where the journal is, and how it is divided. */
export type PartitionedJournalPlace = Pick<
  RedisJournalOptions,
  "url" | "partitions" | "isWeakAccepted"
>;

/** All that the thread is handed; the ports are transferred. */
export interface PartitionsStart {
  dataDir: string;
  journal: PartitionedJournalPlace;
  config: IngestConfig;
  /** As `KeepRequest` says it. */
  isAlone: boolean;
  recordsPort: MessagePort;
  channels: PublisherEnd;
  crashPointSetting: string | null;
  /** The newest change of the registry that was heard of. */
  changeSeq: number;
}

/** What the main thread says. */
export type ToPartitions =
  | { kind: "change"; changeSeq: number }
  /** Of one kitchen, or of all that the process has. */
  | { kind: "flush"; id: number; sppgId: string | null }
  | { kind: "snapshot"; id: number; sppgId: string }
  | { kind: "stop" };
