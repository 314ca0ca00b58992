import { Registry as MetricsRegistry } from "@prometheus-io/client";
import { pino } from "pino";
import { expect, test, type TestContext } from "vitest";
import {
  createHttpApp,
  loadHttpConfig,
  type People,
  peopleMigrationsModule,
  peopleServiceModule,
} from "../../../dashboard/server/index.ts";
import {
  ChangeFeed,
  type Registry,
  registryMigrationsModule,
  registryServiceModule,
  startRecordsWorker,
} from "../../../devices/index.ts";
import { type Desk, deskServiceModule, ingestMigrationsModule } from "../../../ingest/index.ts";
import { createDataDir } from "../../devices/records/factories.ts";
import { createHeldStore } from "./held-store.ts";
import { noEdge } from "./no-edge.ts";

interface Services {
  registry: Registry;
  people: People;
  desk: Desk;
}

/** As nadi.ts joins it: records in a thread of their own, HTTP on a socket. */
async function startWhole(t: TestContext) {
  const worker = await startRecordsWorker<Services>({
    dataDir: createDataDir(t),
    lock: true,
    migrationModules: [registryMigrationsModule, ingestMigrationsModule, peopleMigrationsModule],
    services: {
      registry: registryServiceModule,
      people: peopleServiceModule,
      desk: deskServiceModule,
    },
  });
  t.onTestFinished(() => worker.close());
  const { registry, people, desk } = worker.services;
  const ignore = () => undefined;
  const feed = new ChangeFeed({
    registry,
    onUnreadable: ignore,
    onReadable: ignore,
    onListenerError: ignore,
  });
  await feed.start();
  t.onTestFinished(() => feed.stop());
  const store = createHeldStore();
  const app = createHttpApp({
    config: loadHttpConfig({ NADI_HTTP_PORT: "0" }),
    log: pino({ level: "silent" }),
    metrics: new MetricsRegistry(),
    readiness: [],
    api: {
      registry,
      people,
      desk,
      history: store.history,
      ingest: store.ingest,
      edge: noEdge,
      changes: feed,
      audit: { write: ignore },
    },
  });
  t.onTestFinished(() => app.stop());
  const { url } = await app.start();
  return { url, registry, worker, feed };
}

async function signIn(url: string, login: { email: string; password: string }) {
  const answer = await fetch(`${url}/api/session`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email: login.email, password: login.password }),
  });
  return { status: answer.status, cookie: answer.headers.getSetCookie()[0]?.split(";")[0] ?? "" };
}

test("over the records worker a person signs in, works, and is out after a reset", async (t) => {
  const { url, registry } = await startWhole(t);
  const sppgId = "sppg-jakarta-001";
  await registry.addKitchen({ sppgId, name: "Satu", timeZone: "Asia/Jakarta" }, "cli");
  const who = { email: "head@example.org", role: "head", kitchens: [sppgId] } as const;
  const { password } = await registry.addUser(who, "cli");
  const wrong = await signIn(url, { email: who.email, password: `${password}x` });
  expect(wrong).toEqual({ status: 401, cookie: "" });
  const { status, cookie } = await signIn(url, { email: " HEAD@example.org ", password });
  expect(status).toBe(200);
  const ask = (path: string) => fetch(`${url}${path}`, { headers: { cookie } });
  for (const path of ["snapshot", "devices", "rules", "alerts", "dead-letters"]) {
    const answer = await ask(`/api/kitchens/${sppgId}/${path}`);
    expect([path, answer.status]).toEqual([path, 200]);
  }
  const rules = await (await ask(`/api/kitchens/${sppgId}/rules`)).json();
  expect(rules).toMatchObject({ rules: expect.arrayContaining([expect.anything()]) });
  await registry.resetUserPassword(who.email, "cli");
  // The feed polls four times a second; the next look-up after it must refuse.
  let last = 200;
  while (last === 200) last = (await ask("/api/session")).status;
  expect(last).toBe(401);
});

test("while the records are away, whoever is signed in reads, and nobody signs in", async (t) => {
  const { url, registry, worker, feed } = await startWhole(t);
  const { password } = await registry.addUser({ email: "a@example.org", role: "operator" }, "cli");
  const { cookie } = await signIn(url, { email: "a@example.org", password });
  await feed.poke();
  const ask = () => fetch(`${url}/api/session`, { headers: { cookie } });
  expect((await ask()).status).toBe(200);
  await worker.close();
  expect((await ask()).status).toBe(200);
  const refused = await signIn(url, { email: "a@example.org", password });
  expect(refused.status).toBe(503);
});
