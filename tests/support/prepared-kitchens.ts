import { sql } from "kysely";
import {
  type DeviceKind,
  type DevicePlace,
  formatPrincipal,
  type KitchenTimeZone,
  type Registry,
  telemetryTopic,
} from "../../devices/index.ts";
import { loadMigrations, migrate } from "../../devices/records/migrations.ts";
import { openRecords, recordsPath } from "../../devices/records/records.ts";
import { createRegistry } from "../../devices/registry/create-registry.ts";
import { registryMigrationsModule } from "../../devices/registry/migrations.ts";
import type { DeviceLogin } from "./kitchen.ts";

export interface PlannedDevice {
  deviceId: string;
  kind: DeviceKind;
  place?: DevicePlace | null;
  gatewayId?: string | null;
  /** Default: that of its kind. */
  intervalSeconds?: number;
}

export interface PlannedKitchen {
  sppgId: string;
  /** Default: Jakarta's. */
  timeZone?: KitchenTimeZone;
  devices: readonly PlannedDevice[];
  /** Where it stands; left out: nobody has said. */
  place?: { lat: number; lon: number };
}

export interface PreparedKitchens {
  /** Throws for a device that was not planned. */
  login(sppgId: string, deviceId: string): DeviceLogin;
  operator: { email: string; password: string };
}

/** In each kitchen: what it sends is read by nobody, see `KitchenClient.settled`. */
export const markerId = "marker";
const marker: PlannedDevice = { deviceId: markerId, kind: "gateway" };
const actor = "test";

/**
 * Registers kitchens, their devices and an operator in a data folder that no server has open, or in
 * a database, as the commands would, but in this process: each command takes a third of a second.
 */
export async function prepareKitchens(
  place: string | { url: string },
  kitchens: readonly PlannedKitchen[],
): Promise<PreparedKitchens> {
  const logins = new Map<string, DeviceLogin>();
  const operator = await withRegistry(place, async (registry) => {
    for (const { sppgId, devices, timeZone = "Asia/Jakarta", place } of kitchens) {
      const site = { latitude: place?.lat, longitude: place?.lon };
      await registry.addKitchen({ sppgId, name: sppgId, timeZone, ...site }, actor);
      for (const device of [...devices, marker]) {
        const login = await addDevice(registry, sppgId, device);
        logins.set(login.clientId, login);
      }
    }
    const email = "operator@nadi.test";
    const { password } = await registry.addUser({ email, role: "operator" }, actor);
    return { email, password };
  });
  return {
    operator,
    login(sppgId, deviceId) {
      const login = logins.get(formatPrincipal(sppgId, deviceId));
      if (login === undefined) throw new Error(`${sppgId} has no device ${deviceId}`);
      return login;
    },
  };
}

async function addDevice(
  registry: Registry,
  sppgId: string,
  device: PlannedDevice,
): Promise<DeviceLogin> {
  const { deviceId, kind, place, gatewayId, intervalSeconds } = device;
  const added = await registry.addDevice(
    {
      sppgId,
      deviceId,
      kind,
      ...(place === undefined ? {} : { place }),
      ...(gatewayId === undefined ? {} : { gatewayId }),
      ...(intervalSeconds === undefined ? {} : { expectedIntervalSeconds: intervalSeconds }),
    },
    actor,
  );
  const clientId = formatPrincipal(sppgId, deviceId);
  const { secret: password } = added.secret;
  const topic = telemetryTopic({ sppgId, deviceId }, "temperature");
  return { sppgId, deviceId, clientId, username: clientId, password, topic };
}

async function withRegistry<Result>(
  place: string | { url: string },
  work: (registry: Registry) => Promise<Result>,
): Promise<Result> {
  const isFolder = typeof place === "string";
  const records = await openRecords(isFolder ? { path: recordsPath(place) } : place);
  try {
    // The folder is thrown away after the test, so nothing in it needs to survive a power cut.
    if (isFolder) await sql`pragma synchronous = off`.execute(records.db);
    await migrate(records, await loadMigrations([registryMigrationsModule]));
    return await work(createRegistry(records, { nowMs: () => Date.now() }));
  } finally {
    await records.close();
  }
}
