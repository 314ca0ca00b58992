import type { KitchenState } from "./kitchens.ts";
import type { DeviceTraffic, KitchenSnapshot, LatestReading, MonitorStats } from "./monitor.ts";
import { type Device, isOpen, type Series, type Watched } from "./state.ts";
import { messagesPerMinute } from "./traffic.ts";

/** `at`: of the last entry. */
export function snapshotOf(
  at: { offset: number; receivedTimeMs: number },
  sppgId: string,
  kitchen: KitchenState | undefined,
): KitchenSnapshot {
  const latest: LatestReading[] = [];
  const devices: DeviceTraffic[] = [];
  for (const device of kitchen?.devices.values() ?? []) {
    const traffic = trafficOf(device, at.receivedTimeMs);
    if (traffic !== null) devices.push(traffic);
    for (const series of device.series.values()) {
      const reading = latestOf(device, series);
      if (reading !== null) latest.push(reading);
    }
  }
  return { sppgId, offset: at.offset, latest, devices };
}

function trafficOf({ deviceId, traffic, series }: Device, nowMs: number): DeviceTraffic | null {
  if (traffic === null) return null;
  const known = Array.from(series.values(), ({ newest }) => newest).filter((one) => one !== null);
  const eventTimeMs = known.reduce((newest, one) => Math.max(newest, one.eventTimeMs), 0);
  const told = known
    .filter(({ batteryPct }) => batteryPct !== null)
    .toSorted((a, b) => b.eventTimeMs - a.eventTimeMs);
  return {
    deviceId,
    receivedTimeMs: traffic.receivedTimeMs,
    eventTimeMs: known.length === 0 ? null : eventTimeMs,
    batteryPct: told[0]?.batteryPct ?? null,
    messagesPerMinute: messagesPerMinute(traffic, nowMs),
  };
}

/** What stands nowhere shows nowhere. */
function latestOf(device: Device, series: Series): LatestReading | null {
  const place = device.facts?.place ?? null;
  const { channel, reading, newest } = series;
  if (place === null || newest === null) return null;
  const { fields, eventTimeMs, batteryPct, receivedTimeMs } = newest;
  return {
    kind: "reading",
    deviceId: device.deviceId,
    place,
    channel,
    reading,
    fields,
    eventTimeMs,
    ...(batteryPct === null ? {} : { batteryPct }),
    // A reading with a flag is never the latest; an accepted 85.0 has lost its own.
    flags: [],
    receivedTimeMs,
  };
}

export function statsOf(kitchens: Iterable<KitchenState>): MonitorStats {
  const stats: MonitorStats = { cells: 0, devices: 0, series: 0, openAlerts: 0, overflow: 0 };
  for (const { cells, devices } of kitchens) {
    stats.cells += cells.size;
    for (const device of devices.values()) {
      stats.devices += 1;
      stats.series += device.series.size;
      stats.overflow += device.overflow;
      stats.openAlerts += countOpen(device);
      for (const series of device.series.values()) stats.openAlerts += countOpen(series);
    }
  }
  return stats;
}

function countOpen({ episodes }: Watched): number {
  return episodes?.filter((episode) => episode !== null && isOpen(episode)).length ?? 0;
}
