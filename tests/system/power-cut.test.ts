import { expect, test } from "vitest";
import { whyNoLoopImage } from "../support/loop-image.ts";
import { cutPower } from "./power-cut.ts";

test("serve after a power cut has stored all that it had acknowledged, and its sums are right", async (t) => {
  const obstacle = whyNoLoopImage();
  // Never counts as passed where it can't run.
  if (obstacle !== null) t.skip(`power cut under the store: ${obstacle}`);
  const report = await cutPower({ rounds: 1, seed: 8 });
  expect(report.faults).toEqual([]);
  expect(report.rows).toBeGreaterThan(1_000);
  expect(report.alerts).toBeGreaterThan(0);
}, 120_000);
