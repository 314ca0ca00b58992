import { expect, test } from "vitest";
import { decodeRealtimeMessage } from "../../devices/index.ts";
import type { AlertRow } from "../../ingest/index.ts";
import { addDevice, addKitchen, addUser, eventually, signInPerson } from "../support/kitchen.ts";
import { type NadiProcess, type Scope, startNadi, tempFolder } from "../support/nadi-process.ts";
import { createCertificates } from "../support/certificates.ts";
import { allAlerts, openLivePage } from "../support/live-page.ts";
import { psubscribe, startRedis } from "../support/redis.ts";
import { ColdStore } from "./cold-store.ts";
import { expectedAlerts, signalDays } from "./cold-store-signal.ts";

const sppgId = "sppg-jakarta-001";
/** The live view is back 5 s after Redis is. */
const backBudgetMs = 5_000;
const deadlineMs = 5 * backBudgetMs;
/** Redis opens to others when the observer listens: it hears all that is published from there. */
const gate = "until-the-observer-listens";
const pattern = `${sppgId}:*`;

async function startKitchen(scope: Scope) {
  const redis = await startRedis(scope);
  const dataDir = tempFolder(scope);
  const nadi = await startNadi(scope, { dataDir, env: { NADI_REDIS_URL: redis.url } });
  await addKitchen(dataDir, sppgId);
  const ids = { sppgId, deviceId: "cold-1", kind: "temperature-probe" };
  const login = await addDevice(dataDir, ids, ["--place", "coldStore"]);
  const user = await addUser(dataDir, { email: "op@nadi.test", role: "operator" });
  const api = await signInPerson(nadi.httpUrl, user);
  const device = { ...login, topicName: login.topic };
  const signal = { index: 0, startMs: Date.now() - signalDays * 86_400_000 };
  const store = new ColdStore(scope, { port: nadi.mqttPort, device, signal, pauseMs: 10 });
  return { redis, nadi, api, store };
}

async function until(holds: () => boolean): Promise<void> {
  await eventually(() => Promise.resolve(holds()), Boolean, deadlineMs);
}

/** Acknowledgements go on, whatever Redis does. */
async function moreAcks(store: ColdStore, count: number): Promise<void> {
  const target = store.ackedBelow + count;
  await until(() => store.ackedBelow >= target);
}

async function liveAgain(page: { liveCount: number }, what: string): Promise<void> {
  const startMs = performance.now();
  const before = page.liveCount;
  await until(() => page.liveCount > before);
  const ms = Math.round(performance.now() - startMs);
  process.stdout.write(`live view back ${ms} ms after ${what} (budget ${backBudgetMs} ms)\n`);
}

async function channelsDetail(nadi: NadiProcess): Promise<string> {
  const response = await fetch(`${nadi.httpUrl}/readyz`);
  // The shape of design.md; a lost Redis never makes it red.
  const report = (await response.json()) as { checks: { name: string; detail: string }[] };
  expect(response.status).toBe(200);
  return report.checks.find(({ name }) => name === "channels")?.detail ?? "";
}

interface Heard {
  channel: string;
  text: string;
}

/** The alert messages that an observer of Redis has heard: ids by alert and what it says. */
function alertsOf(heard: readonly Heard[]) {
  const textById = new Map<string, string>();
  const said = new Set<string>();
  for (const { channel, text } of heard) {
    if (channel !== `${sppgId}:production:alerts`) continue;
    const decoded = decodeRealtimeMessage(text);
    if (!decoded.ok) throw new Error(decoded.issues.join("; "));
    const { message } = decoded;
    if (message.type !== "production_alert") throw new Error(`${message.type} on ${channel}`);
    // At least once, and each time the same.
    expect(textById.get(message.id) ?? text).toBe(text);
    textById.set(message.id, text);
    said.add(`${message.data.alertId} ${message.data.condition}`);
  }
  return { ids: textById.size, said };
}

/** Each opening and each clearing of these alerts has been published. */
async function allSaid(heard: () => readonly Heard[], alerts: readonly AlertRow[]): Promise<void> {
  const due = alerts.flatMap(({ alertId, condition }) =>
    condition === "cleared" ? [`${alertId} active`, `${alertId} cleared`] : [`${alertId} active`],
  );
  const missing = (): Promise<string[]> => {
    const { said } = alertsOf(heard());
    return Promise.resolve(due.filter((one) => !said.has(one)));
  };
  await eventually(missing, (ones) => ones.length === 0, deadlineMs);
}

test("redis-cli shows live values and alerts as JSON under the exact names of their channels", async (t) => {
  const { redis, store, api } = await startKitchen(t);
  const heard = await psubscribe(t, redis, { pattern });
  await until(() => alertsOf(heard).said.size >= 2);
  await store.drain();
  const channels = new Set(heard.map(({ channel }) => channel));
  expect([...channels].toSorted()).toEqual([
    "sppg-jakarta-001:production:alerts",
    "sppg-jakarta-001:production:temperature",
  ]);
  const [first] = heard;
  expect(JSON.parse(first?.text ?? "")).toMatchObject({ sppgId, type: "production_update" });
  const alerts = await allAlerts(api, sppgId);
  await until(() => alertsOf(heard).said.size >= alerts.length);
});

test("rediss:// is spoken by both threads, and an authority that nobody trusts is refused", async (t) => {
  const { server } = createCertificates(t);
  const redis = await startRedis(t, { tls: server });
  const both = ["nadi-publisher", "nadi-subscriber"];
  const env = { NADI_REDIS_URL: redis.url };
  const trusting = await startNadi(t, {
    dataDir: tempFolder(t),
    env: { ...env, NODE_EXTRA_CA_CERTS: server.certFile },
  });
  const wary = await startNadi(t, { dataDir: tempFolder(t), env });
  for (const name of both) {
    await trusting.line("redis is connected", ({ connection }) => connection === name);
    const { reason } = await wary.line("redis is away", ({ connection }) => connection === name);
    expect(reason).toMatch(/self.signed certificate/);
  }
});

test("killed, flushed, frozen or cut, Redis stops no acknowledgement and loses no alert", {
  timeout: 240_000,
}, async (t) => {
  const { redis, nadi, api, store } = await startKitchen(t);
  const before = await psubscribe(t, redis, { pattern });
  const page = await openLivePage(t, { httpUrl: nadi.httpUrl, api }, sppgId);
  await until(() => alertsOf(before).said.size >= 2 && page.liveCount > 0);

  await redis.kill();
  await moreAcks(store, 600);
  expect(await channelsDetail(nadi)).toMatch(/^degraded: away for \d+ s/);
  await redis.start(["--requirepass", gate]);
  const after = await psubscribe(t, redis, { pattern, password: gate });
  await redis.cli("-a", gate, "config", "set", "requirepass", "");
  await liveAgain(page, "kill -9 and a new start");
  await redis.cli("flushall");
  await liveAgain(page, "FLUSHALL");

  redis.freeze();
  await moreAcks(store, 400);
  // Longer than it takes to notice.
  await eventually(
    () => channelsDetail(nadi),
    (detail) => detail.startsWith("degraded"),
    deadlineMs,
  );
  await moreAcks(store, 400);
  redis.thaw();
  await liveAgain(page, "SIGSTOP and SIGCONT");

  const beforeCut = await allAlerts(api, sppgId);
  await allSaid(() => [...before, ...after], beforeCut);
  expect(alertsOf(after).ids).toBeGreaterThan(0);
  const connects = page.connects;
  await redis.cli("client", "kill", "type", "pubsub");
  await until(() => page.connects > connects);
  await liveAgain(page, "CLIENT KILL TYPE pubsub");
  await store.drain();
  const expected = expectedAlerts(store.signal, store.ackedBelow).length;
  const alerts = await eventually(
    () => allAlerts(api, sppgId),
    ({ length }) => length === expected,
    deadlineMs,
  );
  await until(() => alerts.every(({ alertId }) => page.known.has(alertId)));
  expect(page.failures).toEqual([]);
  const { ids } = alertsOf([...before, ...after]);
  process.stdout.write(`${store.ackedBelow} acknowledged, ${alerts.length} alerts, ${ids} ids\n`);
});
