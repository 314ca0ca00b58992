/** How far a finger may miss, in CSS pixels: half of the smallest target. */
const reachPixels = 22;
const cellPixels = 32;

/** Points on the screen, sorted into squares: what is near a press is found without asking all. */
export class ScreenGrid {
  readonly #cells = new Map<number, number[]>();
  readonly #x: Float32Array;
  readonly #y: Float32Array;

  /** `x` and `y` in CSS pixels; `count` of them are used, those outside `visible` are not. */
  constructor(points: { x: Float32Array; y: Float32Array; visible: readonly number[] }) {
    this.#x = points.x;
    this.#y = points.y;
    for (const at of points.visible) {
      const key = keyOf(this.#column(points.x[at]), this.#column(points.y[at]));
      const cell = this.#cells.get(key);
      if (cell === undefined) this.#cells.set(key, [at]);
      else cell.push(at);
    }
  }

  /** Indices of the points within reach, the nearest first. */
  near(x: number, y: number): number[] {
    const found: { at: number; distance: number }[] = [];
    const first = [this.#column(x - reachPixels), this.#column(y - reachPixels)] as const;
    const last = [this.#column(x + reachPixels), this.#column(y + reachPixels)] as const;
    for (let column = first[0]; column <= last[0]; column += 1) {
      for (let row = first[1]; row <= last[1]; row += 1) {
        for (const at of this.#cells.get(keyOf(column, row)) ?? []) {
          const distance = Math.hypot((this.#x[at] ?? 0) - x, (this.#y[at] ?? 0) - y);
          if (distance <= reachPixels) found.push({ at, distance });
        }
      }
    }
    return found.toSorted((a, b) => a.distance - b.distance).map(({ at }) => at);
  }

  #column(pixel: number | undefined): number {
    return Math.floor((pixel ?? 0) / cellPixels);
  }
}

/** A screen has fewer than 65,536 squares a side, also with its negative edge. */
function keyOf(column: number, row: number): number {
  return (column + 32_768) * 65_536 + row + 32_768;
}
