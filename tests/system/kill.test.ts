import { expect, test } from "vitest";
import { runKillRounds } from "./kill.ts";

const rounds = 25;
const seed = 20_260_801;
/** Five times the budget of design.md section 8: a test machine may be busy. */
const acceptMsMax = 5_000;

test("a kill at any moment under load loses nothing that was acknowledged", async (t) => {
  const report = await runKillRounds({ scope: t, rounds, seed });

  expect(report.missing, `seed ${seed}`).toEqual([]);
  expect(report.changedOffsets, "offsets that stand for something else now").toEqual([]);
  expect(report.shrunk, "times the last offset fell").toBe(0);
  expect(report.damagedRecords).toBe(0);
  expect(report.acked).toBeGreaterThan(1_000);
  expect(Object.keys(report.crashPoints).length, "crash points passed").toBeGreaterThanOrEqual(3);
  expect(Math.max(...report.acceptMs), "ms to the first CONNACK").toBeLessThan(acceptMsMax);
}, 180_000);
