import { expect, test } from "vitest";
import { MinuteSums } from "../../../ingest/store/minute-sums.ts";
import { addPoint, emptySums, type Sums } from "../../../ingest/store/sums.ts";
import { seededRandom } from "../../support/seeded-random.ts";

/** Adds the same points to the sums and to a map, and compares all that they then say. */
function compare(seriesOf: (at: number) => number, count: number): void {
  const sums = new MinuteSums();
  const expected = new Map<number, Sums>();
  for (let at = 0; at < count; at++) {
    const series = seriesOf(at);
    const point = { timeMs: at, seq: 0, index: 0, value: at % 97, flags: at % 11 === 0 ? 1 : 0 };
    const known = expected.get(series) ?? emptySums();
    expected.set(series, known);
    addPoint(known, point);
    sums.add(series, point);
  }
  expect(sums.size).toBe(expected.size);
  expect([...sums.series()]).toEqual([...expected.keys()].toSorted((a, b) => a - b));
  const differing = [...expected].filter(([series, one]) => {
    const its = sums.get(series);
    return (Object.keys(one) as (keyof Sums)[]).some((name) => its[name] !== one[name]);
  });
  expect(differing).toEqual([]);
}

test("many series in any order have the sums of their own points", () => {
  const random = seededRandom(7);
  compare(() => 1 + Math.floor(random() * 20_000), 60_000);
});

test("series that are numbered as they come keep their sums while the list grows", () => {
  compare((at) => 1 + (at % 15_000), 40_000);
});

test("few of very many series need no list as long as their numbers", () => {
  const random = seededRandom(8);
  compare(() => 1 + Math.floor(random() * 4_000_000_000), 10_000);
});

test("a late newcomer far behind the list is found as well", () => {
  compare((at) => (at % 5_000 === 4_999 ? 1_000_000 + at : 1 + (at % 5_000)), 20_000);
});
