import type { MapPalette } from "./map-palette.ts";
import type { VehicleState } from "./map-port.ts";

/** CSS pixels: the side of a sprite's square, with the ring of a selected one. */
export const spritePixels = 36;
/** Directions that a moving vehicle's arrow is drawn in beforehand: 7.5 degrees each. */
const directions = 48;
const radius = 11;

/** Vehicles drawn once, and copied from then on. */
export interface Sprites {
  image: HTMLCanvasElement;
  /** Device pixels of a sprite's side. */
  size: number;
  /** Where in `image` a vehicle's sprite begins: device pixels. */
  left: (state: VehicleState, headingDeg: number) => number;
}

export function makeSprites(palette: MapPalette, pixelRatio: number): Sprites {
  const size = Math.ceil(spritePixels * pixelRatio);
  const image = document.createElement("canvas");
  image.width = size * (directions + 2);
  image.height = size;
  const context = image.getContext("2d");
  // Without a canvas there is no map at all; the list beside it says the same.
  if (context === null) throw new Error("this browser gives no 2D canvas");
  const draw = (slot: number, paint: (context: CanvasRenderingContext2D) => void): void => {
    context.setTransform(pixelRatio, 0, 0, pixelRatio, size * slot + size / 2, size / 2);
    paint(context);
  };
  for (let direction = 0; direction < directions; direction += 1) {
    draw(direction, () => paintMoving(context, palette, (direction / directions) * 360));
  }
  draw(directions, () => paintStopped(context, palette));
  draw(directions + 1, () => paintSilent(context, palette));
  return {
    image,
    size,
    left(state, headingDeg) {
      if (state === "stopped") return size * directions;
      if (state === "silent") return size * (directions + 1);
      const turned = Math.round((headingDeg / 360) * directions) % directions;
      return size * ((turned + directions) % directions);
    },
  };
}

/** A filled circle with an arrow to where it drives. */
function paintMoving(
  context: CanvasRenderingContext2D,
  palette: MapPalette,
  headingDeg: number,
): void {
  context.fillStyle = palette.accent;
  context.strokeStyle = palette.surface;
  context.lineWidth = 2;
  circle(context, radius + 1);
  context.fill();
  context.stroke();
  context.rotate((headingDeg * Math.PI) / 180);
  context.fillStyle = palette.onAccent;
  context.beginPath();
  for (const [x, y] of [
    [0, -7],
    [5, 6],
    [0, 3],
    [-5, 6],
  ] as const)
    context.lineTo(x, y);
  context.closePath();
  context.fill();
}

/** A square with two bars, as on a player that pauses. */
function paintStopped(context: CanvasRenderingContext2D, palette: MapPalette): void {
  context.fillStyle = palette.surface;
  context.strokeStyle = palette.accent;
  context.lineWidth = 2.25;
  context.beginPath();
  context.roundRect(-radius, -radius, 2 * radius, 2 * radius, 4);
  context.fill();
  context.stroke();
  context.fillStyle = palette.accent;
  context.fillRect(-4.5, -5, 3, 10);
  context.fillRect(1.5, -5, 3, 10);
}

/** A dashed circle, crossed: where it was heard last. */
function paintSilent(context: CanvasRenderingContext2D, palette: MapPalette): void {
  context.fillStyle = palette.unknownSoft;
  context.strokeStyle = palette.unknown;
  context.lineWidth = 2;
  circle(context, radius + 1);
  context.fill();
  context.setLineDash([4, 3.2]);
  context.stroke();
  context.setLineDash([]);
  context.lineCap = "round";
  context.beginPath();
  context.moveTo(-4.5, 4.5);
  context.lineTo(4.5, -4.5);
  context.stroke();
}

function circle(context: CanvasRenderingContext2D, ofRadius: number): void {
  context.beginPath();
  context.arc(0, 0, ofRadius, 0, 2 * Math.PI);
}
