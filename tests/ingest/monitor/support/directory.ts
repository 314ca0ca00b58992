import type { DirectoryDevice, Directory } from "../../../../ingest/decode/directory.ts";

export const sppgId = "sppg-jakarta-001";

/** What a test says of a device; the rest is a probe that reports every 10 s. */
export type DeviceSketch = { deviceId: string } & Partial<DirectoryDevice>;

export interface SketchDirectory extends Directory {
  /** Adds or changes a device; the monitor sees it with the next change entry. */
  put(device: DeviceSketch): void;
}

export function createSketchDirectory(devices: readonly DeviceSketch[]): SketchDirectory {
  const byKey = new Map<string, DirectoryDevice>();
  let version = 1;
  const keyOf = (sppgId: string, deviceId: string) => `${sppgId}/${deviceId}`;
  const put = (sketch: DeviceSketch) => {
    const key = keyOf(sketch.sppgId ?? sppgId, sketch.deviceId);
    const before = byKey.get(key) ?? {
      sppgId,
      deviceId: sketch.deviceId,
      kind: "temperature-probe",
      place: "coldStore",
      gatewayId: null,
      enabled: true,
      expectedIntervalSeconds: 10,
      createdAtMs: 0,
    };
    byKey.set(key, { ...before, ...sketch });
    version += 1;
  };
  for (const device of devices) put(device);
  return {
    get version() {
      return version;
    },
    put,
    timeZone: () => "Asia/Jakarta",
    device: (sppgId, deviceId) => byKey.get(keyOf(sppgId, deviceId)) ?? null,
    devices: (sppgId) => [...byKey.values()].filter((device) => device.sppgId === sppgId),
    kitchens: () => [...new Set([...byKey.values()].map((device) => device.sppgId))],
  };
}
