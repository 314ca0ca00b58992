import { expect, test } from "vitest";
import { cutPower, whyNoPowerCut } from "./journal-power-cut.ts";

test("what was acknowledged survives a power cut on ext4", (t) => {
  const obstacle = whyNoPowerCut();
  // Never counts as passed where it can't run.
  if (obstacle !== null) t.skip(`power cut: ${obstacle}`);
  const { rounds, acknowledged, lost } = cutPower(3);
  expect(rounds).toBe(3);
  expect(acknowledged).toBeGreaterThan(100);
  expect(lost).toEqual([]);
}, 120_000);
