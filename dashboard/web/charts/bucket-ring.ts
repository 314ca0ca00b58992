/** One bucket of a chart, as the server tells it and as live values fold into it. */
export interface ChartBucket {
  t: number;
  min: number;
  max: number;
  mean: number;
  count: number;
}

/**
 * The newest buckets of one series in typed arrays, made once: streaming for days costs no memory
 * and no garbage. The oldest gives way to the newest.
 */
export class BucketRing {
  readonly #times: Float64Array;
  readonly #sums: Float64Array;
  readonly #mins: Float32Array;
  readonly #maxs: Float32Array;
  readonly #counts: Uint32Array;
  #start = 0;
  #length = 0;

  constructor(capacity: number) {
    this.#times = new Float64Array(capacity);
    this.#sums = new Float64Array(capacity);
    this.#mins = new Float32Array(capacity);
    this.#maxs = new Float32Array(capacity);
    this.#counts = new Uint32Array(capacity);
  }

  get length(): number {
    return this.#length;
  }

  /** Folds a value into the bucket of its time. `false`: older than the newest bucket, left out. */
  push(atMs: number, value: number, widthMs: number): boolean {
    const t = Math.floor(atMs / widthMs) * widthMs;
    const newest = this.#length === 0 ? -1 : this.#place(this.#length - 1);
    const newestTime = newest < 0 ? Number.NEGATIVE_INFINITY : (this.#times[newest] ?? 0);
    if (t < newestTime) return false;
    if (t === newestTime) {
      this.#sums[newest] = (this.#sums[newest] ?? 0) + value;
      this.#mins[newest] = Math.min(this.#mins[newest] ?? value, value);
      this.#maxs[newest] = Math.max(this.#maxs[newest] ?? value, value);
      this.#counts[newest] = (this.#counts[newest] ?? 0) + 1;
      return true;
    }
    if (this.#length === this.#times.length) this.#start = (this.#start + 1) % this.#times.length;
    else this.#length += 1;
    const place = this.#place(this.#length - 1);
    this.#times[place] = t;
    this.#sums[place] = this.#mins[place] = this.#maxs[place] = value;
    this.#counts[place] = 1;
    return true;
  }

  /** From 0, the oldest, to `length`. */
  at(index: number): ChartBucket {
    const place = this.#place(index);
    const count = this.#counts[place] ?? 1;
    return {
      t: this.#times[place] ?? 0,
      min: this.#mins[place] ?? 0,
      max: this.#maxs[place] ?? 0,
      mean: (this.#sums[place] ?? 0) / count,
      count,
    };
  }

  clear(): void {
    this.#start = this.#length = 0;
  }

  #place(index: number): number {
    return (this.#start + index) % this.#times.length;
  }
}
