import type { KitchenTimeZone } from "../registry/model.ts";

/** Exact by definition of the nautical mile: 1852 m. */
const kmhPerKnot = 1.852;

export function knotsToKmh(knots: number): number {
  return roundOff(knots * kmhPerKnot);
}

export function fahrenheitToCelsius(fahrenheit: number): number {
  return roundOff(((fahrenheit - 32) * 5) / 9);
}

/** Takes off the noise of floating point, so that a sensor's fault code stays that exact number. */
function roundOff(value: number): number {
  const scale = 1e6;
  const rounded = Math.round(value * scale) / scale;
  // The scaled value of a huge number overflows; its noise does not matter then.
  return Number.isFinite(rounded) ? rounded : value;
}

/** Indonesia has had no summer time and no change of its zones since 1988. */
const offsetHours = {
  "Asia/Jakarta": 7,
  "Asia/Makassar": 8,
  "Asia/Jayapura": 9,
} as const satisfies Record<KitchenTimeZone, number>;

const isoPattern = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(\.\d{1,9})?(Z|[+-]\d{2}:?\d{2})?$/;
const hourMs = 3_600_000;

/**
 * UTC ms of an ISO date with a zone of its own, or else of local time in `timeZone`; `null`: the
 * date is local and no zone is known; `undefined`: it is no date. Never the machine's own zone.
 */
export function parseIsoTime(
  text: string,
  timeZone: KitchenTimeZone | undefined,
): number | null | undefined {
  const match = isoPattern.exec(text);
  if (match === null) return undefined;
  const [, local = "", fraction = "", zone] = match;
  // JavaScript dates promise three digits of a second only.
  const dateMs = Date.parse(`${local}${fraction.slice(0, 4)}Z`);
  if (Number.isNaN(dateMs)) return undefined;
  if (zone === "Z") return dateMs;
  if (zone !== undefined) return dateMs - zoneMs(zone);
  return timeZone === undefined ? null : dateMs - offsetHours[timeZone] * hourMs;
}

/** `+07:00` or `+0700`. */
function zoneMs(zone: string): number {
  const sign = zone.startsWith("-") ? -1 : 1;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(-2));
  return sign * (hours + minutes / 60) * hourMs;
}
