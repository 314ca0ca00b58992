import { addPoint, emptySums, type Point, type Sums } from "./sums.ts";

/** In the order of `write`. */
const fields = 9;
const sumsAtFirst = 4;
/** From so many series on their places stand in a list instead of a map... */
const listedMin = 4_096;
/** ...unless it had more gaps than this for each: it would be larger than the sums. */
const gapsMax = 16;

/**
 * The sums of one minute, of every series that it has. Flat arrays instead of an object each:
 * at 300,000 series a minute is 25 MB, and the collector has nothing to walk through.
 */
export class MinuteSums {
  readonly #places = new Map<number, number>();
  /** Each place + 1, by number of the series; those beyond it are in the map. */
  #listed = new Uint32Array();
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
    const listed = this.#listed[series];
    const known = listed === undefined ? (this.#places.get(series) ?? -1) : listed - 1;
    if (known >= 0) return known;
    const place = this.#size;
    if (place === this.#series.length) {
      this.#series = grown(this.#series, place + 1);
      this.#values = grown(this.#values, (place + 1) * fields);
    }
    this.#size += 1;
    this.#series[place] = series;
    this.#setPlace(series, place);
    Object.assign(this.#sums, emptySums());
    this.#write(place);
    return place;
  }

  #setPlace(series: number, place: number): void {
    if (series < this.#listed.length) this.#listed[series] = place + 1;
    else this.#places.set(series, place);
    // Each time that their number has doubled.
    const isDue = this.#size >= listedMin && (this.#size & (this.#size - 1)) === 0;
    if (isDue && this.#places.size > 0) this.#list();
  }

  #list(): void {
    const largest = this.#series.subarray(0, this.#size).reduce((a, b) => Math.max(a, b), 0);
    if (largest > this.#size * gapsMax) return;
    // Room for those that come next, which have the next numbers.
    this.#listed = new Uint32Array(largest * 2);
    for (let place = 0; place < this.#size; place++) {
      this.#listed[this.#series[place] ?? 0] = place + 1;
    }
    this.#places.clear();
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
