import { Registry } from "@prometheus-io/client";
import { expect, test } from "vitest";
import type { IngestStatus } from "../../ingest/index.ts";
import { registerIngestMetrics } from "../../ingest/metrics.ts";
import { startingStatus } from "../../ingest/worker/status.ts";
import { wronglyTyped } from "../support/metrics.ts";

test("what ingest has counted is a counter, what can fall is a gauge, and both are read anew", async () => {
  const { recorder } = startingStatus;
  let status: IngestStatus = { ...startingStatus, recorder: { ...recorder, stored: 7, lag: 3 } };
  const registry = new Registry();
  registerIngestMetrics(registry, { status: () => status });
  const before = await registry.metrics();
  expect(wronglyTyped(before)).toEqual([]);
  expect(before).toMatch(/^nadi_recorder_stored_total 7$/m);
  expect(before).toMatch(/^nadi_recorder_lag_entries 3$/m);
  status = { ...startingStatus, recorder: { ...recorder, stored: 9, lag: 0 } };
  const after = await registry.metrics();
  expect(after).toMatch(/^nadi_recorder_stored_total 9$/m);
  expect(after).toMatch(/^nadi_recorder_lag_entries 0$/m);
});
