import { Registry as MetricsRegistry } from "@prometheus-io/client";
import type { InjectOptions, LightMyRequestResponse } from "fastify";
import { pino } from "pino";
import type { TestContext } from "vitest";
import { type RegisteredApi, registerApi } from "../../../dashboard/server/api.ts";
import { createHttpApp, type HttpServer } from "../../../dashboard/server/app.ts";
import { loadHttpConfig } from "../../../dashboard/server/config.ts";
import { createPeople } from "../../../dashboard/server/people/create-people.ts";
import { migrations as peopleMigrations } from "../../../dashboard/server/people/migrations.ts";
import type { People } from "../../../dashboard/server/people/people.ts";
import type { DashboardServices, DeviceEdge } from "../../../dashboard/server/services.ts";
import { type AuditEvent, ChangeFeed, type UserRole } from "../../../devices/index.ts";
import { migrate } from "../../../devices/records/migrations.ts";
import type { Records } from "../../../devices/records/records.ts";
import { createRegistry } from "../../../devices/registry/create-registry.ts";
import { migrations as registryMigrations } from "../../../devices/registry/migrations.ts";
import type { Registry } from "../../../devices/registry/registry.ts";
import { createDesk } from "../../../ingest/desk/desk-service.ts";
import { createService as createIngestService } from "../../../ingest/desk/ingest-service.ts";
import { migrations as ingestMigrations } from "../../../ingest/desk/migrations.ts";
import type { Desk, IngestRecords } from "../../../ingest/desk/desk.ts";
import { openEngineRecords } from "../../support/records.ts";
import { coldRule, otherSppgId, sppgId, startMs } from "../../ingest/desk/factories.ts";
import { createHeldStore, type HeldStore } from "./held-store.ts";
import { noEdge } from "./no-edge.ts";

export { otherSppgId, sppgId, startMs };

export interface KitchenApi {
  server: HttpServer;
  api: RegisteredApi;
  services: DashboardServices;
  /** What the API has registered, e.g. `GET /api/session`. */
  addresses: string[];
  records: Records;
  registry: Registry;
  people: People;
  desk: Desk;
  ingest: IngestRecords;
  feed: ChangeFeed;
  store: HeldStore;
  /** What the audit log was handed. */
  audit: AuditEvent[];
  clock: { wallMs: number; monotonicMs: number };
  /** Both clocks, as time passes. */
  pass(ms: number): void;
  addPerson(role: UserRole, kitchens?: readonly string[]): Promise<Login>;
  /** A signed-in person: `cookie` is what a browser would send. */
  signIn(role: UserRole, kitchens?: readonly string[]): Promise<Client>;
  post(
    url: string,
    body: unknown,
    headers?: Record<string, string>,
  ): Promise<LightMyRequestResponse>;
}

export interface Login {
  email: string;
  password: string;
}

export interface Client extends Login {
  cookie: string;
  get(url: string, headers?: Record<string, string>): Promise<LightMyRequestResponse>;
  send(
    method: "POST" | "PUT" | "DELETE",
    url: string,
    options?: { body?: unknown; headers?: Record<string, string> },
  ): Promise<LightMyRequestResponse>;
}

/**
 * The API over a database in memory with two kitchens and a probe in each: real registry, people
 * and desk; a store that answers what the test puts in.
 */
export async function createKitchenApi(
  t: Pick<TestContext, "onTestFinished">,
  env: Record<string, string> = {},
  edge: DeviceEdge = noEdge,
): Promise<KitchenApi> {
  const records = await openEngineRecords(t, { path: ":memory:" });
  await migrate(records, [...registryMigrations, ...ingestMigrations, ...peopleMigrations]);
  const clock = { wallMs: startMs, monotonicMs: 1_000 };
  const wallClock = { nowMs: () => clock.wallMs };
  const time = { wallMs: () => clock.wallMs, monotonicMs: () => clock.monotonicMs };
  const registry = createRegistry(records, wallClock);
  await addKitchens(registry);
  const people = createPeople(records, time);
  const desk = createDesk({ records, clock: wallClock, defaultRules: [coldRule] });
  const feed = await followChanges(t, registry);
  const store = createHeldStore();
  const audit: AuditEvent[] = [];
  const services: DashboardServices = {
    registry,
    people,
    desk,
    history: store.history,
    ingest: store.ingest,
    edge,
    changes: feed,
    audit: { write: (event) => audit.push(event) },
  };
  const config = loadHttpConfig({ NADI_HTTP_PORT: "0", ...env });
  const log = pino({ level: "silent" });
  const app = createHttpApp({ config, log, metrics: new MetricsRegistry(), readiness: [] });
  t.onTestFinished(() => app.stop());
  const { server } = app;
  const addresses: string[] = [];
  server.addHook("onRoute", ({ method, url }) => {
    addresses.push(`${String(method)} ${url}`);
  });
  const api = registerApi(server, services, { config, log, clock: time });
  const parts = { records, registry, people, desk, feed, store, audit, clock };
  const made = { server, api, services, addresses, ...parts };
  return { ...made, ingest: createIngestService(records), ...actions(made) };
}

async function addKitchens(registry: Registry): Promise<void> {
  for (const id of [sppgId, otherSppgId]) {
    await registry.addKitchen({ sppgId: id, name: id, timeZone: "Asia/Jakarta" }, "cli");
    const probe = { sppgId: id, deviceId: "probe-1", kind: "temperature-probe" } as const;
    await registry.addDevice({ ...probe, place: "coldStore" }, "cli");
  }
}

async function followChanges(
  t: Pick<TestContext, "onTestFinished">,
  registry: Registry,
): Promise<ChangeFeed> {
  const fail = (error: unknown): never => {
    throw error;
  };
  const feed = new ChangeFeed({
    registry,
    onUnreadable: fail,
    onReadable: () => undefined,
    onListenerError: fail,
  });
  await feed.start();
  t.onTestFinished(() => feed.stop());
  return feed;
}

function actions(made: Pick<KitchenApi, "server" | "registry" | "clock">) {
  const { server, registry, clock } = made;
  let people = 0;
  const addPerson: KitchenApi["addPerson"] = async (role, kitchens = [sppgId]) => {
    people += 1;
    const email = `${role}-${people}@example.org`;
    const owned = role === "operator" ? [] : kitchens;
    const { password } = await registry.addUser({ email, role, kitchens: owned }, "cli");
    return { email, password };
  };
  const post: KitchenApi["post"] = (url, body, headers = {}) => {
    const json = { "content-type": "application/json", ...headers };
    return server.inject({ method: "POST", url, headers: json, payload: JSON.stringify(body) });
  };
  return {
    addPerson,
    post,
    async signIn(role: UserRole, kitchens: readonly string[] = [sppgId]): Promise<Client> {
      const login = await addPerson(role, kitchens);
      const answer = await post("/api/session", login);
      if (answer.statusCode !== 200) throw new Error(answer.body);
      return { ...login, ...createClient(server, cookieOf(answer)) };
    },
    pass(ms: number): void {
      clock.wallMs += ms;
      clock.monotonicMs += ms;
    },
  };
}

/** `name=value` of the cookie that an answer sets. */
export function cookieOf(answer: LightMyRequestResponse): string {
  return String(answer.headers["set-cookie"]).split(";")[0] ?? "";
}

export function createClient(
  server: HttpServer,
  cookie: string,
): Pick<Client, "cookie" | "get" | "send"> {
  return {
    cookie,
    get: (url, headers = {}) => server.inject({ url, headers: { cookie, ...headers } }),
    send(method, url, { body, headers = {} } = {}) {
      const json = body === undefined ? {} : { "content-type": "application/json" };
      const options: InjectOptions = { method, url, headers: { cookie, ...json, ...headers } };
      return server.inject(
        body === undefined ? options : { ...options, payload: JSON.stringify(body) },
      );
    },
  };
}
