import { expect, test } from "vitest";
import { runKillRounds } from "./kill.ts";
import { faultsOf } from "./kill-report.ts";

const rounds = 25;
const seed = 20_260_801;
/** Five times the budget of design.md section 8: a test machine may be busy. */
const acceptMsMax = 5_000;

test("a kill at any moment loses nothing, stores nothing twice and tells no alert twice", async (t) => {
  const report = await runKillRounds({ scope: t, rounds, seed });

  expect(faultsOf(report), `seed ${seed}`).toEqual([]);
  // That there was something to lose, to repeat and to tell.
  expect(report.acked).toBeGreaterThan(1_000);
  expect(report.store.rows).toBeGreaterThan(1_000);
  expect(report.alerts.expected).toBeGreaterThan(3);
  expect(report.answered).toBeGreaterThan(0);
  expect(report.letters.letters).toBeGreaterThan(10);
  expect(report.replay.compared["raw rows"]).toBeGreaterThan(1_000);
  expect(report.replay.compared["alerts"]).toBeGreaterThan(3);
  expect(Object.keys(report.crashPoints).length, "crash points passed").toBeGreaterThanOrEqual(6);
  expect(Math.max(...report.acceptMs), "ms to the first CONNACK").toBeLessThan(acceptMsMax);
}, 300_000);
