import { expect, test } from "vitest";
import { whyNoMemoryCgroup } from "../support/memory-cgroup.ts";
import { runMemoryCap } from "./memory-cap.ts";

test("with 256 MB serve refuses the clients that it has no room for, and loses nothing", async (t) => {
  const obstacle = whyNoMemoryCgroup();
  // Never counts as passed where it can't run.
  if (obstacle !== null) t.skip(`memory cap: ${obstacle}`);
  const report = await runMemoryCap({
    scope: t,
    capMb: 256,
    clients: 1_100,
    perSecond: 500,
    warmUpMs: 1_000,
  });
  expect(report).toMatchObject({ faults: [], killed: 0 });
  expect(report.connections).toBeGreaterThan(500);
  expect(report.refused).toBeGreaterThan(0);
  expect(report.rows).toBeGreaterThan(1_000);
}, 240_000);
