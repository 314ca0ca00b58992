import type { RealPlace } from "./places.ts";

/** Metres east and north of a kitchen: within 6 km the earth is flat to a few cm. */
export interface Point {
  east: number;
  north: number;
}

const metersPerDegree = 111_195;

export function toPoint(origin: RealPlace, { lat, lon }: { lat: number; lon: number }): Point {
  const shrink = Math.cos((origin.lat * Math.PI) / 180);
  return {
    east: (lon - origin.lon) * metersPerDegree * shrink,
    north: (lat - origin.lat) * metersPerDegree,
  };
}

export function toCoordinates(origin: RealPlace, point: Point): { lat: number; lon: number } {
  const shrink = Math.cos((origin.lat * Math.PI) / 180);
  return {
    lat: origin.lat + point.north / metersPerDegree,
    lon: origin.lon + point.east / (metersPerDegree * shrink),
  };
}

export function distanceMeters(from: Point, to: Point): number {
  return Math.hypot(to.east - from.east, to.north - from.north);
}

/** Degrees from north, clockwise. */
export function headingDeg(from: Point, to: Point): number {
  const degrees = (Math.atan2(to.east - from.east, to.north - from.north) * 180) / Math.PI;
  return (degrees + 360) % 360;
}

export function between(from: Point, to: Point, share: number): Point {
  return {
    east: from.east + (to.east - from.east) * share,
    north: from.north + (to.north - from.north) * share,
  };
}
