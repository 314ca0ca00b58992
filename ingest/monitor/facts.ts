import type { DeviceFacts } from "./state.ts";

/** Of a country; far more than kinds, places and customary names of devices make. */
const sharedMax = 20_000;
let shared = new Map<string, DeviceFacts>();

/**
 * The same object for equal facts: `cold-1` of one kitchen is as `cold-1` of another, and every
 * message looks at them.
 */
export function shareFacts(facts: DeviceFacts): DeviceFacts {
  const { deviceId, kind, place, gatewayId, isEnabled, intervalMs } = facts;
  const name = JSON.stringify([deviceId, kind, place, gatewayId, isEnabled, intervalMs]);
  const known = shared.get(name);
  if (known !== undefined) return known;
  if (shared.size >= sharedMax) shared = new Map();
  const first = Object.freeze({ deviceId, kind, place, gatewayId, isEnabled, intervalMs });
  shared.set(name, first);
  return first;
}
