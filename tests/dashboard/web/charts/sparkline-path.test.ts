import { expect, test } from "vitest";
import { sparkShape } from "../../../../dashboard/web/charts/sparkline-path.ts";

const box = { width: 200, height: 36, fromMs: 0, toMs: 1_000, gapMs: 200, limit: null } as const;

test("a hole splits the line and is a block of its own, also at the end", () => {
  const points = [0, 100, 500, 600].map((atMs) => ({ atMs, value: 4 }));
  const shape = sparkShape(points, box);
  expect(shape.lines.length).toBe(2);
  expect(shape.gaps.length).toBe(2);
  expect(shape.gaps[0]?.x).toBeCloseTo(19.6);
  expect(shape.end?.x).toBeCloseTo(117.6);
});

test("the part beyond the limit begins on the limit itself", () => {
  const points = [
    { atMs: 0, value: 4 },
    { atMs: 100, value: 6 },
    { atMs: 200, value: 4 },
  ];
  const shape = sparkShape(points, { ...box, limit: { value: 5, side: "above" } });
  expect(shape.beyond.length).toBe(1);
  const [beyond = ""] = shape.beyond;
  expect(beyond).toMatch(new RegExp(`^M9.8 ${shape.limitY}L`));
  expect(beyond).toMatch(new RegExp(`L29.4 ${shape.limitY}$`));
});

test("without points there is neither line nor end", () => {
  expect(sparkShape([], box)).toMatchObject({ lines: [], beyond: [], end: null });
});

test("points outside of the window do not show", () => {
  const points = [-500, 1_500].map((atMs) => ({ atMs, value: 4 }));
  expect(sparkShape(points, box).lines).toEqual([]);
});
