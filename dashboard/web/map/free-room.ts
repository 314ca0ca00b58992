interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** Puts one box after the other where it covers none of those before. */
export class FreeRoom {
  readonly #taken: Box[] = [];

  take(box: Box): boolean {
    const isCovered = this.#taken.some(
      (other) =>
        box.left < other.left + other.width &&
        other.left < box.left + box.width &&
        box.top < other.top + other.height &&
        other.top < box.top + box.height,
    );
    if (!isCovered) this.#taken.push(box);
    return !isCovered;
  }
}
