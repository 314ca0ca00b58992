import { clusterVehicles, type Cluster } from "./clusters.ts";
import { FreeRoom } from "./free-room.ts";
import { Labels, labelsMax } from "./labels.ts";
import type { MapPalette } from "./map-palette.ts";
import { type MapVehicle, vehicleStates } from "./map-port.ts";
import { ScreenGrid } from "./screen-grid.ts";
import { makeSprites, type Sprites, spritePixels } from "./sprites.ts";
import type { VehicleMotion } from "./vehicle-motion.ts";

/** Farther out than this streets can't be told apart, nor vehicles: they are counted instead. */
export const clusterZoomMax = 10;
const clusterPixels = 72;
/** From the middle of a vehicle to its name. */
const labelGap = 20;

/** Which part of the ground is on the canvas. */
export interface Viewport {
  /** Of the middle: metres of Web Mercator. */
  x: number;
  y: number;
  /** Metres of the projection in a CSS pixel. */
  resolution: number;
  zoom: number;
  /** CSS pixels. */
  width: number;
  height: number;
  pixelRatio: number;
}

/** Draws all vehicles of a `VehicleMotion` on one canvas, and knows what it has drawn where. */
export class VehiclePainter {
  readonly #motion: VehicleMotion;
  #sprites: Sprites;
  #labels: Labels;
  #palette: MapPalette;
  readonly #pixelRatio: number;
  #x = new Float32Array(0);
  #y = new Float32Array(0);
  #visible: number[] = [];
  #clusters: Cluster[] | null = null;
  #grid: ScreenGrid | null = null;
  selectedId: string | null = null;

  constructor(motion: VehicleMotion, palette: MapPalette, pixelRatio: number) {
    this.#motion = motion;
    this.#palette = palette;
    this.#pixelRatio = pixelRatio;
    this.#sprites = makeSprites(palette, pixelRatio);
    this.#labels = new Labels(palette, pixelRatio);
  }

  /** Colours anew. */
  restyle(palette: MapPalette): void {
    this.#palette = palette;
    this.#sprites = makeSprites(palette, this.#pixelRatio);
    this.#labels = new Labels(palette, this.#pixelRatio);
  }

  paint(context: CanvasRenderingContext2D, view: Viewport): void {
    this.#grid = null;
    context.setTransform(view.pixelRatio, 0, 0, view.pixelRatio, 0, 0);
    context.clearRect(0, 0, view.width, view.height);
    const isCounted = view.zoom < clusterZoomMax;
    this.#clusters = isCounted
      ? clusterVehicles(this.#motion.drawn, clusterPixels * clusterResolution(view.zoom))
      : null;
    this.#place(view);
    if (this.#clusters === null) this.#paintEach(context, view);
    else this.#paintClusters(context);
  }

  /** Vehicles near a place on the screen, the nearest first; those of a cluster together. */
  find(x: number, y: number): MapVehicle[] {
    const { vehicles } = this.#motion;
    this.#grid ??= new ScreenGrid({ x: this.#x, y: this.#y, visible: this.#visible });
    const near = this.#grid.near(x, y);
    const [nearest] = near;
    const cluster = nearest === undefined ? undefined : this.#clusters?.[nearest];
    const indices = this.#clusters === null ? near : (cluster?.indices ?? []);
    return indices.map((at) => vehicles[at]).filter((vehicle) => vehicle !== undefined);
  }

  /** Where on the screen each vehicle, or cluster, is. */
  #place(view: Viewport): void {
    const { drawn } = this.#motion;
    const points = this.#clusters;
    const count = points?.length ?? drawn.count;
    if (this.#x.length < count) {
      this.#x = new Float32Array(count);
      this.#y = new Float32Array(count);
    }
    this.#visible = [];
    const [left, top] = [view.width / 2, view.height / 2];
    for (let at = 0; at < count; at += 1) {
      const point = points?.[at];
      const east = (point?.x ?? drawn.x[at] ?? 0) - view.x;
      const north = (point?.y ?? drawn.y[at] ?? 0) - view.y;
      const x = left + east / view.resolution;
      const y = top - north / view.resolution;
      this.#x[at] = x;
      this.#y[at] = y;
      const isIn = x > -spritePixels && x < view.width + spritePixels;
      if (isIn && y > -spritePixels && y < view.height + spritePixels) this.#visible.push(at);
    }
  }

  #paintEach(context: CanvasRenderingContext2D, view: Viewport): void {
    const selected = this.selectedId === null ? null : this.#motion.indexOf(this.selectedId);
    // By device pixels, so that a sprite is copied and not calculated.
    context.setTransform(1, 0, 0, 1, 0, 0);
    for (const at of this.#visible) if (at !== selected) this.#paintOne(context, at);
    if (selected !== null && this.#visible.includes(selected)) {
      this.#paintRing(context, selected);
      context.setTransform(1, 0, 0, 1, 0, 0);
      this.#paintOne(context, selected);
    }
    context.setTransform(view.pixelRatio, 0, 0, view.pixelRatio, 0, 0);
    this.#paintLabels(context, selected, view);
  }

  #paintOne(context: CanvasRenderingContext2D, at: number): void {
    const { drawn } = this.#motion;
    const { image, size, left } = this.#sprites;
    const state = vehicleStates[drawn.state[at] ?? 0] ?? "silent";
    const from = left(state, drawn.headingDeg[at] ?? 0);
    const x = Math.round((this.#x[at] ?? 0) * this.#pixelRatio - size / 2);
    const y = Math.round((this.#y[at] ?? 0) * this.#pixelRatio - size / 2);
    context.drawImage(image, from, 0, size, size, x, y, size, size);
  }

  #paintRing(context: CanvasRenderingContext2D, at: number): void {
    context.setTransform(this.#pixelRatio, 0, 0, this.#pixelRatio, 0, 0);
    context.beginPath();
    context.arc(this.#x[at] ?? 0, this.#y[at] ?? 0, 18, 0, 2 * Math.PI);
    context.strokeStyle = this.#palette.text;
    context.lineWidth = 2.5;
    context.stroke();
  }

  #paintLabels(context: CanvasRenderingContext2D, selected: number | null, view: Viewport): void {
    const { vehicles, drawn } = this.#motion;
    const isCrowded = this.#visible.length > labelsMax;
    const named = isCrowded ? [] : this.#visible.filter((at) => at !== selected);
    if (selected !== null && this.#visible.includes(selected)) named.unshift(selected);
    const room = new FreeRoom();
    for (const at of named) {
      const text = vehicles[at]?.label ?? "";
      const state = vehicleStates[drawn.state[at] ?? 0] ?? "silent";
      const { image, width, height } = this.#labels.get(text, state);
      const [x, y] = [Math.round(this.#x[at] ?? 0), Math.round(this.#y[at] ?? 0)];
      const right = { left: x + labelGap, top: y - height / 2, width, height };
      const middle = { ...right, left: Math.round(x - width / 2) };
      const boxes = [
        right,
        { ...right, left: x - labelGap - width },
        // A phone has no room for it beside.
        { ...middle, top: y + labelGap },
        { ...middle, top: y - labelGap - height },
      ];
      const inView = boxes.filter((box) => box.left >= 0 && box.left + width <= view.width);
      const free = inView.find((box) => room.take(box));
      if (free !== undefined) context.drawImage(image, free.left, free.top, width, height);
    }
  }

  #paintClusters(context: CanvasRenderingContext2D): void {
    const { surface, accent, text, unknown, font } = this.#palette;
    context.textAlign = "center";
    context.textBaseline = "middle";
    for (const at of this.#visible) {
      const { indices } = this.#clusters?.[at] ?? { indices: [] };
      const count = indices.length;
      const isSilent = indices.some((index) => this.#motion.drawn.state[index] === silentIndex);
      const radius = 13 + 3 * Math.min(4, Math.log10(count) * 1.6);
      context.beginPath();
      context.arc(this.#x[at] ?? 0, this.#y[at] ?? 0, radius, 0, 2 * Math.PI);
      context.fillStyle = surface;
      context.fill();
      context.lineWidth = 2.5;
      // One of them at least has not been heard of for long.
      context.setLineDash(isSilent ? [4, 3.2] : []);
      context.strokeStyle = isSilent ? unknown : accent;
      context.stroke();
      context.fillStyle = text;
      context.font = `600 13px ${font}`;
      context.fillText(String(count), this.#x[at] ?? 0, (this.#y[at] ?? 0) + 1);
    }
    context.setLineDash([]);
    context.textAlign = "start";
  }
}

const silentIndex = vehicleStates.indexOf("silent");
/** Web Mercator at zoom 0: metres of the projection in a pixel of a tile of 256. */
const resolutionAtZero = 156_543.033_928_04;

/** Of whole zooms only: squares change size in steps, and not with each turn of a wheel. */
function clusterResolution(zoom: number): number {
  return resolutionAtZero / 2 ** Math.floor(zoom);
}
