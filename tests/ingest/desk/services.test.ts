import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test, type TestContext } from "vitest";
import { callRecords } from "../../../devices/records/call-records.ts";
import { startRecordsWorker } from "../../../devices/records/records-worker.ts";
import { registryMigrationsModule } from "../../../devices/registry/migrations.ts";
import type { Registry } from "../../../devices/registry/registry.ts";
import { registryServiceModule } from "../../../devices/registry/service.ts";
import {
  deskServiceModule,
  ingestMigrationsModule,
  ingestServiceModule,
  type Desk,
  type IngestRecords,
} from "../../../ingest/index.ts";
import { defaultRules } from "../../../ingest/rules/defaults.ts";
import { engineUrl } from "../../support/records.ts";
import { alertEffect, deadLetter, head, sppgId } from "./factories.ts";

interface Services {
  registry: Registry;
  ingest: IngestRecords;
  desk: Desk;
}

/** The main thread's services, and a second port as the ingest worker has it. */
async function startServices(t: TestContext) {
  const dataDir = mkdtempSync(path.join(tmpdir(), "nadi-desk-"));
  t.onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }));
  const worker = await startRecordsWorker<Services>({
    dataDir,
    databaseUrl: await engineUrl(dataDir),
    lock: true,
    migrationModules: [registryMigrationsModule, ingestMigrationsModule],
    services: {
      registry: registryServiceModule,
      ingest: ingestServiceModule,
      desk: deskServiceModule,
    },
  });
  t.onTestFinished(() => worker.close());
  const ingestSide = callRecords<Services>(worker.connect());
  t.onTestFinished(() => ingestSide.close());
  await worker.services.registry.addKitchen(
    { sppgId, name: sppgId, timeZone: "Asia/Jakarta" },
    "cli",
  );
  return { main: worker.services, ingest: ingestSide.services.ingest };
}

test("what the ingest side writes is what people see, and the other way round", async (t) => {
  const { main, ingest } = await startServices(t);
  const [message] = await ingest.applyEffects([alertEffect(), deadLetter(1)]);
  expect(message?.id).toBe("a1.1");
  const [letter] = await main.desk.listDeadLetters({ sppgId, limit: 5 });
  expect(letter?.firstBytes).toEqual(new Uint8Array([0x7b, 0, 0xff]));
  await main.desk.acknowledgeAlert({ sppgId, alertId: "a1", note: null }, head);
  const upTo = await main.registry.lastChangeSeq();
  expect((await ingest.factsBetween(0, upTo)).commands).toMatchObject([{ alertId: "a1" }]);
  expect((await ingest.unpublished(10, 200)).map(({ id }) => id)).toEqual(["a1.1", "a1.p2"]);
});

test("a refusal keeps its code and facts through the worker", async (t) => {
  const { main } = await startServices(t);
  const alert = { sppgId, alertId: "nowhere", note: null };
  await expect(main.desk.acknowledgeAlert(alert, head)).rejects.toMatchObject({
    code: "INGEST_ALERT_UNKNOWN",
    status: 404,
    facts: { alertId: "nowhere" },
  });
});

test("the service knows the defaults that ship with Nadi", async (t) => {
  const { main } = await startServices(t);
  const rules = await main.desk.listRules(sppgId);
  expect(rules).toHaveLength(defaultRules.length);
  expect(rules.every(({ version }) => version === 0)).toBe(true);
});
