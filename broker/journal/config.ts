import * as z from "zod";
import { type Environment, parseEnvironment } from "../../devices/index.ts";
import { redisUrl } from "../redis-url.ts";
import { fileJournalDefaults } from "./file-journal.ts";

const bytes = z.coerce.number().int().min(0);

/** One script appends to all of them at once. */
const partitionsMax = 256;

/** Every variable of the journal, with its default. */
export const journalConfigShape = {
  NADI_JOURNAL: z
    .enum(["file", "redis"])
    .default("file")
    .describe(
      "Where acknowledged readings are kept first: file (segment files in NADI_DATA_DIR) or " +
        "redis (Redis Streams at NADI_JOURNAL_REDIS_URL, for several processes)",
    ),
  NADI_JOURNAL_REDIS_URL: redisUrl
    .optional()
    .describe(
      "Redis 7.0 or newer that holds the journal, with appendonly yes, appendfsync always and " +
        "maxmemory-policy noeviction; a server of its own, not the one of NADI_REDIS_URL",
    ),
  NADI_JOURNAL_PARTITIONS: z.coerce
    .number("must be a number")
    .int("must be a whole number")
    .min(1, "must be 1 or more")
    .max(partitionsMax, `must be ${partitionsMax} or less`)
    .default(16)
    .describe(
      "Parts of the journal on Redis, each worked on by one ingest process; " +
        "fixed by the first start",
    ),
  NADI_ACCEPT_WEAK_JOURNAL: z
    .enum(["yes", "no"])
    .default("no")
    .describe(
      "`yes` acknowledges although the journal's Redis may lose what it has taken; /readyz says so",
    ),
  NADI_MAX_JOURNAL_BYTES: bytes
    .min(1)
    .default(fileJournalDefaults.journalBytesMax)
    .describe("Quota of the journal, in bytes; at it acknowledgements are withheld"),
  NADI_MAX_JOURNAL_SEGMENT_BYTES: bytes
    .min(4_096)
    .default(fileJournalDefaults.segmentBytesMax)
    .describe(
      "Size at which the journal starts its next file, in bytes; trimming removes whole files",
    ),
  NADI_MIN_FREE_BYTES: bytes
    .default(fileJournalDefaults.freeBytesMin)
    .describe("Free bytes of the disk below which acknowledgements are withheld"),
  NADI_JOURNAL_RESERVE_BYTES: bytes
    .default(fileJournalDefaults.reserveBytes)
    .describe("Size of the file that is given up when the disk is full, in bytes"),
};

/** The other Redis is read only to be told from this one; it is the channels'. */
const shape = { ...journalConfigShape, NADI_REDIS_URL: redisUrl.optional() };

const schema = z.object(shape).superRefine((values, context) => {
  const isOnRedis = values.NADI_JOURNAL === "redis";
  if (isOnRedis !== (values.NADI_JOURNAL_REDIS_URL !== undefined)) {
    context.addIssue({
      code: "custom",
      path: ["NADI_JOURNAL_REDIS_URL"],
      message: isOnRedis
        ? "is missing, which NADI_JOURNAL=redis needs"
        : "needs NADI_JOURNAL=redis",
    });
  }
  if (values.NADI_MAX_JOURNAL_SEGMENT_BYTES * 2 <= values.NADI_MAX_JOURNAL_BYTES) return;
  context.addIssue({
    code: "custom",
    path: ["NADI_MAX_JOURNAL_BYTES"],
    message: "must hold two segments: raise it or lower NADI_MAX_JOURNAL_SEGMENT_BYTES",
  });
});

/** What `openRedisJournal` takes of the environment. */
export interface RedisJournalConfig {
  readonly url: string;
  readonly partitions: number;
  readonly isWeakAccepted: boolean;
  /** `NADI_REDIS_URL` names the same server. */
  readonly isOfChannelsToo: boolean;
}

/** What `openFileJournal` takes of the environment; and the other adapter, if it is chosen. */
export interface JournalConfig {
  /** `null`: segment files. */
  readonly redis: RedisJournalConfig | null;
  readonly journalBytesMax: number;
  readonly segmentBytesMax: number;
  readonly freeBytesMin: number;
  readonly reserveBytes: number;
}

/** Pure; throws a `ConfigError` that reports all bad keys at once. */
export function loadJournalConfig(env: Environment): JournalConfig {
  const values = parseEnvironment(schema, env);
  const url = values.NADI_JOURNAL_REDIS_URL;
  const redis =
    values.NADI_JOURNAL === "file" || url === undefined
      ? null
      : Object.freeze({
          url,
          partitions: values.NADI_JOURNAL_PARTITIONS,
          isWeakAccepted: values.NADI_ACCEPT_WEAK_JOURNAL === "yes",
          isOfChannelsToo: serverOf(url) === serverOf(values.NADI_REDIS_URL),
        });
  return Object.freeze({
    redis,
    journalBytesMax: values.NADI_MAX_JOURNAL_BYTES,
    segmentBytesMax: values.NADI_MAX_JOURNAL_SEGMENT_BYTES,
    freeBytesMin: values.NADI_MIN_FREE_BYTES,
    reserveBytes: values.NADI_JOURNAL_RESERVE_BYTES,
  });
}

/** Host and port; databases of one server share its settings and its one thread. */
function serverOf(url: string | undefined): string | null {
  if (url === undefined) return null;
  const { hostname, port } = new URL(url);
  return `${hostname}:${port === "" ? 6379 : port}`;
}
