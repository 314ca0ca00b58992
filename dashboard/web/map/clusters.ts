import type { DrawnVehicles } from "./vehicle-motion.ts";

/** Vehicles that stand in the same square of the ground, drawn as one mark with their number. */
export interface Cluster {
  /** The middle of its vehicles: metres of Web Mercator. */
  x: number;
  y: number;
  indices: number[];
}

/**
 * One cluster for each square of `cellMeters` (of the projection) that holds a vehicle. The squares
 * lie fixed on the ground, so that nothing regroups while somebody moves the map.
 */
export function clusterVehicles(drawn: DrawnVehicles, cellMeters: number): Cluster[] {
  const cells = new Map<number, Cluster>();
  for (let at = 0; at < drawn.count; at += 1) {
    const [x = 0, y = 0] = [drawn.x[at], drawn.y[at]];
    // The world has fewer than 2^24 squares a side at any zoom that clusters.
    const key = Math.floor(x / cellMeters) * 2 ** 24 + Math.floor(y / cellMeters);
    const cell = cells.get(key);
    if (cell === undefined) cells.set(key, { x, y, indices: [at] });
    else {
      cell.indices.push(at);
      cell.x += x;
      cell.y += y;
    }
  }
  const clusters = [...cells.values()];
  for (const cluster of clusters) {
    cluster.x /= cluster.indices.length;
    cluster.y /= cluster.indices.length;
  }
  return clusters;
}
