import { peopleMigrationsModule } from "../../dashboard/server/index.ts";
import {
  formatPrincipal,
  type Records,
  registryMigrationsModule,
  telemetryTopic,
} from "../../devices/index.ts";
import { loadMigrations, migrate } from "../../devices/records/migrations.ts";
import { openRecords, recordsPath, type RecordsOptions } from "../../devices/records/records.ts";
import { createRegistry } from "../../devices/registry/create-registry.ts";
import { createService as createDesk } from "../../ingest/desk/desk-service.ts";
import { type Desk, ingestMigrationsModule, type Rule } from "../../ingest/index.ts";
import type { LoadDevice } from "../../simulators/index.ts";

const actor = "kill-test";
export const sppgId = "sppg-jakarta-001";
/** The store whose rule and alerts people change: only a replay says what it must have. */
export const ruledStoreId = "cold-ruled";

/** The records, opened in this process: beside a serve as a command would, or between two. */
export async function withRecords<Result>(
  place: RecordsOptions,
  work: (records: Records) => Promise<Result>,
): Promise<Result> {
  const records = await openRecords(place);
  try {
    const modules = [registryMigrationsModule, ingestMigrationsModule, peopleMigrationsModule];
    await migrate(records, await loadMigrations(modules));
    return await work(records);
  } finally {
    await records.close();
  }
}

export interface KillKitchen {
  probe: LoadDevice;
  loaded: LoadDevice[];
  /** The last one is the one with the changing rule. */
  coldStores: LoadDevice[];
}

/** One kitchen with devices that stand nowhere, for the load, and cold stores. */
export async function provisionKitchen(
  place: RecordsOptions,
  counts: { loaded: number; coldStores: number },
): Promise<KillKitchen> {
  return withRecords(place, async (records) => {
    const registry = createRegistry(records, { nowMs: () => Date.now() });
    await registry.addKitchen({ sppgId, name: "Dapur", timeZone: "Asia/Jakarta" }, actor);
    const add = async (deviceId: string, place: "coldStore" | null): Promise<LoadDevice> => {
      const device = { sppgId, deviceId, kind: "temperature-probe", place } as const;
      const { secret } = await registry.addDevice(device, actor);
      const principal = formatPrincipal(sppgId, deviceId);
      const topicName = telemetryTopic(device, "temperature");
      return { clientId: principal, username: principal, password: secret.secret, topicName };
    };
    const addAll = async (ids: readonly string[], place: "coldStore" | null) => {
      const devices: LoadDevice[] = [];
      for (const id of ids) devices.push(await add(id, place));
      return devices;
    };
    const numbers = (count: number): number[] => Array.from({ length: count }, (_, at) => at);
    const cold = numbers(counts.coldStores - 1).map((number) => `cold-${number}`);
    return {
      probe: await add("probe", null),
      loaded: await addAll(
        numbers(counts.loaded).map((number) => `load-${number}`),
        null,
      ),
      coldStores: await addAll([...cold, ruledStoreId], "coldStore"),
    };
  });
}

function ownRule(limit: number): Rule {
  return {
    kind: "threshold",
    key: "own-limit",
    severity: "critical",
    scope: { deviceId: ruledStoreId },
    quietSeconds: 60,
    reading: "temperature",
    field: "celsius",
    when: "above",
    limit,
    clearLimit: limit,
    minDurationSeconds: 60,
    clearDurationSeconds: 0,
    limitSource: { source: "The kill test", sourceKind: "project" },
  };
}

/**
 * What people do between two lives: a new version of the ruled store's rule, and an answer to the
 * newest alerts. Answers how many alerts they answered.
 */
export async function changeSomething(dataDir: string, number: number): Promise<number> {
  return withRecords({ path: recordsPath(dataDir) }, async (records) => {
    const desk: Desk = createDesk(records);
    const expectedVersion = number;
    const rule = ownRule(4 + (number % 4));
    await desk.putRule({ sppgId, rule, isEnabled: number % 5 !== 4, expectedVersion }, actor);
    const alerts = await desk.listAlerts({ sppgId, state: "open", limit: 4 });
    for (const { alertId, deviceId } of alerts) {
      const by = { email: "head@nadi.test", address: null };
      const answer = { sppgId, alertId, note: "seen" };
      if (deviceId === ruledStoreId) {
        await desk.resolveAlert({ ...answer, correctiveAction: "door closed" }, by);
      } else await desk.acknowledgeAlert(answer, by);
    }
    return alerts.length;
  });
}
