/** Who wants to hear of something. One that leaves while it is told is not told. */
export class Listeners<Args extends unknown[] = []> {
  readonly #all = new Set<(...args: Args) => void>();

  get size(): number {
    return this.#all.size;
  }

  add(listener: (...args: Args) => void): () => void {
    // Of its own, so that one function may be added twice and removed once.
    const own = (...args: Args): void => listener(...args);
    this.#all.add(own);
    return () => {
      this.#all.delete(own);
    };
  }

  tell(...args: Args): void {
    for (const listener of this.#all) listener(...args);
  }
}
