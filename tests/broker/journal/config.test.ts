import { expect, test } from "vitest";
import { loadJournalConfig } from "../../../broker/journal/config.ts";
import { crashPointFrom } from "../../../broker/journal/crash-points.ts";
import { fileJournalDefaults } from "../../../broker/journal/file-journal.ts";

test("an empty environment gives the defaults", () => {
  const { journalBytesMax, segmentBytesMax, freeBytesMin, reserveBytes } = fileJournalDefaults;
  const defaults = { journalBytesMax, segmentBytesMax, freeBytesMin, reserveBytes };
  expect(loadJournalConfig({ NADI_MIN_FREE_BYTES: "" })).toEqual(defaults);
});

test("every bad key is named at once", () => {
  const env = { NADI_JOURNAL: "paper", NADI_MIN_FREE_BYTES: "-1", NADI_MAX_JOURNAL_BYTES: "x" };
  for (const key of Object.keys(env)) expect(() => loadJournalConfig(env)).toThrow(key);
});

test("a quota that can't hold two segments is refused", () => {
  const env = { NADI_MAX_JOURNAL_BYTES: "8192", NADI_MAX_JOURNAL_SEGMENT_BYTES: "8192" };
  expect(() => loadJournalConfig(env)).toThrow("NADI_MAX_JOURNAL_BYTES");
});

test("a crash point that is not set does nothing", () => {
  expect(() => crashPointFrom(undefined)("after-sync")).not.toThrow();
  expect(() => crashPointFrom("after-sync:3")("after-sync")).not.toThrow();
});
