/** The widest that the bar gets, in CSS pixels. */
const pixelsMax = 120;

/** The longest round length that fits: 1, 2 or 5 times a power of ten, in metres. */
export function scaleFor(metersPerPixel: number): { meters: number; pixels: number } {
  const most = metersPerPixel * pixelsMax;
  const power = 10 ** Math.floor(Math.log10(most));
  const step = [5, 2].find((factor) => factor * power <= most) ?? 1;
  const meters = step * power;
  return { meters, pixels: meters / metersPerPixel };
}

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
