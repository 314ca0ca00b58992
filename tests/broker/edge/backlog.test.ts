import { expect, test } from "vitest";
import { Backlog } from "../../../broker/edge/backlog.ts";
import type { AppendDone, Journal, PublishEntry } from "../../../broker/journal/journal.ts";

/** A journal whose syncs a test decides. */
function createBacklog(bytesMax: number) {
  const waiting: AppendDone[] = [];
  const journal: Pick<Journal, "append"> = { append: (_entry, done) => waiting.push(done) };
  const heard: string[] = [];
  const onRelieved = (): void => void heard.push("relieved");
  const backlog = new Backlog({ journal, bytesMax, onRelieved });
  const sync = (error: Error | null = null): void => waiting.shift()?.(error, 7);
  return { backlog, heard, sync };
}

function entry(payloadBytes: number, topicName = "a"): PublishEntry {
  const payload = Buffer.alloc(payloadBytes);
  return { kind: "publish", principal: "sppg-1.probe-1", topicName, payload, qos: 1 };
}

const ignore = (): void => {};

test("it answers with what the journal said", () => {
  const { backlog, sync } = createBacklog(10_000);
  const answers: unknown[] = [];
  const failure = new Error("disk gone");
  backlog.append(entry(10), (...answer) => answers.push(answer));
  backlog.append(entry(10), (...answer) => answers.push(answer));
  sync();
  sync(failure);
  expect(answers).toEqual([
    [null, 7],
    [failure, 7],
  ]);
  expect([backlog.entries, backlog.bytes]).toEqual([0, 0]);
});

test("it is saturated from its limit on, until half of that is on disk", () => {
  const { backlog, heard, sync } = createBacklog(4000);
  for (let index = 0; index < 3; index++) backlog.append(entry(1000), ignore);
  expect(backlog.isSaturated).toBe(false);
  backlog.append(entry(1000), ignore);
  expect(backlog.isSaturated).toBe(true);
  sync();
  sync();
  expect([backlog.isSaturated, heard]).toEqual([true, []]);
  sync();
  expect([backlog.isSaturated, heard]).toEqual([false, ["relieved"]]);
  sync();
  expect(heard).toEqual(["relieved"]);
});

test("small messages and long topic names count too", () => {
  const { backlog } = createBacklog(4000);
  for (let index = 0; index < 5; index++) backlog.append(entry(0, "t".repeat(1000)), ignore);
  expect(backlog.isSaturated).toBe(true);
});

test("idle resolves at once when nothing is under way, else after the last answer", async () => {
  const { backlog, heard, sync } = createBacklog(4000);
  await backlog.idle();
  backlog.append(entry(1), () => heard.push("first"));
  backlog.append(entry(1), () => heard.push("second"));
  const idle = Promise.all([backlog.idle(), backlog.idle()]).then(() => heard.push("idle"));
  sync();
  await Promise.resolve();
  sync();
  await idle;
  expect(heard).toEqual(["first", "second", "idle"]);
});
