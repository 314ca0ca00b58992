import type { FrameState } from "ol/Map.js";
import Layer from "ol/layer/Layer.js";
import type { MapPalette } from "./map-palette.ts";
import type { MapVehicle } from "./map-port.ts";
import { VehicleMotion } from "./vehicle-motion.ts";
import { VehiclePainter, type Viewport } from "./vehicle-painter.ts";

/** A vehicle that has moved less than this, in CSS pixels, is not worth another frame. */
const movedPixelsMin = 0.4;
/** As often at least while anything is under way. */
const idleMs = 250;
const frameMs = 16;

/**
 * One canvas above the map's own. While only vehicles move it draws itself, and the ground below
 * is not drawn again; while the map moves it draws with the map's frames.
 */
export class VehicleLayer {
  readonly layer: Layer;
  readonly #canvas = document.createElement("canvas");
  readonly #motion = new VehicleMotion();
  readonly #painter: VehiclePainter;
  readonly #onMoved: () => void;
  readonly #reduced = matchMedia("(prefers-reduced-motion: reduce)");
  #view: Viewport | null = null;
  #handle: number | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;

  /** `onMoved` hears of each drawing, for what follows a vehicle. */
  constructor(palette: MapPalette, pixelRatio: number, onMoved: () => void) {
    this.#painter = new VehiclePainter(this.#motion, palette, pixelRatio);
    this.#onMoved = onMoved;
    this.#canvas.className = "nadi-vehicles";
    this.#canvas.style.position = "absolute";
    this.layer = new Layer({ render: (frame) => this.#drawFrame(frame) });
  }

  set(vehicles: readonly MapVehicle[]): void {
    this.#motion.set(vehicles, performance.now(), !this.#reduced.matches);
    this.#soon();
  }

  select(id: string | null): void {
    this.#painter.selectedId = id;
    this.#soon();
  }

  restyle(palette: MapPalette): void {
    this.#painter.restyle(palette);
    this.#soon();
  }

  /** Where it is drawn now; `null` for one that is not there. */
  positionOf(id: string): { x: number; y: number } | null {
    const at = this.#motion.indexOf(id);
    if (at === null) return null;
    const { x, y } = this.#motion.drawn;
    return { x: x[at] ?? 0, y: y[at] ?? 0 };
  }

  find(x: number, y: number): MapVehicle[] {
    return this.#painter.find(x, y);
  }

  destroy(): void {
    this.#view = null;
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#handle !== null) cancelAnimationFrame(this.#handle);
    this.layer.dispose();
  }

  #drawFrame(frame: FrameState): HTMLElement {
    const { size, pixelRatio, viewState } = frame;
    const [width = 0, height = 0] = size;
    const [x = 0, y = 0] = viewState.center;
    this.#view = { x, y, width, height, pixelRatio, ...scaleOf(viewState) };
    this.#paint(performance.now());
    return this.#canvas;
  }

  /** With the next frame of the browser. */
  #soon(): void {
    if (this.#view === null) return;
    this.#handle ??= requestAnimationFrame((nowMs) => {
      this.#handle = null;
      this.#paint(nowMs);
    });
  }

  /** Slow vehicles far away need no sixty frames a second. */
  #later(delayMs: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (delayMs <= frameMs) return this.#soon();
    this.#timer = setTimeout(() => this.#soon(), delayMs - frameMs);
  }

  #paint(nowMs: number): void {
    const view = this.#view;
    const context = this.#canvas.getContext("2d");
    if (view === null || context === null) return;
    const [width, height] = [view.width, view.height].map((side) =>
      Math.round(side * view.pixelRatio),
    );
    if (this.#canvas.width !== width || this.#canvas.height !== height) {
      this.#canvas.width = width ?? 0;
      this.#canvas.height = height ?? 0;
      this.#canvas.style.width = `${view.width}px`;
      this.#canvas.style.height = `${view.height}px`;
    }
    const isUnderWay = this.#motion.advance(nowMs);
    this.#painter.paint(context, view);
    this.#onMoved();
    if (!isUnderWay) return;
    const pixelsPerMs = this.#motion.speedMax(nowMs) / view.resolution;
    this.#later(Math.min(idleMs, movedPixelsMin / pixelsPerMs));
  }
}

function scaleOf({ resolution, zoom }: FrameState["viewState"]) {
  return { resolution, zoom };
}
