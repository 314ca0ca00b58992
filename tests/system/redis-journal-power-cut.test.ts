import { expect, test } from "vitest";
import { whyNoLoopImage } from "../support/loop-image.ts";
import { cutPowerOfRedis } from "./redis-journal-power-cut.ts";

const obstacle = whyNoLoopImage();

test.for([
  { server: "redis", durability: "always" },
  { server: "valkey", durability: "waitaof" },
] as const)("what $server acknowledged survives a power cut: $durability", async (row, t) => {
  // Never counts as passed where it can't run.
  if (obstacle !== null) t.skip(`power cut under Redis: ${obstacle}`);
  const plan = { rounds: 2, server: row.server, fsync: "always" } as const;
  const result = await cutPowerOfRedis(plan);
  expect(result).toMatchObject({ durability: row.durability, lost: 0, faults: [] });
  // The second has a torn tail, which a server does not start on before it is cut off.
  expect(result.repaired).toBeGreaterThanOrEqual(1);
  expect(result.acknowledged).toBeGreaterThan(100);
});

test("a weak setting loses what was acknowledged, and the check sees it", async (t) => {
  if (obstacle !== null) t.skip(`power cut under Redis: ${obstacle}`);
  const result = await cutPowerOfRedis({ rounds: 2, server: "redis", fsync: "everysec" });
  expect(result).toMatchObject({ durability: "weak", faults: [] });
  expect(result.lost).toBeGreaterThan(0);
});
