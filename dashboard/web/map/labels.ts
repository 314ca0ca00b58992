import type { MapPalette } from "./map-palette.ts";
import type { VehicleState } from "./map-port.ts";

/** Names drawn at once; where more vehicles are in view, only the selected one has its name. */
export const labelsMax = 40;
/** Drawn before and kept; an age is another text each second. */
const keptMax = 200;
const height = 22;
const padding = 8;
const fontPixels = 13;

export interface Label {
  image: HTMLCanvasElement;
  /** CSS pixels. */
  width: number;
  height: number;
}

/** Names as pictures: a text that is drawn each frame costs more than all vehicles. */
export class Labels {
  readonly #palette: MapPalette;
  readonly #pixelRatio: number;
  readonly #made = new Map<string, Label>();

  constructor(palette: MapPalette, pixelRatio: number) {
    this.#palette = palette;
    this.#pixelRatio = pixelRatio;
  }

  get(text: string, state: VehicleState): Label {
    const key = `${state} ${text}`;
    const known = this.#made.get(key);
    if (known !== undefined) return known;
    const made = this.#make(text, state);
    this.#made.set(key, made);
    const [oldest] = this.#made.keys();
    if (this.#made.size > keptMax && oldest !== undefined) this.#made.delete(oldest);
    return made;
  }

  #make(text: string, state: VehicleState): Label {
    const { surface, border, text: ink, unknown, unknownText, font } = this.#palette;
    const image = document.createElement("canvas");
    const context = image.getContext("2d");
    if (context === null) throw new Error("this browser gives no 2D canvas");
    const isSilent = state === "silent";
    const fontText = `${isSilent ? 400 : 600} ${fontPixels}px ${font}`;
    context.font = fontText;
    const width = Math.ceil(context.measureText(text).width) + 2 * padding;
    image.width = Math.ceil(width * this.#pixelRatio);
    image.height = Math.ceil(height * this.#pixelRatio);
    context.scale(this.#pixelRatio, this.#pixelRatio);
    context.font = fontText;
    context.textBaseline = "middle";
    context.beginPath();
    context.roundRect(0.75, 0.75, width - 1.5, height - 1.5, 5);
    context.fillStyle = surface;
    context.fill();
    context.strokeStyle = isSilent ? unknown : border;
    if (isSilent) context.setLineDash([3, 2.5]);
    context.stroke();
    context.fillStyle = isSilent ? unknownText : ink;
    context.fillText(text, padding, height / 2 + 0.5);
    return { image, width, height };
  }
}
