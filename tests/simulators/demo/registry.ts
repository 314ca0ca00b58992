import path from "node:path";
import type { TestContext } from "vitest";
import type { LoginSource } from "../../../broker/ports.ts";
import {
  type Registry,
  registryMigrationsModule,
  registryServiceModule,
  startRecordsWorker,
} from "../../../devices/index.ts";
import { tempFolder } from "../../support/nadi-process.ts";

/** The registry as `serve` has it: in the records worker, in a data folder of its own. */
export async function createRegistry(
  t: TestContext,
): Promise<{ registry: Registry; file: string }> {
  const dataDir = tempFolder(t);
  const worker = await startRecordsWorker<{ registry: Registry }>({
    dataDir,
    lock: true,
    migrationModules: [registryMigrationsModule],
    services: { registry: registryServiceModule },
  });
  t.onTestFinished(() => worker.close());
  return {
    registry: worker.services.registry,
    file: path.join(dataDir, "demo-credentials.json"),
  };
}

/** A broker's logins straight from the registry; nothing changes while they are used. */
export function loginsOf(registry: Registry): LoginSource {
  return {
    findDeviceLogin: (sppgId, deviceId) => registry.findDeviceLogin(sppgId, deviceId),
    changeSeq: 0,
    isReadable: true,
    onChange: () => () => undefined,
  };
}
