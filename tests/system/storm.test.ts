import { expect, test } from "vitest";
import { runStorm } from "./storm.ts";

test("after a kill every client is back in time, and nothing acknowledged is lost", async (t) => {
  const report = await runStorm(t, 500);

  expect(report.backMs).toBeLessThan(30_000);
  expect(report.missing).toEqual([]);
  expect(report.acked).toBeGreaterThan(500);
  // A refusal would make a healthy client wait and come again.
  expect(report.refused).toEqual({});
});
