import type { HeardDevice, Snapshot } from "../../../dashboard/web/kitchens/sensor-number.ts";
import type { AlertRow } from "../../../dashboard/web/kitchens/standing.ts";

export const nowMs = Date.UTC(2026, 10, 24, 1, 47);

/** A safe kitchen with one fresh sensor, whose id is its name. */
export function createSnapshot(name: string, parts: Partial<Snapshot> = {}): Snapshot {
  return {
    kitchen: { sppgId: name, name, timeZone: "Asia/Jakarta", latitude: null, longitude: null },
    position: "0000000000000001",
    devices: [createDevice({})],
    latest: [],
    alerts: [],
    hasMoreAlerts: false,
    ...parts,
  };
}

export function createDevice(parts: Partial<HeardDevice>): HeardDevice {
  return {
    deviceId: "cold-1",
    name: null,
    version: 1,
    kind: "temperature-probe",
    place: "coldStore",
    codec: null,
    gatewayId: null,
    enabled: true,
    expectedIntervalSeconds: 10,
    createdAtMs: nowMs - 1_000_000,
    lastHeardAtMs: nowMs,
    ...parts,
  };
}

/** A cold store that is too warm, of which nobody has said anything. */
export function createAlert(parts: Partial<AlertRow>): AlertRow {
  return {
    alertId: "alert-1",
    sppgId: "sppg-jakarta-001",
    domain: "production",
    rule: { key: "cold-store-limit", version: 0 },
    severity: "critical",
    condition: "active",
    response: "unacknowledged",
    deviceId: "cold-1",
    channel: "0",
    reading: "temperature",
    field: "celsius",
    subject: null,
    value: 6.1,
    worstValue: 8.6,
    limit: {
      key: "cold-store-limit",
      value: 5,
      unit: "Cel",
      source: "formulir inspeksi",
      sourceKind: "regulation",
    },
    openedAtMs: nowMs - 22 * 60_000,
    clearedAtMs: null,
    acknowledgedAtMs: null,
    acknowledgedBy: null,
    correctiveAction: null,
    isLate: false,
    occurrences: 1,
    note: null,
    clearedBy: null,
    isResolved: false,
    changeCount: 1,
    ...parts,
  };
}
