import { encode } from "uqr";
import { expect, test } from "vitest";
import { qrPathOf } from "../../../../../dashboard/web/pages/devices/qr-path.ts";

/** Which modules a path darkens. */
function darkOf({ size, path }: { size: number; path: string }): boolean[][] {
  const rows = Array.from({ length: size }, () => Array.from({ length: size }, () => false));
  for (const [, x, y, length] of path.matchAll(/M(\d+) (\d+)h(\d+)v1h-\3z/g)) {
    for (let at = 0; at < Number(length); at += 1) {
      const row = rows[Number(y)];
      if (row !== undefined) row[Number(x) + at] = true;
    }
  }
  return rows;
}

test("the path darkens exactly the modules of the code, with four quiet ones around", () => {
  const text = JSON.stringify({ username: "sppg-jakarta-001.probe-1", password: "x".repeat(32) });
  const drawn = qrPathOf(text);
  const dark = darkOf(drawn);
  expect(dark).toEqual(encode(text, { ecc: "M", border: 4 }).data);
  const edges = [dark.slice(0, 4), dark.slice(-4), dark.map((row) => row.slice(0, 4))];
  expect(edges.flat(2)).not.toContain(true);
  // A finder pattern's first row.
  expect(dark[4]?.slice(4, 12)).toEqual([...Array.from({ length: 7 }, () => true), false]);
});
