import type { RouteAnswer } from "../../contract/index.ts";

export type Snapshot = RouteAnswer<"readSnapshot">;
export type HeardDevice = Snapshot["devices"][number];

const naturally = new Intl.Collator("en", { numeric: true });

/**
 * Which of its kind at its place a device is, from 1; `null` if it is the only one, and of one that
 * is revoked, which is not counted.
 */
export function sensorNumber(devices: readonly HeardDevice[], deviceId: string): number | null {
  const device = devices.find((other) => other.deviceId === deviceId);
  if (device === undefined) return null;
  if (!device.enabled) return null;
  const alike = devices
    .filter(({ enabled, place, kind }) => enabled && place === device.place && kind === device.kind)
    .toSorted((a, b) => naturally.compare(a.deviceId, b.deviceId));
  return alike.length < 2 ? null : alike.indexOf(device) + 1;
}
