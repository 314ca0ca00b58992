import { expect, test } from "vitest";
import { kitchenOfPrincipal, partitionOf } from "../../../../broker/journal/redis/partitions.ts";

test("a kitchen's partition is the same for ever", () => {
  const found = ["sppg-jakarta-001", "sppg-bandung-002", "a-1"].map((id) => partitionOf(id, 16));
  expect(found).toEqual([11, 12, 0]);
});

test("kitchens spread evenly over the partitions", () => {
  const counts = Array.from({ length: 16 }, () => 0);
  for (let index = 0; index < 30_000; index++) {
    const partition = partitionOf(`sppg-kota-${String(index).padStart(5, "0")}`, 16);
    counts[partition] = (counts[partition] ?? 0) + 1;
  }
  expect(Math.min(...counts)).toBeGreaterThan(1_500);
  expect(Math.max(...counts)).toBeLessThan(2_250);
});

test("the kitchen of a principal ends before the dot", () => {
  expect(kitchenOfPrincipal("sppg-jakarta-001.probe_1")).toBe("sppg-jakarta-001");
  expect(kitchenOfPrincipal("anonymous")).toBe("anonymous");
});
