import { expect, test } from "vitest";
import { createTestBroker } from "../support/broker.ts";
import { runMutations } from "../support/mutations.ts";

/** Three seconds on a machine of its own; 5,000 connections wait for whoever shares it. */
const timeoutMs = 120_000;

test("5,000 mutated packets neither stop the broker nor its neighbours nor cross a border", {
  timeout: timeoutMs,
}, async (t) => {
  const made = await createTestBroker(t);
  const report = await runMutations(made, { packets: 5_000, seed: 20_261_122 });
  const text = JSON.stringify(report);
  expect(report.foreign, text).toBe(0);
  expect(report.accepted, text).toBeGreaterThan(100);
  expect(report.neighbourAcks, text).toBeGreaterThan(100);
  expect(report.neighbourSlowestMs, text).toBeLessThan(1_000);
  expect(report.refused, text).toBeGreaterThan(2_500);
});
