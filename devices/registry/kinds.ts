import type { ReadingName } from "../readings.ts";
import { telemetryTopic } from "../topics.ts";
import type { DeviceKind, DevicePlace } from "./model.ts";

/** Where a device of this kind publishes its first reading, as Nadi's own JSON. */
export function firstTopic(device: { sppgId: string; deviceId: string; kind: DeviceKind }): string {
  return telemetryTopic(device, kindFacts[device.kind].reading);
}

interface KindFacts {
  /** How often a reading is due when nobody says otherwise, in seconds. */
  expectedIntervalSeconds: number;
  /** The reading that a device of this kind publishes first of all. */
  reading: ReadingName;
  /** Where it stands when nobody says otherwise: only where its kind leaves no choice. */
  place: DevicePlace | null;
}

export const kindFacts: Readonly<Record<DeviceKind, KindFacts>> = {
  "temperature-probe": { expectedIntervalSeconds: 10, reading: "temperature", place: null },
  "gps-tracker": { expectedIntervalSeconds: 10, reading: "position", place: "vehicle" },
  "smart-scale": { expectedIntervalSeconds: 30, reading: "weight", place: "stockScale" },
  "climate-sensor": { expectedIntervalSeconds: 60, reading: "temperature", place: null },
  "door-sensor": { expectedIntervalSeconds: 60, reading: "door", place: null },
  // A gateway publishes for others: this is the reading of whatever it carries first.
  gateway: { expectedIntervalSeconds: 60, reading: "temperature", place: null },
};
