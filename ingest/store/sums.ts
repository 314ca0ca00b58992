/** What is known of some readings of one series: a minute's, an hour's or a bucket's. */
export interface Sums {
  /** Readings without a flag; everything below but `flagged` is about them alone. */
  count: number;
  flagged: number;
  sum: number;
  min: number;
  max: number;
  last: number;
  /** Where the last one stands: (event time, seq, index), UTC ms. */
  lastTimeMs: number;
  lastSeq: number;
  lastIndex: number;
}

/** A row that an insert has added. */
export interface Point {
  timeMs: number;
  seq: number;
  index: number;
  value: number;
  flags: number;
}

export function emptySums(): Sums {
  return {
    count: 0,
    flagged: 0,
    sum: 0,
    min: Number.POSITIVE_INFINITY,
    max: Number.NEGATIVE_INFINITY,
    last: 0,
    lastTimeMs: 0,
    lastSeq: 0,
    lastIndex: 0,
  };
}

export function addPoint(sums: Sums, point: Point): void {
  if (point.flags !== 0) {
    sums.flagged += 1;
    return;
  }
  const { value } = point;
  if (sums.count === 0 || isBehind(sums, point)) {
    sums.last = value;
    sums.lastTimeMs = point.timeMs;
    sums.lastSeq = point.seq;
    sums.lastIndex = point.index;
  }
  sums.count += 1;
  sums.sum += value;
  if (value < sums.min) sums.min = value;
  if (value > sums.max) sums.max = value;
}

export function addSums(sums: Sums, more: Sums): void {
  sums.flagged += more.flagged;
  if (more.count === 0) return;
  if (sums.count === 0 || isBehind(sums, placeOf(more))) {
    sums.last = more.last;
    sums.lastTimeMs = more.lastTimeMs;
    sums.lastSeq = more.lastSeq;
    sums.lastIndex = more.lastIndex;
  }
  sums.count += more.count;
  sums.sum += more.sum;
  if (more.min < sums.min) sums.min = more.min;
  if (more.max > sums.max) sums.max = more.max;
}

function placeOf(sums: Sums): Pick<Point, "timeMs" | "seq" | "index"> {
  return { timeMs: sums.lastTimeMs, seq: sums.lastSeq, index: sums.lastIndex };
}

/** Whether the newest that the sums hold stands before the place. */
function isBehind(sums: Sums, place: Pick<Point, "timeMs" | "seq" | "index">): boolean {
  if (place.timeMs !== sums.lastTimeMs) return place.timeMs > sums.lastTimeMs;
  if (place.seq !== sums.lastSeq) return place.seq > sums.lastSeq;
  return place.index > sums.lastIndex;
}
