import { expect, test } from "vitest";
import { runRestart } from "./restart.ts";

const entries = 300_000;

test("serve accepts again after a kill while many entries wait for a consumer", async (t) => {
  const report = await runRestart(t, entries);

  expect(report.syncedOffset).toBeGreaterThanOrEqual(entries);
  // Five times the budgets, as every deadline in a test.
  expect(report.openMs, "ms to open the journal").toBeLessThan(1_500);
  expect(report.acceptMs, "ms from the spawn to the first CONNACK").toBeLessThan(5_000);
});
