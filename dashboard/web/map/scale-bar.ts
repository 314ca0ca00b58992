import { scaleFor } from "./scale-length.ts";

/** A bar with its length over ground, as it is in the middle of the map. */
export class ScaleBar {
  readonly #bar = document.createElement("div");
  #shown = "";

  constructor(element: HTMLElement) {
    this.#bar.className = "nadi-scale";
    element.replaceChildren(this.#bar);
  }

  show(metersPerPixel: number): void {
    const { meters, pixels } = scaleFor(metersPerPixel);
    const text = meters < 1_000 ? `${meters} m` : `${meters / 1_000} km`;
    const width = `${Math.round(pixels)}px`;
    if (this.#shown === text + width) return;
    this.#shown = text + width;
    this.#bar.textContent = text;
    this.#bar.style.width = width;
  }

  destroy(): void {
    this.#bar.remove();
  }
}
