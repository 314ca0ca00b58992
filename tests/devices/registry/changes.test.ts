import { sql } from "kysely";
import { expect, test } from "vitest";
import { startRecordsWorker } from "../../../devices/records/records-worker.ts";
import { recordsPath, tablesOf } from "../../../devices/records/records.ts";
import { registryMigrationsModule } from "../../../devices/registry/migrations.ts";
import type { AuditEvent } from "../../../devices/registry/model.ts";
import type { Registry } from "../../../devices/registry/registry.ts";
import { registryServiceModule } from "../../../devices/registry/service.ts";
import type { RegistryTables } from "../../../devices/registry/tables.ts";
import { engineUrl } from "../../support/records.ts";
import { createTestRegistry, kitchen, probe } from "../records/factories.ts";

const { sppgId } = kitchen;
const ids = { sppgId, deviceId: probe.deviceId };

test("each change appends one row to the change log and one to the audit log", async (t) => {
  const { registry, records, clock } = await createTestRegistry(t);
  await registry.addKitchen(kitchen, "cli");
  await registry.addDevice(probe, "user:head@example.org");
  await registry.rotateDevice({ ...ids, overlapSeconds: 600 }, "cli");
  await registry.revokeDevice(ids, "cli");
  await registry.enableDevice(ids, "cli");
  await registry.addUser({ email: "a@example.org", role: "operator" }, "cli");
  await registry.resetUserPassword("a@example.org", "cli");
  const device = { sppgId, subject: probe.deviceId };
  const user = { kind: "user", sppgId: null, subject: "a@example.org" };
  expect(await registry.readChanges(0, 100)).toEqual([
    { seq: 1, kind: "kitchen", sppgId, subject: null },
    { seq: 2, kind: "device", ...device },
    { seq: 3, kind: "credential", ...device },
    { seq: 4, kind: "device", ...device },
    { seq: 5, kind: "device", ...device },
    { seq: 6, ...user },
    { seq: 7, ...user },
  ]);
  expect(await registry.lastChangeSeq()).toBe(7);
  const audit = await tablesOf<RegistryTables>(records)
    .selectFrom("audit_log")
    .selectAll()
    .orderBy("id")
    .execute();
  expect(audit.map(({ action }) => action)).toEqual([
    "kitchen.add",
    "device.add",
    "device.rotate",
    "device.revoke",
    "device.enable",
    "user.add",
    "user.reset",
  ]);
  expect(audit[1]).toMatchObject({
    at_ms: clock.ms,
    actor: "user:head@example.org",
    outcome: "done",
    detail_json: '{"kind":"temperature-probe","place":null,"codec":null}',
  });
});

test("changes are read in batches from where a reader stands", async (t) => {
  const { registry } = await createTestRegistry(t);
  for (const number of [1, 2, 3, 4, 5]) {
    await registry.addKitchen({ ...kitchen, sppgId: `sppg-${number}` }, "cli");
  }
  expect((await registry.readChanges(1, 2)).map(({ seq }) => seq)).toEqual([2, 3]);
  expect(await registry.readChanges(5, 2)).toEqual([]);
});

test("a change that is refused leaves no row, and no change stands without its row", async (t) => {
  const { registry, records } = await createTestRegistry(t);
  await registry.addKitchen(kitchen, "cli");
  await expect(registry.addKitchen(kitchen, "cli")).rejects.toThrow("already");
  expect(await registry.lastChangeSeq()).toBe(1);
  // The log itself fails: the device must not be there either.
  await sql`alter table change_log rename to change_log_away`.execute(records.db);
  await expect(registry.addDevice(probe, "cli")).rejects.toThrow("change_log");
  await sql`alter table change_log_away rename to change_log`.execute(records.db);
  expect(await registry.listDevices(sppgId)).toEqual([]);
  expect(await registry.findDeviceLogin(sppgId, probe.deviceId)).toBeNull();
});

test("two threads that write at once give one unbroken order of changes", async (t) => {
  const { registry, dataDir } = await createTestRegistry(t);
  // In a thread of its own: two handles of one thread would wait for each other, standing still.
  const worker = await startRecordsWorker<{ registry: Registry }>({
    dataDir,
    databaseUrl: await engineUrl(recordsPath(dataDir)),
    lock: false,
    migrationModules: [registryMigrationsModule],
    services: { registry: registryServiceModule },
  });
  t.onTestFinished(() => worker.close());
  const adding = Array.from({ length: 40 }, (_, index) => {
    const writer = index % 2 === 0 ? registry : worker.services.registry;
    return writer.addKitchen({ ...kitchen, sppgId: `sppg-${index}` }, "cli");
  });
  await Promise.all(adding);
  const changes = await registry.readChanges(0, 100);
  expect(changes.map(({ seq }) => seq)).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
  expect(new Set(changes.map((change) => change.sppgId)).size).toBe(40);
});

test("audit events are appended as they are, bounded, and escaped as JSON", async (t) => {
  const { registry, records, clock } = await createTestRegistry(t);
  const event: AuditEvent = {
    atMs: clock.ms,
    actor: "anonymous",
    action: "mqtt.connect.refused",
    sppgId: null,
    subject: "x".repeat(100_000),
    address: "192.0.2.1",
    outcome: "refused",
    detail: { reason: 'line\nbreak "quoted"', tries: 3, isKnown: false, note: null },
  };
  const tooLong = { ...event, detail: { reason: "y".repeat(100_000) } };
  await registry.appendAudit([event, tooLong, ...Array.from({ length: 2_500 }, () => event)]);
  await registry.appendAudit([]);
  const rows = await tablesOf<RegistryTables>(records)
    .selectFrom("audit_log")
    .selectAll()
    .orderBy("id")
    .execute();
  expect(rows).toHaveLength(2_502);
  expect(JSON.parse(rows[0]?.detail_json ?? "")).toEqual(event.detail);
  expect(rows[0]?.subject).toHaveLength(300);
  expect(rows[1]?.detail_json.length).toBeLessThan(2_000);
  expect(await registry.lastChangeSeq()).toBe(0);
});
