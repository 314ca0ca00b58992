import { createHash } from "node:crypto";
import {
  formatPrincipal,
  type KitchenTimeZone,
  type Registry,
  telemetryTopic,
} from "../../devices/index.ts";
import { siteOf } from "../world/kitchen-day.ts";
import { kitchenDevices } from "../world/devices.ts";
import type { SimulatedDevice } from "../world/model.ts";
import {
  type DemoCredentials,
  prepareDemoCredentials,
  readDemoCredentials,
  writeDemoCredentials,
} from "./credentials-file.ts";

/** The part of the registry that provisioning needs. */
export type ProvisioningRegistry = Pick<
  Registry,
  "addKitchen" | "listKitchens" | "addDevice" | "listDevices" | "rotateDevice" | "findDeviceLogin"
>;

export interface ProvisionOptions {
  registry: ProvisioningRegistry;
  /** Where the secrets are kept. */
  file: string;
  kitchens: number;
  /** Of the simulation: it decides where a kitchen stands. */
  seed: number;
  timeZone?: KitchenTimeZone;
  /** Of the ids: `{prefix}-001`, … */
  prefix?: string;
}

export interface Provisioned {
  kitchens: { sppgId: string; timeZone: KitchenTimeZone }[];
  credentials: DemoCredentials[];
  /** Kitchens, devices or secrets that were made now. */
  made: number;
}

export const provisionDefaults = { prefix: "sppg-jakarta", timeZone: "Asia/Jakarta" } as const;

/** How the audit log names who did it, and how people see that a kitchen is none. */
const actor = "simulator";
const nameSuffix = "(simulated)";
/** Secrets are written after so many devices, so that a crash strands few of them. */
const writeEvery = 200;

/**
 * Registers what is missing and answers secrets that work. A kitchen that is not marked as
 * simulated is never touched: the next free number is taken. Running it again changes nothing.
 */
export async function provision(options: ProvisionOptions): Promise<Provisioned> {
  const { registry, file, seed } = options;
  await prepareDemoCredentials(file);
  const kitchens = await chooseKitchens(options);
  const known = new Map(
    (await readDemoCredentials(file)).map((row) => [row.clientId, row] as const),
  );
  const credentials: DemoCredentials[] = [];
  let made = 0;
  for (const { sppgId, timeZone, isNew } of kitchens) {
    if (isNew) {
      const name = `SPPG ${titleOf(sppgId)} ${nameSuffix}`;
      const { lat: latitude, lon: longitude } = siteOf({ seed, sppgId });
      await registry.addKitchen({ sppgId, name, timeZone, latitude, longitude }, actor);
      made += 1;
    }
    const registered = isNew ? [] : await registry.listDevices(sppgId);
    for (const device of kitchenDevices) {
      const before = registered.find(({ deviceId }) => deviceId === device.deviceId);
      // Revoked by a person: it stays out, also of the simulation.
      if (before?.enabled === false) continue;
      const ids = { sppgId, deviceId: device.deviceId };
      const row = known.get(formatPrincipal(sppgId, device.deviceId));
      if (before !== undefined && row !== undefined && (await isAccepted(registry, row))) {
        credentials.push(row);
        continue;
      }
      const secret =
        before === undefined
          ? (await registry.addDevice(newDevice(sppgId, device), actor)).secret
          : await registry.rotateDevice({ ...ids, overlapSeconds: 0 }, actor);
      made += 1;
      credentials.push(rowOf(sppgId, device, secret.secret));
      known.set(formatPrincipal(sppgId, device.deviceId), rowOf(sppgId, device, secret.secret));
      if (made % writeEvery === 0) await writeDemoCredentials(file, [...known.values()]);
    }
  }
  if (made > 0) await writeDemoCredentials(file, [...known.values()]);
  return {
    kitchens: kitchens.map(({ sppgId, timeZone }) => ({ sppgId, timeZone })),
    credentials,
    made,
  };
}

interface ChosenKitchen {
  sppgId: string;
  timeZone: KitchenTimeZone;
  isNew: boolean;
}

async function chooseKitchens(options: ProvisionOptions): Promise<ChosenKitchen[]> {
  const { registry, kitchens: count } = options;
  const existing = new Map(
    (await registry.listKitchens()).map((kitchen) => [kitchen.sppgId, kitchen] as const),
  );
  const chosen: ChosenKitchen[] = [];
  for (let number = 1; chosen.length < count; number += 1) {
    const sppgId = simulatedSppgId(number, options.prefix);
    const kitchen = existing.get(sppgId);
    if (kitchen === undefined) {
      const timeZone = options.timeZone ?? provisionDefaults.timeZone;
      chosen.push({ sppgId, timeZone, isNew: true });
    } else if (kitchen.name.endsWith(nameSuffix)) {
      chosen.push({ sppgId, timeZone: kitchen.timeZone, isNew: false });
    }
  }
  return chosen;
}

/** `sppg-jakarta-001`. */
export function simulatedSppgId(number: number, prefix: string = provisionDefaults.prefix): string {
  return `${prefix}-${String(number).padStart(3, "0")}`;
}

/** `sppg-jakarta-001` is read as `Jakarta 001`. */
function titleOf(sppgId: string): string {
  const words = sppgId.replace(/^sppg-/, "").split("-");
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join(" ");
}

function newDevice(sppgId: string, device: SimulatedDevice) {
  const { deviceId, name, kind, place, gatewayId, intervalSeconds } = device;
  const expectedIntervalSeconds = intervalSeconds;
  return { sppgId, deviceId, name, kind, place, gatewayId, expectedIntervalSeconds };
}

function rowOf(sppgId: string, device: SimulatedDevice, password: string): DemoCredentials {
  const { deviceId, gatewayId, readings } = device;
  const username = formatPrincipal(sppgId, deviceId);
  const ids =
    gatewayId === null ? { sppgId, deviceId } : { sppgId, deviceId: gatewayId, childId: deviceId };
  const topic = telemetryTopic(ids, readings[0] ?? "temperature");
  return { sppgId, deviceId, clientId: username, username, password, topic };
}

/** Whether the registry still knows this secret; it keeps only hashes. */
async function isAccepted(registry: ProvisioningRegistry, row: DemoCredentials): Promise<boolean> {
  const login = await registry.findDeviceLogin(row.sppgId, row.deviceId);
  const sha256 = createHash("sha256").update(row.password).digest();
  return (
    login?.secrets.some((secret) => secret.expiresAtMs === null && sha256.equals(secret.sha256)) ??
    false
  );
}
