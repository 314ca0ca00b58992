import * as z from "zod";
import { type Environment, parseEnvironment } from "../../devices/index.ts";
import { fileJournalDefaults } from "./file-journal.ts";

const bytes = z.coerce.number().int().min(0);

/** Every variable of the journal, with its default. */
export const journalConfigShape = {
  NADI_JOURNAL: z
    .enum(["file"])
    .default("file")
    .describe("Where acknowledged readings are kept first: file (segment files in NADI_DATA_DIR)"),
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

const schema = z.object(journalConfigShape).superRefine((values, context) => {
  if (values.NADI_MAX_JOURNAL_SEGMENT_BYTES * 2 <= values.NADI_MAX_JOURNAL_BYTES) return;
  context.addIssue({
    code: "custom",
    path: ["NADI_MAX_JOURNAL_BYTES"],
    message: "the quota must hold two segments: raise it or lower NADI_MAX_JOURNAL_SEGMENT_BYTES",
  });
});

/** What `openFileJournal` takes of the environment. */
export interface JournalConfig {
  readonly journalBytesMax: number;
  readonly segmentBytesMax: number;
  readonly freeBytesMin: number;
  readonly reserveBytes: number;
}

/** Pure; throws a `ConfigError` that reports all bad keys at once. */
export function loadJournalConfig(env: Environment): JournalConfig {
  const values = parseEnvironment(schema, env);
  return Object.freeze({
    journalBytesMax: values.NADI_MAX_JOURNAL_BYTES,
    segmentBytesMax: values.NADI_MAX_JOURNAL_SEGMENT_BYTES,
    freeBytesMin: values.NADI_MIN_FREE_BYTES,
    reserveBytes: values.NADI_JOURNAL_RESERVE_BYTES,
  });
}
