import { expect, test, type TestContext } from "vitest";
import { recordsPendingCallsMax } from "../../../devices/records/pending-calls.ts";
import {
  startRecordsWorker,
  type RecordsWorker,
  type RecordsWorkerExit,
} from "../../../devices/records/records-worker.ts";
import { registryMigrationsModule } from "../../../devices/registry/migrations.ts";
import type { Registry } from "../../../devices/registry/registry.ts";
import { registryServiceModule } from "../../../devices/registry/service.ts";
import type { FaultService } from "./children/fault-service.ts";
import { createDataDir, kitchen, openTestRecords, probe } from "./factories.ts";

interface Services {
  registry: Registry;
  fault: FaultService;
}

async function start(
  t: TestContext,
  options: { dataDir?: string; lock?: boolean; busyTimeoutMs?: number } = {},
): Promise<RecordsWorker<Services>> {
  const worker = await startRecordsWorker<Services>({
    dataDir: options.dataDir ?? createDataDir(t),
    lock: options.lock ?? true,
    busyTimeoutMs: options.busyTimeoutMs ?? 5_000,
    migrationModules: [registryMigrationsModule],
    services: {
      registry: registryServiceModule,
      fault: new URL("./children/fault-service.ts", import.meta.url).href,
    },
  });
  t.onTestFinished(() => worker.close());
  return worker;
}

function exitOf(worker: RecordsWorker<Services>): Promise<RecordsWorkerExit> {
  const { promise, resolve } = Promise.withResolvers<RecordsWorkerExit>();
  worker.onExit(resolve);
  return promise;
}

test("the registry answers from the worker as it does in process", async (t) => {
  const { services } = await start(t);
  const { registry } = services;
  await registry.addKitchen(kitchen, "cli");
  const { device, secret } = await registry.addDevice(probe, "cli");
  expect(device).toMatchObject({ ...probe, enabled: true, expectedIntervalSeconds: 10 });
  const login = await registry.findDeviceLogin(probe.sppgId, probe.deviceId);
  expect(login?.secrets[0]?.sha256).toBeInstanceOf(Uint8Array);
  expect(secret.secret).toMatch(/^[\w-]{32}$/);
  expect(await registry.lastChangeSeq()).toBe(2);
});

test("an error keeps its code, its facts and whether to try again", async (t) => {
  const { services } = await start(t);
  await expect(services.registry.listDevices("sppg-nowhere-1")).rejects.toMatchObject({
    code: "REGISTRY_KITCHEN_UNKNOWN",
    status: 404,
    retryable: false,
    facts: { sppgId: "sppg-nowhere-1" },
  });
  await expect(services.fault.failWithCode()).rejects.toMatchObject({
    code: "RECORDS_DISK_FULL",
    retryable: true,
  });
  await expect(services.fault.failPlainly()).rejects.toMatchObject({
    code: "RECORDS_INTERNAL",
    message: "a fault of ours",
  });
});

test("an argument that can't cross the port rejects and nothing waits for it", async (t) => {
  const worker = await start(t);
  await expect(worker.services.fault.echo(() => 1)).rejects.toThrow("could not be cloned");
  expect(worker.pendingCalls).toBe(0);
});

test("the main thread goes on while the worker stands still", async (t) => {
  const { services } = await start(t);
  let isBlocked = true;
  const blocked = services.fault.block(200).then(() => {
    isBlocked = false;
    return null;
  });
  const { promise: ticked, resolve } = Promise.withResolvers<boolean>();
  setImmediate(() => resolve(isBlocked));
  expect(await ticked).toBe(true);
  await blocked;
});

test("calls above the limit are refused as retryable, those below are answered", async (t) => {
  const worker = await start(t);
  const calls = Array.from({ length: recordsPendingCallsMax }, (_, index) =>
    worker.services.fault.echo(index),
  );
  await expect(worker.services.fault.echo("surplus")).rejects.toMatchObject({
    code: "RECORDS_BUSY",
    retryable: true,
  });
  expect(await Promise.all(calls)).toHaveLength(recordsPendingCallsMax);
  expect(await worker.services.fault.echo("again")).toBe("again");
});

test("a worker that dies rejects what waits and tells its end; later calls fail", async (t) => {
  const worker = await start(t);
  const exit = exitOf(worker);
  const hanging = worker.services.fault.hang();
  const dying = worker.services.fault.die();
  const gone = { code: "RECORDS_WORKER_GONE", retryable: true };
  await expect(hanging).rejects.toMatchObject(gone);
  await expect(dying).rejects.toMatchObject(gone);
  expect(await exit).toMatchObject({ expected: false, error: { code: "RECORDS_WORKER_GONE" } });
  await expect(worker.services.registry.listKitchens()).rejects.toMatchObject(gone);
  await worker.close();
});

test("who comes to listen after a worker's end is told of it", async (t) => {
  const worker = await start(t);
  const exit = exitOf(worker);
  await expect(worker.services.fault.die()).rejects.toThrow("ended");
  await exit;
  expect(await exitOf(worker)).toMatchObject({ expected: false });
});

test("the data folder is free again after a worker has died", async (t) => {
  const dataDir = createDataDir(t);
  const worker = await start(t, { dataDir });
  const exit = exitOf(worker);
  await expect(worker.services.fault.die()).rejects.toThrow("ended");
  await exit;
  await start(t, { dataDir });
});

test("close lets calls under way finish, is idempotent, and frees the data folder", async (t) => {
  const dataDir = createDataDir(t);
  const worker = await start(t, { dataDir });
  const exit = exitOf(worker);
  const adding = worker.services.registry.addKitchen(kitchen, "cli");
  await Promise.all([worker.close(), worker.close()]);
  expect(await adding).toMatchObject({ sppgId: kitchen.sppgId });
  expect(await exit).toEqual({ expected: true, error: null });
  const again = await start(t, { dataDir });
  expect(await again.services.registry.listKitchens()).toHaveLength(1);
});

test("a second owner of the folder fails to start with the lock's own code", async (t) => {
  const dataDir = createDataDir(t);
  await start(t, { dataDir });
  await expect(start(t, { dataDir })).rejects.toMatchObject({ code: "RECORDS_DATA_DIR_IN_USE" });
  await start(t, { dataDir, lock: false });
});

test("a database that is locked for longer than we wait is told as retryable", async (t) => {
  const dataDir = createDataDir(t);
  const worker = await start(t, { dataDir, busyTimeoutMs: 50 });
  const other = await openTestRecords(t, { dataDir });
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  const holding = other.db.transaction().execute(async () => {
    begin();
    await held;
  });
  await begun;
  await expect(worker.services.registry.addKitchen(kitchen, "cli")).rejects.toMatchObject({
    code: "RECORDS_LOCKED",
    retryable: true,
  });
  release();
  await holding;
  await worker.services.registry.addKitchen(kitchen, "cli");
});
