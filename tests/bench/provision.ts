import { sql } from "kysely";
import { formatPrincipal } from "../../devices/ids.ts";
import type { DevicePlace, Registry } from "../../devices/index.ts";
import { openRecords, recordsPath } from "../../devices/records/records.ts";
import { loadMigrations, migrate } from "../../devices/records/migrations.ts";
import { createRegistry } from "../../devices/registry/create-registry.ts";
import { registryMigrationsModule } from "../../devices/registry/migrations.ts";
import { telemetryTopic } from "../../devices/topics.ts";
import type { LoadDevice } from "../../simulators/index.ts";

const actor = "bench";

/** Kitchens are counted from 0. */
export function benchKitchen(index: number): string {
  return `sppg-bench-${String(index + 1).padStart(3, "0")}`;
}

/**
 * Registers devices in a data folder that no server has open yet, as `nadi device add` would, but
 * in this process: 10,000 commands would take longer than all that is measured.
 */
export function provision(dataDir: string, deviceCount: number): Promise<LoadDevice[]> {
  const size = { kitchens: 1, devicesPerKitchen: deviceCount, place: null };
  return withRegistry(dataDir, (registry) => addAll(registry, size));
}

export interface ProvisionedSize {
  kitchens: number;
  devicesPerKitchen: number;
  /** Which rules look at the devices, and where their live values go; `null`: none, nowhere. */
  place: DevicePlace | null;
  /** Further people who may see every kitchen; default 0. */
  people?: number;
}

export interface ProvisionedPerson {
  email: string;
  password: string;
}

export interface Provisioned {
  /** The first of each kitchen, then the second of each: neighbours in time are of different. */
  devices: LoadDevice[];
  operator: ProvisionedPerson;
  people: ProvisionedPerson[];
}

/** As `provision`, with kitchens, and an operator who may see them all. */
export function provisionKitchens(dataDir: string, size: ProvisionedSize): Promise<Provisioned> {
  return withRegistry(dataDir, async (registry) => {
    const devices = await addAll(registry, size);
    const operator = await addPerson(registry, "operator@bench.test");
    const people: ProvisionedPerson[] = [];
    for (let number = 1; number <= (size.people ?? 0); number += 1) {
      people.push(await addPerson(registry, `person-${number}@bench.test`));
    }
    return { devices, operator, people };
  });
}

async function addPerson(registry: Registry, email: string): Promise<ProvisionedPerson> {
  const { password } = await registry.addUser({ email, role: "operator" }, actor);
  return { email, password };
}

async function addAll(registry: Registry, size: ProvisionedSize): Promise<LoadDevice[]> {
  for (let index = 0; index < size.kitchens; index += 1) {
    const sppgId = benchKitchen(index);
    await registry.addKitchen({ sppgId, name: "Bench", timeZone: "Asia/Jakarta" }, actor);
  }
  const devices: LoadDevice[] = [];
  for (let number = 0; number < size.devicesPerKitchen; number += 1) {
    for (let index = 0; index < size.kitchens; index += 1) {
      const ids = { sppgId: benchKitchen(index), deviceId: `probe-${number}` };
      devices.push(await addProbe(registry, { ...ids, place: size.place }));
    }
  }
  return devices;
}

async function addProbe(
  registry: Registry,
  probe: { sppgId: string; deviceId: string; place: DevicePlace | null },
): Promise<LoadDevice> {
  const { secret } = await registry.addDevice({ ...probe, kind: "temperature-probe" }, actor);
  const principal = formatPrincipal(probe.sppgId, probe.deviceId);
  return {
    clientId: principal,
    username: principal,
    password: secret.secret,
    topicName: telemetryTopic(probe, "temperature"),
  };
}

async function withRegistry<Result>(
  dataDir: string,
  work: (registry: Registry) => Promise<Result>,
): Promise<Result> {
  const records = await openRecords({ path: recordsPath(dataDir) });
  try {
    // The folder is thrown away after the run, so nothing in it needs to survive a power cut.
    await sql`pragma synchronous = off`.execute(records.db);
    await migrate(records, await loadMigrations([registryMigrationsModule]));
    return await work(createRegistry(records, { nowMs: () => Date.now() }));
  } finally {
    await records.close();
  }
}
