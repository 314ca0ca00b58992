import { expect, test } from "vitest";
import { reading } from "../harness.ts";
import { type GivenWords, runJournalCommand } from "../run-command.ts";
import { appendTo, openOn, partitionUnderTest, startDurableRedis } from "./harness.ts";

const run = (url: string, words: string, given?: GivenWords): Promise<string> =>
  runJournalCommand({ NADI_JOURNAL: "redis", NADI_JOURNAL_REDIS_URL: url }, words, given);

test("journal inspect and read show the partitions of a journal on Redis, and found none", async (t) => {
  const redis = await startDurableRedis(t);
  const none = JSON.parse(await run(redis.url, "journal inspect", { json: true }));
  expect(none).toMatchObject({ partitions: [], entries: 0 });
  expect((await redis.cli("keys", "*")).trim()).toBe("");

  const journal = await openOn(t, redis);
  const offsets: number[] = [];
  for (const text of ["one", "two", "three"]) {
    offsets.push(await appendTo(journal.appender, reading(text)));
  }
  const view = await partitionUnderTest(journal);
  const elsewhere = ["sppg-a-1", "sppg-b-2", "sppg-c-3", "sppg-d-4"].find(
    (sppgId) => journal.partitionOf(sppgId) !== view.partition,
  );
  await appendTo(journal.appender, reading("other", { principal: `${elsewhere}.probe-1` }));
  // What is below all cursors is gone: here "one".
  await view.commitCursor("monitor", offsets[1] ?? 0);
  await view.commitCursor("recorder", offsets[2] ?? 0);

  const report = JSON.parse(await run(redis.url, "journal inspect", { json: true }));
  expect(report).toMatchObject({ entries: 3, damagedBatches: 0 });
  expect(report.partitions).toHaveLength(journal.partitions);
  expect(report.partitions[view.partition]).toMatchObject({
    partition: view.partition,
    firstOffset: offsets[1],
    lastOffset: offsets[2],
    entries: 2,
    cursors: [
      { name: "monitor", nextOffset: offsets[1], lag: 2 },
      { name: "recorder", nextOffset: offsets[2], lag: 1 },
    ],
  });
  expect(await run(redis.url, "journal inspect")).toContain("4 partitions, 3 entries");

  const options = { partition: String(view.partition), from: String(offsets[1]), limit: "1" };
  const printed = await run(redis.url, "journal read", { options });
  expect(JSON.parse(printed)).toMatchObject({
    partition: view.partition,
    offset: offsets[1],
    kind: "publish",
    payload: "two",
  });
  expect((await run(redis.url, "journal read")).trimEnd().split("\n")).toHaveLength(3);

  await journal.close();
  await redis.kill();
  await expect(run(redis.url, "journal inspect")).rejects.toMatchObject({
    code: "JOURNAL_OPEN_FAILED",
    message: expect.stringContaining("NADI_JOURNAL_REDIS_URL"),
  });
});
