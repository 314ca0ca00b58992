import { expect, test } from "vitest";
import { describeReport, runPartitions } from "./leases.ts";

/** The promise to people; what was measured is some 6 s. */
const takeoverMsMax = 10_000;

test("a frozen and a killed ingest process: the other has all partitions in time, and all is stored and told once", {
  timeout: 240_000,
}, async (t) => {
  const report = await runPartitions(t, { pauseMs: 50, hasHandOver: false, say: () => undefined });
  await t.annotate(describeReport(report));
  expect(report).toMatchObject({ missing: 0, foreign: 0, wrongAlerts: [], lostByFrozen: 8 });
  expect(report.alerts).toBeGreaterThan(0);
  expect(report.freezeTakeoverMs).toBeLessThan(takeoverMsMax);
  expect(report.killTakeoverMs).toBeLessThan(takeoverMsMax);
});
