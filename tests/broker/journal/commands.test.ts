import { expect, type TestContext, test } from "vitest";
import type { FileJournal } from "../../../broker/journal/file-journal.ts";
import { append, openJournal, reading, temporaryFolder } from "./harness.ts";
import { type GivenWords, runJournalCommand } from "./run-command.ts";

async function runningJournal(t: TestContext): Promise<{ dataDir: string; journal: FileJournal }> {
  const dataDir = await temporaryFolder(t);
  const journal = await openJournal(t, { directory: `${dataDir}/journal`, segmentBytesMax: 600 });
  return { dataDir, journal };
}

const run = (dataDir: string, words: string, given?: GivenWords): Promise<string> =>
  runJournalCommand({ NADI_DATA_DIR: dataDir }, words, given);

test("journal inspect shows a running journal's segments, offsets, cursors and lag", async (t) => {
  const { dataDir, journal } = await runningJournal(t);
  for (let index = 1; index <= 5; index++) await append(journal, reading(`entry-${index}`));
  await journal.commitCursor("monitor", 2);
  const report = JSON.parse(await run(dataDir, "journal inspect", { json: true }));
  expect(report).toMatchObject({
    firstOffset: 1,
    lastOffset: 5,
    entries: 5,
    damagedRecords: 0,
    cursors: [{ name: "monitor", nextOffset: 2, lag: 4 }],
  });
  expect(report.segments).toMatchObject([
    { file: "0000000000000001.seg", firstOffset: 1, lastOffset: 3, entries: 3, sealed: true },
    { file: "0000000000000004.seg", firstOffset: 4, lastOffset: 5, entries: 2, sealed: false },
  ]);
  expect(report.bytes).toBe(journal.stats().bytesOnDisk);
  expect(await run(dataDir, "journal inspect")).toContain("offsets 1-5, 5 entries");
});

test("journal inspect of a folder without a journal shows an empty one", async (t) => {
  const report = JSON.parse(await run(await temporaryFolder(t), "journal inspect", { json: true }));
  const empty = { firstOffset: null, lastOffset: null, entries: 0, damagedRecords: 0, bytes: 0 };
  expect(report).toEqual({ ...empty, segments: [], cursors: [] });
});

test("journal read prints entries as JSON lines, from an offset and up to a limit", async (t) => {
  const { dataDir, journal } = await runningJournal(t);
  await append(journal, reading("entry-1"));
  await append(journal, reading('{"celsius":73.2}'));
  await append(journal, reading("", { payload: Buffer.from([0xff, 0x00]) }));
  await append(journal, { kind: "tick" });
  await append(journal, { kind: "change", changeSeq: 9 });
  const output = await run(dataDir, "journal read", { options: { from: "2", limit: "3" } });
  const lines = output.trimEnd().split("\n");
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    {
      offset: 2,
      receivedTimeMs: expect.any(Number),
      kind: "publish",
      principal: "sppg-jakarta-001.probe-1",
      topicName: "sppg/sppg-jakarta-001/telemetry/probe-1/temperature",
      qos: 1,
      payload: '{"celsius":73.2}',
    },
    expect.objectContaining({ offset: 3, payloadBase64: "/wA=" }),
    { offset: 4, receivedTimeMs: expect.any(Number), kind: "tick" },
  ]);
  const rest = await run(dataDir, "journal read", { options: { from: "5" } });
  expect(JSON.parse(rest)).toMatchObject({ offset: 5, kind: "change", changeSeq: 9 });
});

test("journal read refuses an offset that is none", async (t) => {
  const { dataDir } = await runningJournal(t);
  const read = run(dataDir, "journal read", { options: { from: "two" } });
  await expect(read).rejects.toMatchObject({ code: "CLI_USAGE" });
});
