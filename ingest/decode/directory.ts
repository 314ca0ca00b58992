import type { DeviceKind, DevicePlace, KitchenTimeZone } from "../../devices/index.ts";

/** What ingest knows of a device: the registry's row without its secrets. */
export interface DirectoryDevice {
  sppgId: string;
  deviceId: string;
  kind: DeviceKind;
  place: DevicePlace | null;
  gatewayId: string | null;
  enabled: boolean;
  expectedIntervalSeconds: number;
  createdAtMs: number;
}

/**
 * The registry as of the newest change entry that was reached, in memory. Its lookups are on the
 * hot path; a change replaces the devices of one kitchen and raises `version`.
 */
export interface Directory {
  readonly version: number;
  timeZone(sppgId: string): KitchenTimeZone | null;
  device(sppgId: string, deviceId: string): DirectoryDevice | null;
  /** Of one kitchen, in the order of their ids. */
  devices(sppgId: string): readonly DirectoryDevice[];
  kitchens(): readonly string[];
}
