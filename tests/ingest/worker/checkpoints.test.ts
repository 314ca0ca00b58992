import { expect, test, type TestContext } from "vitest";
import type { Effect, Monitor, StateRow } from "../../../ingest/monitor/monitor.ts";
import { checkpointLimits, Checkpoints } from "../../../ingest/worker/checkpoints.ts";
import { Effects } from "../../../ingest/worker/effects.ts";
import { createBell } from "../../../ingest/worker/pace.ts";
import { away, createPace, type TestPace } from "./support.ts";

interface Made {
  calls: string[];
  monitor: { offset: number; rows: number };
  failing: { effects: boolean; save: boolean };
  effects: Effects;
  checkpoints: Checkpoints;
  pace: TestPace;
}

/** A monitor of which only the offset and the number of changed rows matter. */
function createCheckpoints(t: TestContext): Made {
  const pace = createPace();
  const calls: string[] = [];
  const state = { offset: 0, rows: 0 };
  const failing = { effects: false, save: false };
  const trying = new AbortController();
  t.onTestFinished(() => trying.abort());
  const monitor = {
    get offset() {
      return state.offset;
    },
    beginCheckpoint: () => ({ offset: state.offset, body: "{}" }),
    takeRows(): StateRow[] {
      if (state.rows === 0) return [];
      state.rows -= 1;
      return [{ sppgId: "sppg-jakarta-001", key: "probe-1", offset: state.offset, body: "{}" }];
    },
  } as unknown as Monitor;
  const common = {
    pace,
    signal: trying.signal,
    crashPoint: (name: string) => void calls.push(name),
    onFailure: () => undefined,
    onFatal: (error: unknown) => {
      throw error;
    },
  };
  const effects = new Effects({
    ...common,
    outbox: { add: () => undefined, drain: () => undefined },
    records: {
      async applyEffects(batch) {
        if (failing.effects) throw away();
        calls.push(`effects ${batch.length}`);
        return [];
      },
    },
  });
  const checkpoints = new Checkpoints({
    ...common,
    monitor,
    effects,
    bell: createBell(pace),
    commitCursor: async (nextOffset) => void calls.push(`commit ${nextOffset}`),
    records: {
      async saveState(rows, meta) {
        if (failing.save) throw away();
        calls.push(meta === null ? `rows ${rows[0]?.offset}` : `meta ${meta.offset}`);
      },
      async pruneOutbox(cursorOffset) {
        calls.push(`prune ${cursorOffset}`);
        return 0;
      },
    },
  });
  return { calls, monitor: state, failing, effects, checkpoints, pace };
}

test("a round saves slice after slice, then the meta row, then the cursor", async (t) => {
  const { calls, monitor, checkpoints, pace } = createCheckpoints(t);
  Object.assign(monitor, { offset: 40, rows: 2 });
  checkpoints.noteNews();
  checkpoints.step();
  expect(calls).toEqual([]);
  await pace.advance(checkpointLimits.ageMs);
  for (let slice = 0; slice < 3; slice++) {
    checkpoints.step();
    checkpoints.step();
    await pace.settle();
    monitor.offset += 10;
  }
  expect(calls).toEqual([
    "rows 40",
    "state-row-written",
    "rows 50",
    "state-row-written",
    "meta 40",
    "commit 41",
    "prune 40",
  ]);
  expect(checkpoints.savedOffset).toBe(40);
});

test("a row is not saved before the effects that it knows of", async (t) => {
  const { calls, monitor, failing, effects, checkpoints, pace } = createCheckpoints(t);
  Object.assign(monitor, { offset: checkpointLimits.entries, rows: 1 });
  failing.effects = true;
  effects.add([{ kind: "deadLetter", offset: 1 } as Effect]);
  checkpoints.step();
  await pace.advance(60_000);
  expect(calls).toEqual([]);
  failing.effects = false;
  await pace.advance(10_000);
  expect(calls).toEqual(["effects 1", `rows ${checkpointLimits.entries}`, "state-row-written"]);
});

test("while only ticks come the disk may sleep", async (t) => {
  const { calls, monitor, checkpoints, pace } = createCheckpoints(t);
  monitor.offset = 5;
  await pace.advance(checkpointLimits.ageMs * 2);
  checkpoints.step();
  await pace.settle();
  expect(calls).toEqual([]);
  await pace.advance(checkpointLimits.idleAgeMs);
  checkpoints.step();
  await pace.settle();
  expect(calls).toEqual(["meta 5", "commit 6", "prune 5"]);
});

test("a save that fails is tried again, and the fold goes on meanwhile", async (t) => {
  const { calls, monitor, failing, checkpoints, pace } = createCheckpoints(t);
  Object.assign(monitor, { offset: checkpointLimits.entries, rows: 0 });
  failing.save = true;
  checkpoints.step();
  await pace.advance(30_000);
  checkpoints.step();
  failing.save = false;
  await pace.advance(10_000);
  expect(calls.slice(0, 2)).toEqual(["meta 200000", "commit 200001"]);
});

test("at a stop a round is finished at once, and a second one has nothing to do", async (t) => {
  const { calls, monitor, checkpoints } = createCheckpoints(t);
  Object.assign(monitor, { offset: 7, rows: 1 });
  await checkpoints.finish();
  await checkpoints.finish();
  expect(calls).toEqual(["rows 7", "state-row-written", "meta 7", "commit 8", "prune 7"]);
});
