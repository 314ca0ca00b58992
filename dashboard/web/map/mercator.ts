import type { Place } from "./map-port.ts";

/** Web Mercator, EPSG:3857: the sphere's radius in metres. */
const radius = 6_378_137;
/** The mean radius of the earth (IUGG), for distances over ground. */
const earthMeters = 6_371_009;
/** Beyond it a square map of the world ends. */
const latitudeMax = 85.051_128_779_8;
const radians = Math.PI / 180;

/** Metres of the projection, not of the ground. */
export function project({ lat, lon }: Place): { x: number; y: number } {
  const held = Math.min(Math.max(lat, -latitudeMax), latitudeMax);
  return {
    x: radius * lon * radians,
    y: radius * Math.log(Math.tan(Math.PI / 4 + (held * radians) / 2)),
  };
}

export function unproject({ x, y }: { x: number; y: number }): Place {
  const lat = (2 * Math.atan(Math.exp(y / radius)) - Math.PI / 2) / radians;
  return { lat, lon: x / radius / radians };
}

/** Over ground, by the haversine formula. */
export function distanceMeters(from: Place, to: Place): number {
  const half = (degrees: number): number => Math.sin((degrees * radians) / 2) ** 2;
  const cosines = Math.cos(from.lat * radians) * Math.cos(to.lat * radians);
  const chord = half(to.lat - from.lat) + cosines * half(to.lon - from.lon);
  return 2 * earthMeters * Math.asin(Math.min(1, Math.sqrt(chord)));
}

/** At the start of the way, clockwise from north: 0 to below 360. */
export function bearingDeg(from: Place, to: Place): number {
  const turn = (to.lon - from.lon) * radians;
  const [start, end] = [from.lat * radians, to.lat * radians];
  const east = Math.sin(turn) * Math.cos(end);
  const north = Math.cos(start) * Math.sin(end) - Math.sin(start) * Math.cos(end) * Math.cos(turn);
  return (Math.atan2(east, north) / radians + 360) % 360;
}

/** A circle over ground as a closed line: what a compass draws is no circle on the map. */
export function circleAround(middle: Place, meters: number): Place[] {
  const corners = 96;
  return Array.from({ length: corners + 1 }, (_none, corner) =>
    destination(middle, meters, (corner / corners) * 360),
  );
}

/** Where `meters` in a direction lead. */
export function destination(from: Place, meters: number, headingDeg: number): Place {
  const turn = meters / earthMeters;
  const [start, heading] = [from.lat * radians, headingDeg * radians];
  const end = Math.asin(
    Math.sin(start) * Math.cos(turn) + Math.cos(start) * Math.sin(turn) * Math.cos(heading),
  );
  const east = Math.atan2(
    Math.sin(heading) * Math.sin(turn) * Math.cos(start),
    Math.cos(turn) - Math.sin(start) * Math.sin(end),
  );
  return { lat: end / radians, lon: from.lon + east / radians };
}
