import { expect, test } from "vitest";
import { faultsOf, runStoreAway } from "./store-away.ts";

test("without its store Nadi acknowledges, alerts and shows on, and loses nothing", {
  timeout: 240_000,
}, async (t) => {
  // As long as readiness takes to notice; the rate of a hundred kitchens.
  const plan = { awayMs: 0, rate: 300, warmUpMs: 5_000 };
  const report = await runStoreAway(t, plan);
  expect(faultsOf(report, plan)).toEqual([]);
  expect(report.alerts).toMatchObject([{ rule: { key: "cold-store-limit" }, isLate: false }]);
  expect(report.store.rows).toBeGreaterThan(report.ackedWhileAway);
});
