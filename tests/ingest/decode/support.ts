import type { JournalEntry } from "../../../broker/index.ts";
import type { Device } from "../../../devices/index.ts";
import { createDecoder, type Decoder } from "../../../ingest/decode/decoder.ts";
import {
  createDirectory,
  type DirectorySource,
  type LoadedDirectory,
} from "../../../ingest/decode/directory-cache.ts";

export const receivedTimeMs = 1_795_300_000_500;
export const sppgId = "sppg-jakarta-001";

export function deviceOf(change: Partial<Device> & { deviceId: string }): Device {
  return {
    sppgId,
    kind: "temperature-probe",
    place: "coldStore",
    codec: null,
    gatewayId: null,
    enabled: true,
    expectedIntervalSeconds: 10,
    createdAtMs: 0,
    name: null,
    version: 1,
    ...change,
  };
}

/** A registry of one kitchen; its devices may be changed between two reads. */
export function registryOf(devices: Device[]): DirectorySource {
  const kitchen = {
    sppgId,
    name: "Dapur",
    timeZone: "Asia/Jayapura",
    createdAtMs: 0,
    version: 1,
    latitude: null,
    longitude: null,
  } as const;
  return {
    listKitchens: () => Promise.resolve([kitchen]),
    findKitchen: (wanted) => Promise.resolve(wanted === sppgId ? kitchen : null),
    listDevices: () => Promise.resolve(devices),
    listAllDevices: () => Promise.resolve(devices),
  };
}

export async function createLoaded(
  devices: Device[],
): Promise<{ directory: LoadedDirectory; decoder: Decoder }> {
  const directory = createDirectory(registryOf(devices));
  await directory.load();
  return { directory, decoder: createDecoder({ directory }) };
}

export function publish(
  topic: string,
  payload: unknown,
  change: { offset?: number; principal?: string } = {},
): JournalEntry {
  const [, deviceId = ""] = topic.split("/");
  const { offset = 1, principal = `${sppgId}.${deviceId}` } = change;
  const text = typeof payload === "string" ? payload : JSON.stringify(payload);
  return {
    kind: "publish",
    offset,
    receivedTimeMs,
    principal,
    topicName: `sppg/${sppgId}/${topic}`,
    payload: payload instanceof Uint8Array ? payload : Buffer.from(text),
    qos: 1,
  };
}
