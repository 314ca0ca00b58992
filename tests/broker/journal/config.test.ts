import { expect, test } from "vitest";
import { loadJournalConfig } from "../../../broker/journal/config.ts";
import { crashPointFrom } from "../../../broker/journal/crash-points.ts";
import { fileJournalDefaults } from "../../../broker/journal/file-journal.ts";

test("an empty environment gives the defaults", () => {
  const { journalBytesMax, segmentBytesMax, freeBytesMin, reserveBytes } = fileJournalDefaults;
  const redis = null;
  const defaults = { redis, journalBytesMax, segmentBytesMax, freeBytesMin, reserveBytes };
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

test("the journal on Redis needs its address, and its other settings have defaults", () => {
  expect(() => loadJournalConfig({ NADI_JOURNAL: "redis" })).toThrow(
    "NADI_JOURNAL_REDIS_URL is missing, which NADI_JOURNAL=redis needs",
  );
  const url = "redis://journal:6379";
  const env = { NADI_JOURNAL: "redis", NADI_JOURNAL_REDIS_URL: url };
  const redis = { url, partitions: 16, isWeakAccepted: false, isOfChannelsToo: false };
  expect(loadJournalConfig(env).redis).toEqual(redis);
  // An address alone chooses nothing, and whoever set it believes that it does.
  expect(() => loadJournalConfig({ NADI_JOURNAL_REDIS_URL: url })).toThrow(
    "NADI_JOURNAL_REDIS_URL needs NADI_JOURNAL=redis",
  );
});

test.for([
  ["redis://journal", true],
  ["rediss://:secret@journal:6379/1", true],
  ["redis://journal:6380", false],
  ["redis://channels:6379", false],
] as const)("NADI_REDIS_URL=%s is the journal's server: %s", ([NADI_REDIS_URL, isOne]) => {
  const env = { NADI_JOURNAL: "redis", NADI_JOURNAL_REDIS_URL: "redis://journal:6379" };
  expect(loadJournalConfig({ ...env, NADI_REDIS_URL }).redis?.isOfChannelsToo).toBe(isOne);
});

test("bad settings of the journal on Redis are named, and its address is never told", () => {
  const env = {
    NADI_JOURNAL_REDIS_URL: "http://user:secret@host",
    NADI_JOURNAL_PARTITIONS: "0",
    NADI_ACCEPT_WEAK_JOURNAL: "maybe",
  };
  for (const key of Object.keys(env)) expect(() => loadJournalConfig(env)).toThrow(key);
  expect(() => loadJournalConfig(env)).not.toThrow("secret");
});

test("a crash point that is not set does nothing", () => {
  expect(() => crashPointFrom(undefined)("after-sync")).not.toThrow();
  expect(() => crashPointFrom("after-sync:3")("after-sync")).not.toThrow();
});
