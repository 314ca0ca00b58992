import { expect, test } from "vitest";
import { createWatchdog, stalledAfterMs } from "../../../ingest/worker/status.ts";
import { createTurns } from "../../../ingest/worker/turns.ts";
import { createPace } from "./support.ts";

function createTestTurns() {
  const pace = createPace();
  const shared = new Set<number>();
  const turns = createTurns({
    batches: { has: (offset) => shared.has(offset) },
    syncedOffset: () => 1_000_000,
    pace,
  });
  const ask = async (offset: number): Promise<() => boolean> => {
    let hasTurn = false;
    void turns.recorderTurn(offset).then(() => (hasTurn = true));
    await pace.settle();
    return () => hasTurn;
  };
  return { pace, shared, turns, ask };
}

test("while the monitor catches up, a recorder elsewhere gets one turn to its three", async () => {
  const { pace, turns, ask } = createTestTurns();
  expect((await ask(5_000))()).toBe(true);
  const second = await ask(6_000);
  for (let at = 1; at <= 3; at++) {
    expect(second()).toBe(false);
    turns.monitorFolded(at * 1_000);
    await pace.settle();
  }
  expect(second()).toBe(true);
});

test("a recorder at the monitor's place goes along", async () => {
  const { shared, turns, ask } = createTestTurns();
  turns.monitorFolded(1_000);
  shared.add(500);
  for (let at = 0; at < 10; at++) expect((await ask(500))()).toBe(true);
});

test("a monitor that waits for the records does not stop the recorder", async () => {
  const { pace, turns, ask } = createTestTurns();
  await ask(5_000);
  const second = await ask(6_000);
  expect(second()).toBe(false);
  turns.monitorHeld(true);
  await pace.settle();
  expect(second()).toBe(true);
  for (let at = 0; at < 10; at++) expect((await ask(7_000))()).toBe(true);
  turns.monitorHeld(false);
  expect((await ask(8_000))()).toBe(false);
});

test("when the monitor is live the recorder goes as it can", async () => {
  const { turns, ask } = createTestTurns();
  turns.monitorFolded(999_990);
  for (let at = 0; at < 10; at++) expect((await ask(5_000))()).toBe(true);
});

test("a consumer that stands still before waiting entries is stalled, an idle one is not", () => {
  const isStalled = createWatchdog(0);
  expect(isStalled({ nowMs: 0, nextOffset: 5, lag: 10 })).toBe(false);
  expect(isStalled({ nowMs: stalledAfterMs - 1, nextOffset: 5, lag: 10 })).toBe(false);
  expect(isStalled({ nowMs: stalledAfterMs, nextOffset: 5, lag: 10 })).toBe(true);
  expect(isStalled({ nowMs: stalledAfterMs + 1, nextOffset: 6, lag: 9 })).toBe(false);
  expect(isStalled({ nowMs: stalledAfterMs * 9, nextOffset: 15, lag: 0 })).toBe(false);
});
