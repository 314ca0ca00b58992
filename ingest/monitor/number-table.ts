const rowsAtFirst = 64;

/**
 * Rows of numbers, one after the other in one array. A number that a property of an object holds is
 * an object of its own, and one more thing for the collector to walk through and for the processor
 * to fetch: here all numbers of a row lie side by side, and nothing has to be walked through.
 */
export class NumberTable {
  /** Another one after each `add`. */
  values: Float64Array;
  readonly #newRow: readonly number[];
  readonly #free: number[] = [];
  #end = 0;

  /** @param newRow what a row holds at first; each is as long as this one */
  constructor(newRow: readonly number[]) {
    this.#newRow = newRow;
    this.values = new Float64Array(rowsAtFirst * newRow.length);
  }

  /** @returns the place of the row's first number in `values` */
  add(): number {
    const at = this.#free.pop() ?? this.#append();
    this.values.set(this.#newRow, at);
    return at;
  }

  /** Nothing of a meaning: the whole row is in the processor's cache then. */
  peek(at: number): number {
    return (this.values[at] ?? 0) + (this.values[at + this.#newRow.length - 1] ?? 0);
  }

  /** The next row that is added may take its place. */
  remove(at: number): void {
    this.#free.push(at);
  }

  #append(): number {
    const at = this.#end;
    this.#end += this.#newRow.length;
    if (this.#end > this.values.length) {
      const larger = new Float64Array(this.values.length * 2);
      larger.set(this.values);
      this.values = larger;
    }
    return at;
  }
}
