import { sql } from "kysely";
import { formatPrincipal } from "../../devices/ids.ts";
import { openRecords, recordsPath } from "../../devices/records/records.ts";
import { loadMigrations, migrate } from "../../devices/records/migrations.ts";
import { createRegistry } from "../../devices/registry/create-registry.ts";
import { registryMigrationsModule } from "../../devices/registry/migrations.ts";
import { telemetryTopic } from "../../devices/topics.ts";
import type { LoadDevice } from "../../simulators/index.ts";

const sppgId = "sppg-bench-001";

/**
 * Registers devices in a data folder that no server has open yet, as `nadi device add` would, but
 * in this process: 10,000 commands would take longer than all that is measured.
 */
export async function provision(dataDir: string, deviceCount: number): Promise<LoadDevice[]> {
  const records = await openRecords({ path: recordsPath(dataDir) });
  try {
    // The folder is thrown away after the run, so nothing in it needs to survive a power cut.
    await sql`pragma synchronous = off`.execute(records.db);
    await migrate(records, await loadMigrations([registryMigrationsModule]));
    const registry = createRegistry(records, { nowMs: () => Date.now() });
    const actor = "bench";
    const kitchen = { sppgId, name: "Bench", timeZone: "Asia/Jakarta" } as const;
    await registry.addKitchen(kitchen, actor);
    const devices: LoadDevice[] = [];
    for (let index = 0; index < deviceCount; index += 1) {
      const deviceId = `probe-${index}`;
      const { secret } = await registry.addDevice(
        { sppgId, deviceId, kind: "temperature-probe" },
        actor,
      );
      const principal = formatPrincipal(sppgId, deviceId);
      devices.push({
        clientId: principal,
        username: principal,
        password: secret.secret,
        topicName: telemetryTopic({ sppgId, deviceId }, "temperature"),
      });
    }
    return devices;
  } finally {
    await records.close();
  }
}
