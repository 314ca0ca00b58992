import { addPoint, emptySums, type Point, type Sums } from "./sums.ts";

/** In the order of `write`. */
const fields = 9;
const sumsAtFirst = 4;

/**
 * The sums of one minute, of every series that it has. Flat arrays instead of an object each:
 * at 300,000 series a minute is 25 MB, and the collector has nothing to walk through.
 */
export class MinuteSums {
  readonly #places = new Map<number, number>();
  #values = new Float64Array(sumsAtFirst * fields);
  #series = new Uint32Array(sumsAtFirst);
  #size = 0;
  readonly #sums: Sums = emptySums();

  get size(): number {
    return this.#size;
  }

  add(series: number, point: Point): void {
    const place = this.#placeOf(series);
    addPoint(this.#read(place), point);
    this.#write(place);
  }

  /** In the order of their numbers. */
  series(): Uint32Array {
    return this.#series.slice(0, this.#size).toSorted();
  }

  /** One object for all: it holds until the next call. */
  get(series: number): Sums {
    return this.#read(this.#placeOf(series));
  }

  #placeOf(series: number): number {
    const known = this.#places.get(series);
    if (known !== undefined) return known;
    const place = this.#size;
    if (place === this.#series.length) {
      this.#series = grown(this.#series, place + 1);
      this.#values = grown(this.#values, (place + 1) * fields);
    }
    this.#size += 1;
    this.#places.set(series, place);
    this.#series[place] = series;
    Object.assign(this.#sums, emptySums());
    this.#write(place);
    return place;
  }

  #read(place: number): Sums {
    const values = this.#values;
    const at = place * fields;
    const sums = this.#sums;
    sums.count = values[at] ?? 0;
    sums.flagged = values[at + 1] ?? 0;
    sums.sum = values[at + 2] ?? 0;
    sums.min = values[at + 3] ?? 0;
    sums.max = values[at + 4] ?? 0;
    sums.last = values[at + 5] ?? 0;
    sums.lastTimeMs = values[at + 6] ?? 0;
    sums.lastSeq = values[at + 7] ?? 0;
    sums.lastIndex = values[at + 8] ?? 0;
    return sums;
  }

  #write(place: number): void {
    const values = this.#values;
    const at = place * fields;
    const sums = this.#sums;
    values[at] = sums.count;
    values[at + 1] = sums.flagged;
    values[at + 2] = sums.sum;
    values[at + 3] = sums.min;
    values[at + 4] = sums.max;
    values[at + 5] = sums.last;
    values[at + 6] = sums.lastTimeMs;
    values[at + 7] = sums.lastSeq;
    values[at + 8] = sums.lastIndex;
  }
}

/** Twice as long, or as long as it must be. */
function grown<Numbers extends Uint32Array | Float64Array>(
  old: Numbers,
  lengthMin: number,
): Numbers {
  const length = Math.max(old.length * 2, lengthMin);
  // The constructor of the same type, which TypeScript knows as any function.
  const larger = new (old.constructor as new (length: number) => Numbers)(length);
  larger.set(old);
  return larger;
}
