import type { KitchenTimeZone } from "../../../devices/index.ts";
import {
  createKitchenWorld,
  type KitchenWorld,
  loadScenario,
  type PublishEvent,
} from "../../../simulators/index.ts";

export const hour = 3_600_000;
export const day = 24 * hour;

/** Midnight of Tuesday, 3 March 2026 in Jakarta. */
export const midnight = Date.parse("2026-03-02T17:00:00Z");

export function world(
  options: { seed?: number; scenario?: string; timeZone?: KitchenTimeZone; sppgId?: string } = {},
): KitchenWorld {
  const { seed = 1, scenario, timeZone = "Asia/Jakarta", sppgId = "sppg-jakarta-001" } = options;
  const loaded = scenario === undefined ? null : loadScenario(scenario);
  return createKitchenWorld({ seed, sppgId, timeZone, scenario: loaded });
}

export function publishes(kitchen: KitchenWorld, fromMs: number, toMs: number): PublishEvent[] {
  return kitchen.events(fromMs, toMs).filter((event) => event.kind === "publish");
}

export interface SentReading {
  deviceId: string;
  reading: string;
  ts: number;
  arrivedMs: number;
  fields: Readonly<Record<string, number>>;
}

/** Every reading of a span, by the device that measured it, in the order of arrival. */
export function readingsOf(kitchen: KitchenWorld, fromMs: number, toMs: number): SentReading[] {
  return publishes(kitchen, fromMs, toMs).flatMap(({ topicName, payload, timeMs }) => {
    const levels = topicName.split("/");
    const [reading = "", deviceId = ""] = levels.toReversed();
    const value = JSON.parse(payload) as Record<string, number> | Record<string, number>[];
    return (Array.isArray(value) ? value : [value]).map(({ ts = 0, ...fields }) => ({
      deviceId,
      reading,
      ts,
      arrivedMs: timeMs,
      fields,
    }));
  });
}

/** The longest stretch, in minutes, for which a device's truth holds something, by the minute. */
export function longestMinutes(
  kitchen: KitchenWorld,
  deviceId: string,
  fits: (truth: Readonly<Record<string, number>>) => boolean,
): number {
  let longest = 0;
  let current = 0;
  for (let minute = 0; minute < 24 * 60; minute += 1) {
    current = fits(kitchen.truth(deviceId, midnight + minute * 60_000)) ? current + 1 : 0;
    longest = Math.max(longest, current);
  }
  return longest;
}
