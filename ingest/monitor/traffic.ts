/** How often a device is heard, counted where every message passes anyway. */
import type { Device, Fold, Traffic } from "./state.ts";

export const trafficLimits = {
  slotMs: 10 * 60_000,
  /** An hour: the slot that is being filled and the five before it. */
  slots: 6,
} as const;

/** Shorter than this nothing can be said of a rate: one message would be 60 a minute. */
const watchedMsMin = 60_000;

/** A message of the device, or one of its gateway's with something of it: once an entry. */
export function countMessage(fold: Fold, device: Device): void {
  const { offset, receivedTimeMs } = fold;
  // Nearly always: every message passes here.
  if (device.countMessage(offset, receivedTimeMs)) return;
  const traffic = device.traffic ?? createTraffic(receivedTimeMs);
  traffic.offset = offset;
  traffic.receivedTimeMs = receivedTimeMs;
  turnTo(traffic, receivedTimeMs);
  const at = traffic.slot % trafficLimits.slots;
  traffic.counts[at] = (traffic.counts[at] ?? 0) + 1;
  device.traffic = traffic;
}

/**
 * Messages a minute over the last 50 to 60 minutes, or since the device was first heard if that is
 * shorter. `nowMs` is of the journal's clock, as all times here.
 */
export function messagesPerMinute(traffic: Traffic, nowMs: number): number {
  const { slotMs, slots } = trafficLimits;
  const slot = slotOf(nowMs);
  let count = 0;
  for (let at = Math.max(slot - slots + 1, traffic.slot - slots + 1); at <= traffic.slot; at += 1) {
    count += traffic.counts[at % slots] ?? 0;
  }
  const windowFromMs = Math.max((slot - slots + 1) * slotMs, traffic.sinceMs);
  return (count * 60_000) / Math.max(nowMs - windowFromMs, watchedMsMin);
}

function createTraffic(receivedTimeMs: number): Traffic {
  const counts = Array.from({ length: trafficLimits.slots }, () => 0);
  const slot = slotOf(receivedTimeMs);
  return { offset: 0, receivedTimeMs, sinceMs: receivedTimeMs, slot, counts };
}

function slotOf(timeMs: number): number {
  return Math.floor(timeMs / trafficLimits.slotMs);
}

/** Empties the slots that time has passed over. */
function turnTo(traffic: Traffic, timeMs: number): void {
  const { slots } = trafficLimits;
  const slot = slotOf(timeMs);
  if (slot <= traffic.slot) return;
  const from = Math.max(traffic.slot + 1, slot - slots + 1);
  for (let at = from; at <= slot; at += 1) traffic.counts[at % slots] = 0;
  traffic.slot = slot;
}
