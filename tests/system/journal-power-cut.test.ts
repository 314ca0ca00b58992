import { expect, test } from "vitest";
import { whyNoLoopImage } from "../support/loop-image.ts";
import { cutPowerOfJournal } from "./journal-power-cut.ts";

test("what was acknowledged survives a power cut on ext4", async (t) => {
  const obstacle = whyNoLoopImage();
  // Never counts as passed where it can't run.
  if (obstacle !== null) t.skip(`power cut: ${obstacle}`);
  const { rounds, acknowledged, lost } = await cutPowerOfJournal(3);
  expect(rounds).toBe(3);
  expect(acknowledged).toBeGreaterThan(100);
  expect(lost).toEqual([]);
}, 120_000);
