import { type Draws, drawsOf, seedOf } from "../world/seeded.ts";
import { distanceMeters, type Point } from "./geo.ts";

/** Central Jakarta's streets run nearly with the compass, turned by a few degrees. */
const gridDegrees = 8;
const blockMeters = 420;
const jitterMeters = 35;

/**
 * A way along streets that do not exist: a staircase over a turned grid, with bends. The same two
 * ends have the same way on every day, and it is some 1.3 times as long as the bird's.
 */
export function roadBetween(seed: number, from: Point, to: Point): Point[] {
  const draws = drawsOf(seedOf(seed, Math.round(from.east), Math.round(to.north)));
  const angle = (gridDegrees * Math.PI) / 180;
  const along = { east: Math.cos(angle), north: Math.sin(angle) };
  const across = { east: -along.north, north: along.east };
  const delta = { east: to.east - from.east, north: to.north - from.north };
  const alongMeters = delta.east * along.east + delta.north * along.north;
  const acrossMeters = delta.east * across.east + delta.north * across.north;
  const steps = Math.max(1, Math.round(distanceMeters(from, to) / blockMeters / 2));

  const corners: Point[] = [from];
  const goneOf = { along: 0, across: 0 };
  const corner = (): Point => ({
    east: from.east + along.east * goneOf.along + across.east * goneOf.across,
    north: from.north + along.north * goneOf.along + across.north * goneOf.across,
  });
  const isAlongFirst = draws.chance(0.5);
  for (let step = 1; step <= steps; step += 1) {
    const turns = isAlongFirst ? (["along", "across"] as const) : (["across", "along"] as const);
    for (const turn of turns) {
      goneOf[turn] = ((turn === "along" ? alongMeters : acrossMeters) * step) / steps;
      corners.push(bend(corner(), draws));
    }
  }
  // The last corner is the place itself.
  return [...corners.slice(0, -1), to];
}

function bend(corner: Point, draws: Draws): Point {
  return {
    east: corner.east + draws.between(-jitterMeters, jitterMeters),
    north: corner.north + draws.between(-jitterMeters, jitterMeters),
  };
}
