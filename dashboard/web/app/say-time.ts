import type { KitchenTimeZone } from "../../../devices/browser.ts";
import { serverClock } from "../api/page-api.ts";
import type { Format } from "../i18n/format.ts";
import { screenZone } from "./screen-zone.ts";

/**
 * The time of day of a moment in the page's own clock, by the server's, which may differ by hours;
 * with its day if it is not of the last 24 hours.
 */
export function sayTime(format: Format, atMs: number, zone: KitchenTimeZone = screenZone): string {
  return format.recentTime(serverClock.toServerMs(atMs), zone, serverClock.nowMs());
}
