/** As wide as 2^64 in decimal, so that a width never has to grow. */
const positionDigits = 20;
const positionMax = 2n ** 64n - 1n;

export const positionPattern = /^[0-9]{20}$/;

/**
 * A journal offset as a realtime message carries it. Positions compare as text and only grow
 * within a kitchen, so a page drops what is older than its snapshot. Throws a RangeError for what
 * is no offset: that is a fault of the caller.
 */
export function formatPosition(offset: number | bigint): string {
  const isOffset = typeof offset === "bigint" ? offset >= 0n : Number.isSafeInteger(offset);
  if (!isOffset || offset < 0 || offset > positionMax) {
    throw new RangeError(`position: expected an offset of 0 to 2^64 - 1, got ${offset}`);
  }
  return offset.toString().padStart(positionDigits, "0");
}

/** Below 0 if `left` is older, 0 if they are the same place, above 0 if it is newer. */
export function comparePositions(left: string, right: string): -1 | 0 | 1 {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
