import * as fc from "fast-check";
import { expect, test } from "vitest";
import { comparePositions, formatPosition, positionPattern } from "../../devices/position.ts";

test("positions compare as their offsets do", () => {
  const offset = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
  fc.assert(
    fc.property(offset, offset, (left, right) => {
      const expected = left === right ? 0 : left < right ? -1 : 1;
      expect(comparePositions(formatPosition(left), formatPosition(right))).toBe(expected);
      expect(formatPosition(left)).toMatch(positionPattern);
    }),
  );
});

test("a number and a bigint of the same offset are one position", () => {
  expect(formatPosition(42)).toBe("00000000000000000042");
  expect(formatPosition(42n)).toBe(formatPosition(42));
});

test.for([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, -1n, 2n ** 64n])(
  "%s is no offset",
  (offset) => {
    expect(() => formatPosition(offset)).toThrow(RangeError);
  },
);
