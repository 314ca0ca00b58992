import { expect, test } from "vitest";
import { CodedError } from "../../../devices/index.ts";
import type { KeptLeases, Lease } from "../../../ingest/desk/leases.ts";
import { LeaseKeeper, leaseLimits } from "../../../ingest/partitions/lease-keeper.ts";
import { createPace } from "../worker/support.ts";

const away = { class: "unavailable", status: 503, retryable: true } as const;

/** A keeper over records that a test takes away, on a clock that it moves. */
function createKeeper() {
  const pace = createPace();
  const over = new AbortController();
  const calls: string[] = [];
  const seen: KeptLeases[] = [];
  const records = { isAway: false, answerAfterMs: 0, missing: 0 };
  let stopped: Lease[] = [];
  const leases = [{ partition: 3, epoch: 7 }];
  const keeper = new LeaseKeeper({
    records: {
      async keepLeases({ ttlMs }) {
        calls.push(`keep ${ttlMs}`);
        if (records.answerAfterMs > 0) await pace.sleep(records.answerAfterMs, over.signal);
        if (records.isAway) throw new CodedError("RECORDS_UNAVAILABLE", away, { message: "away" });
        return { leases, surplus: 0, missing: records.missing, liveProcesses: 1 };
      },
      async giveBackLeases(given) {
        calls.push(`give back ${given.map(({ partition }) => partition).join(" ")}`);
        if (records.isAway) throw new CodedError("RECORDS_UNAVAILABLE", away, { message: "away" });
      },
      async leaveIngest(processId) {
        calls.push(`leave ${processId}`);
      },
    },
    request: { processId: "a", partitions: 16, store: "shared", isAlone: false },
    pace,
    signal: over.signal,
    onKept: (kept) => seen.push(kept),
    takeStopped: () => stopped.splice(0),
    onFailure: () => undefined,
  });
  return {
    keeper,
    pace,
    calls,
    seen,
    records,
    stopOne(lease: Lease) {
      stopped = [lease];
      keeper.wake();
    },
    async end(running: Promise<void>) {
      over.abort();
      await running;
    },
  };
}

test("leases hold until their time from before the call that kept them, and no longer", async () => {
  const { keeper, pace, seen, records, end } = createKeeper();
  records.answerAfterMs = 400;
  expect(keeper.isHeld).toBe(false);
  const running = keeper.run();
  await pace.advance(400);
  expect(seen).toHaveLength(1);
  expect({ isHeld: keeper.isHeld, ageMs: keeper.ageMs }).toEqual({ isHeld: true, ageMs: 400 });
  records.isAway = true;
  await pace.advance(leaseLimits.ttlMs - 401);
  expect(keeper.isHeld).toBe(true);
  await pace.advance(1);
  expect(keeper.isHeld).toBe(false);
  // Kept again by nobody else having taken them: it goes on.
  records.isAway = false;
  await pace.advance(leaseLimits.waitMs + 2 * records.answerAfterMs);
  expect(keeper.isHeld).toBe(true);
  await end(running);
  await keeper.leave();
  expect(keeper.isHeld).toBe(false);
});

test("what has been stopped is given back at once, before the next call, and until it is said", async () => {
  const { keeper, pace, calls, records, stopOne, end } = createKeeper();
  const running = keeper.run();
  await pace.settle();
  records.isAway = true;
  stopOne({ partition: 3, epoch: 7 });
  await pace.settle();
  records.isAway = false;
  await pace.advance(leaseLimits.waitMs);
  expect(calls).toEqual(["keep 5000", "give back 3", "give back 3", "keep 5000"]);
  await end(running);
});

test("what was stopped while a call was under way is given back behind it", async () => {
  const { pace, calls, records, stopOne, keeper, end } = createKeeper();
  records.answerAfterMs = 100;
  const running = keeper.run();
  await pace.settle();
  stopOne({ partition: 3, epoch: 7 });
  await pace.advance(100);
  expect(calls).toEqual(["keep 5000", "give back 3", "keep 5000"]);
  await end(running);
});

test("a process that waits for partitions asks more often", async () => {
  const { keeper, pace, calls, records, end } = createKeeper();
  records.missing = 8;
  const running = keeper.run();
  await pace.advance(leaseLimits.renewMs);
  const asked = calls.length;
  expect(asked).toBe(1 + leaseLimits.renewMs / leaseLimits.waitMs);
  records.missing = 0;
  await pace.advance(leaseLimits.waitMs);
  await pace.advance(leaseLimits.renewMs - 1);
  expect(calls).toHaveLength(asked + 1);
  await end(running);
});
