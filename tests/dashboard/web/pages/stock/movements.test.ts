import { expect, test } from "vitest";
import { courseOf } from "../../../../../dashboard/web/pages/stock/movements.ts";
import {
  findPlateaus,
  stepKgOf,
  type WeightPoint,
} from "../../../../../dashboard/web/pages/stock/plateaus.ts";
import { seededRandom } from "../../../../support/seeded-random.ts";

const minuteMs = 60_000;

/** A point a minute; each stretch is a weight and for how many minutes it stood. */
function weights(stretches: readonly [kg: number, minutes: number][]): WeightPoint[] {
  const values = stretches.flatMap(([kg, minutes]) => Array<number>(minutes).fill(kg));
  return values.map((kg, index) => ({ atMs: index * minuteMs, kg }));
}

/** With the noise of a scale of 50 g divisions. */
function noisy(points: readonly WeightPoint[], seed: number): WeightPoint[] {
  const random = seededRandom(seed);
  return points.map(({ atMs, kg }) => ({
    atMs,
    kg: Math.round((kg + (random() - 0.5) * 0.12) / 0.05) * 0.05,
  }));
}

test("withdrawals and receipts are found with their time and weight, under a scale's noise", () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const points = weights([
      [96, 40],
      [68, 25],
      [66, 30],
      [130, 20],
    ]);
    const { movements, liftedSinceMs } = courseOf(noisy(points, seed));
    expect([seed, movements.map(({ kind }) => kind)]).toEqual([
      seed,
      ["withdrawal", "withdrawal", "receipt"],
    ]);
    expect(movements.map(({ atMs }) => atMs / minuteMs)).toEqual([40, 65, 95]);
    for (const [index, kg] of [-28, -2, 64].entries()) {
      expect(movements[index]?.kg).toBeCloseTo(kg, 0);
    }
    expect(movements[2]?.leftKg).toBeCloseTo(130, 0);
    expect(liftedSinceMs).toBeNull();
  }
});

test("a hand on the pan, a spike and a container that comes back are no movements", () => {
  const points = weights([
    [50, 20],
    [61, 1],
    [50, 20],
    [-2, 2],
    [50, 20],
    [20, 1],
    [80, 1],
    [50, 20],
  ]);
  expect(courseOf(points).movements).toEqual([]);
  expect(courseOf(points).levels).toHaveLength(1);
});

test("what was poured while the container was off counts when it is back, also after long", () => {
  const off = weights([
    [50, 20],
    [-2, 15],
  ]);
  // Nothing is said to be used while it is off.
  expect(courseOf(off)).toMatchObject({ movements: [], liftedSinceMs: 20 * minuteMs });
  const back = weights([
    [50, 20],
    [-2, 15],
    [43.5, 10],
  ]);
  expect(courseOf(back)).toMatchObject({
    movements: [{ kind: "withdrawal", kg: -6.5, fromMs: 19 * minuteMs, atMs: 35 * minuteMs }],
    liftedSinceMs: null,
  });
});

test("a slow drift of a scale moves nothing, and a step within it is measured from where it is", () => {
  const drifting = Array.from({ length: 300 }, (_none, index) => ({
    atMs: index * minuteMs,
    kg: Math.round((40 + index * 0.01 - (index >= 200 ? 5 : 0)) / 0.05) * 0.05,
  }));
  const { movements } = courseOf(drifting);
  expect(movements).toHaveLength(1);
  expect(movements[0]?.kg).toBeCloseTo(-5, 1);
});

test("a hole in the data keeps its two ends apart, and what moved in it is one movement", () => {
  const before = weights([[50, 20]]);
  const after = weights([[30, 20]]).map(({ atMs, kg }) => ({ atMs: atMs + 300 * minuteMs, kg }));
  const { movements } = courseOf([...before, ...after]);
  expect(movements).toMatchObject([
    { kind: "withdrawal", kg: -20, fromMs: 19 * minuteMs, atMs: 300 * minuteMs },
  ]);
});

test("a load that has not settled is none yet, and no points are no course", () => {
  expect(courseOf(weights([[50, 20]]).concat(weights([[40, 1]])))).toMatchObject({ movements: [] });
  const moving = [...weights([[50, 20]]), { atMs: 20 * minuteMs, kg: 40 }];
  expect(courseOf([...moving, { atMs: 21 * minuteMs, kg: 40 }]).movements).toEqual([]);
  expect(courseOf([])).toEqual({ movements: [], levels: [], liftedSinceMs: null });
  expect(findPlateaus([{ atMs: 0, kg: 5 }], 0.5)).toEqual([]);
});

test("the least step is five divisions of the scale, or three sigma of its noise", () => {
  const fine = weights([
    [10, 5],
    [10.05, 5],
    [10, 5],
  ]);
  expect(stepKgOf(fine)).toBeCloseTo(0.25, 5);
  const random = seededRandom(7);
  const rough = Array.from({ length: 500 }, (_none, index) => ({
    atMs: index * minuteMs,
    // Uniform over ±1 kg: its MAD is 0.5 kg, its σ 0.58.
    kg: 50 + (random() - 0.5) * 2,
  }));
  expect(stepKgOf(rough)).toBeGreaterThan(1.5);
  expect(stepKgOf(rough)).toBeLessThan(2.2);
});
