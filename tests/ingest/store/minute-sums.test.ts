import { expect, test } from "vitest";
import { MinuteSums } from "../../../ingest/store/minute-sums.ts";
import { addPoint, emptySums, type Sums } from "../../../ingest/store/sums.ts";
import { seededRandom } from "../../support/seeded-random.ts";

const exact = { isSizeRight: true, isOrderRight: true, differing: [] };

/** Adds the same points to the sums and to a map, and says where they differ then. */
function compare(seriesOf: (at: number) => number, count: number) {
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
  const differing = [...expected].filter(([series, one]) => {
    const its = sums.get(series);
    return (Object.keys(one) as (keyof Sums)[]).some((name) => its[name] !== one[name]);
  });
  const numbers = [...expected.keys()].toSorted((a, b) => a - b);
  return {
    isSizeRight: sums.size === expected.size,
    isOrderRight: numbers.join() === sums.series().join(),
    differing: differing.map(([series]) => series),
  };
}

test("many series in any order have the sums of their own points", () => {
  const random = seededRandom(7);
  expect(compare(() => 1 + Math.floor(random() * 20_000), 60_000)).toEqual(exact);
});

test("series that are numbered as they come keep their sums while the list grows", () => {
  expect(compare((at) => 1 + (at % 15_000), 40_000)).toEqual(exact);
});

test("few of very many series need no list as long as their numbers", () => {
  const random = seededRandom(8);
  expect(compare(() => 1 + Math.floor(random() * 4_000_000_000), 10_000)).toEqual(exact);
});

test("a late newcomer far behind the list is found as well", () => {
  expect(
    compare((at) => (at % 5_000 === 4_999 ? 1_000_000 + at : 1 + (at % 5_000)), 20_000),
  ).toEqual(exact);
});
