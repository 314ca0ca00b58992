import type { Device, KitchenTimeZone, Registry } from "../../devices/index.ts";
import type { Directory, DirectoryDevice } from "./directory.ts";

export type DirectorySource = Pick<
  Registry,
  "listKitchens" | "findKitchen" | "listDevices" | "listAllDevices"
>;

export interface LoadedDirectory extends Directory {
  /** Reads all kitchens and devices. */
  load(): Promise<void>;
  /** Reads some kitchens again, because a change names them. */
  refresh(sppgIds: readonly string[]): Promise<void>;
}

interface KitchenEntry {
  timeZone: KitchenTimeZone;
  byId: Map<string, DirectoryDevice>;
  inOrder: DirectoryDevice[];
}

/** A page crosses the port of the records worker in some ten ms. */
const devicesPerPage = 10_000;
const none: readonly DirectoryDevice[] = Object.freeze([]);

/** The registry in memory, over the records worker's port. Maps, because ids are people's words. */
export function createDirectory(source: DirectorySource): LoadedDirectory {
  let kitchens = new Map<string, KitchenEntry>();
  let version = 0;
  return {
    get version() {
      return version;
    },
    timeZone: (sppgId) => kitchens.get(sppgId)?.timeZone ?? null,
    device: (sppgId, deviceId) => kitchens.get(sppgId)?.byId.get(deviceId) ?? null,
    devices: (sppgId) => kitchens.get(sppgId)?.inOrder ?? none,
    kitchens: () => [...kitchens.keys()],
    async load() {
      kitchens = await readAll(source);
      version += 1;
    },
    async refresh(sppgIds) {
      for (const sppgId of new Set(sppgIds)) {
        const entry = await readKitchen(source, sppgId);
        if (entry === null) kitchens.delete(sppgId);
        else kitchens.set(sppgId, entry);
      }
      version += 1;
    },
  };
}

async function readAll(source: DirectorySource): Promise<Map<string, KitchenEntry>> {
  const share = createSharing();
  const kitchens = new Map<string, KitchenEntry>();
  for (const { sppgId, timeZone } of await source.listKitchens()) {
    kitchens.set(sppgId, { timeZone, byId: new Map(), inOrder: [] });
  }
  let after: Pick<Device, "sppgId" | "deviceId"> | null = null;
  for (;;) {
    const page: Device[] = await source.listAllDevices(after, devicesPerPage);
    for (const device of page) {
      const entry = kitchens.get(device.sppgId);
      if (entry !== undefined) addTo(entry, device, share);
    }
    const last = page.at(-1);
    if (last === undefined || page.length < devicesPerPage) return kitchens;
    after = { sppgId: last.sppgId, deviceId: last.deviceId };
  }
}

async function readKitchen(source: DirectorySource, sppgId: string): Promise<KitchenEntry | null> {
  const kitchen = await source.findKitchen(sppgId);
  if (kitchen === null) return null;
  const entry: KitchenEntry = { timeZone: kitchen.timeZone, byId: new Map(), inOrder: [] };
  const share = createSharing();
  for (const device of await source.listDevices(sppgId)) addTo(entry, device, share);
  return entry;
}

/** Each row comes over the port with strings of its own: of equal ones the first is kept. */
type Sharing = <Text extends string>(text: Text) => Text;

function createSharing(): Sharing {
  const known = new Map<string, string>();
  return (text) => {
    const same = known.get(text);
    if (same === undefined) known.set(text, text);
    // It is equal, so it is of the same type.
    return (same ?? text) as typeof text;
  };
}

/** Without its codec: the topic says which one a message is of. */
function addTo(entry: KitchenEntry, device: Device, share: Sharing): void {
  const { place, gatewayId } = device;
  const known: DirectoryDevice = {
    sppgId: share(device.sppgId),
    deviceId: share(device.deviceId),
    kind: share(device.kind),
    place: place === null ? null : share(place),
    gatewayId: gatewayId === null ? null : share(gatewayId),
    enabled: device.enabled,
    expectedIntervalSeconds: device.expectedIntervalSeconds,
    createdAtMs: device.createdAtMs,
  };
  entry.byId.set(known.deviceId, known);
  entry.inOrder.push(known);
}
