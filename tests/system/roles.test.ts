import { expect, test, vi } from "vitest";
import { roles } from "../../devices/index.ts";
import { fileScope } from "../support/file-scope.ts";
import { eventually } from "../support/kitchen.ts";
import { wronglyTyped } from "../support/metrics.ts";
import { packets, type RawClient } from "../support/mqtt-wire.ts";
import { runNadi, tempFolder } from "../support/nadi-process.ts";
import { describeKills, runRolesKills } from "./journal-kill.ts";
import { faultsOfForetold } from "./roles-alerts.ts";
import {
  crashIngest,
  faultsOfStored,
  freezeTwo,
  goOn,
  killOne,
  loadRoles,
  restartAll,
} from "./roles-faults.ts";
import { followReading, openPage, signInAt, signInDevice, until } from "./roles-people.ts";
import { createRolesSite, kitchenIds, probeId, type RolesSite } from "./roles-site.ts";
import { slowly } from "./site.ts";

vi.setConfig({ testTimeout: 120_000 });

const scope = fileScope();
/** Two of each role, for all tests of this file; each test leaves two of each. */
const shared: Promise<RolesSite> = createRolesSite(scope).then(async (site) => {
  await site.startAll();
  return site;
});
const [sppgId = "", otherId = ""] = kitchenIds;
const deadlineMs = 20_000;
/** What the README promises; deadlines are five times as long. */
const heardBudgetMs = 1_000;
/** A try to connect a second; then one look at its settings and one round. */
const firstAckBudgetMs = 2_000;
const deadBudgetMs = 4_500;

function pairOf<Item>(items: readonly Item[]): [Item, Item] {
  const [first, second] = items;
  if (first === undefined || second === undefined) throw new Error("two of each role run");
  return [first, second];
}

function onceOnly<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: Promise<Value> | null = null;
  return () => (made ??= make());
}

async function closedAfterMs(client: RawClient, startMs: number): Promise<number> {
  await client.closed;
  return performance.now() - startMs;
}

function tell(what: string, ms: number, budgetMs: number): void {
  process.stdout.write(`${what} after ${Math.round(ms)} ms (budget ${budgetMs})\n`);
  expect(ms).toBeLessThan(5 * budgetMs);
}

test("a role without its engines does not start, and names each variable", async (t) => {
  const started = await Promise.all(
    roles.map((role) => runNadi(tempFolder(t), ["serve", "--role", role])),
  );
  for (const { code, stderr } of started) {
    expect(code).toBe(1);
    expect(stderr).toMatch(/NADI_DATABASE_URL .*NADI_REDIS_URL .*DEVICES_CONFIG_INVALID/s);
  }
});

test("what any broker acknowledges every dashboard shows, stored and live", async (t) => {
  const site = await shared;
  expect(site.running("dashboard")).toHaveLength(2);
  for (const id of [sppgId, otherId]) await followReading(t, site, { sppgId: id, celsius: 3.25 });
});

test("what a role has counted is a counter on its /metrics, and nothing else is", async () => {
  const site = await shared;
  for (const { httpUrl } of site.running()) {
    const text = await (await fetch(`${httpUrl}/metrics`)).text();
    expect(wronglyTyped(text)).toEqual([]);
  }
});

test("a device has two connections over all brokers, and one of a client id", async (t) => {
  const site = await shared;
  const [a, b] = pairOf(site.running("broker"));
  const ids = { sppgId, deviceId: probeId };
  const first = await signInDevice(t, site, { ...ids, broker: a });
  const second = await signInDevice(t, site, { ...ids, broker: b });
  tell(
    "the same client id elsewhere closed",
    await closedAfterMs(first, performance.now()),
    heardBudgetMs,
  );
  const third = await signInDevice(t, site, { ...ids, broker: a, clientId: "second" });
  const fourth = await signInDevice(t, site, { ...ids, broker: a, clientId: "third" });
  const ms = await closedAfterMs(second, performance.now());
  tell("the oldest of three closed", ms, heardBudgetMs);
  for (const client of [third, fourth]) {
    client.send(Buffer.from([0xc0, 0]));
    expect(await client.next("pingresp")).toMatchObject({ type: "pingresp" });
    await client.end();
  }
});

test("a revoked device is closed at both brokers, an ended session at both dashboards", async (t) => {
  const site = await shared;
  const dashboards = pairOf(site.running("dashboard"));
  const [a, b] = pairOf(site.running("broker"));
  const api = await signInAt(dashboards[0], site);
  const ids = { sppgId: otherId, deviceId: probeId };
  const clients = [
    await signInDevice(t, site, { ...ids, broker: a, clientId: "a" }),
    await signInDevice(t, site, { ...ids, broker: b, clientId: "b" }),
  ];
  const startMs = performance.now();
  await api.post(path(otherId, `devices/${probeId}/revoke`), {});
  const closed = await Promise.all(clients.map((client) => closedAfterMs(client, startMs)));
  tell("a revoked device closed at both brokers", Math.max(...closed), heardBudgetMs);
  const filter = `sppg/${sppgId}/production/#`;
  const pages = await Promise.all(dashboards.map((one) => openPage(t, one, { api, filter })));
  const endMs = performance.now();
  // The cookie was made at the first, and is as good at the second.
  const ended = await fetch(`${dashboards[1].httpUrl}/api/session`, {
    method: "DELETE",
    headers: { cookie: api.cookie, origin: dashboards[1].httpUrl },
  });
  expect(ended.ok).toBe(true);
  await until(() => pages.every((page) => !page.isOpen()));
  tell("a signed-out person's pages closed at both", performance.now() - endMs, heardBudgetMs);
});

interface DeviceStatuses {
  statuses: { deviceId: string; presence: { isOnline: boolean } | null }[];
}

test("commands find their broker, and a killed broker's devices are away unless they came back", async (t) => {
  const site = await shared;
  const dashboards = pairOf(site.running("dashboard"));
  const apis = await Promise.all(dashboards.map((one) => signInAt(one, site)));
  const [doomed, other] = pairOf(site.running("broker"));
  const at = { sppgId, broker: doomed };
  const lost = await signInDevice(t, site, { ...at, deviceId: "load-0" });
  await signInDevice(t, site, { ...at, deviceId: "load-1" });
  const online = (deviceId: string) => async (): Promise<boolean[]> =>
    Promise.all(
      apis.map(async (api) => {
        const { statuses } = await api.get<DeviceStatuses>(path(sppgId, "device-status"));
        return statuses.find((one) => one.deviceId === deviceId)?.presence?.isOnline === true;
      }),
    );
  for (const id of ["load-0", "load-1"]) {
    await eventually(slowly(online(id)), (told) => told.every(Boolean), deadlineMs);
  }
  lost.send(
    packets.subscribe({ filters: [{ topicFilter: `sppg/${sppgId}/command/load-0/#`, qos: 1 }] }),
  );
  await lost.next("suback");
  for (const api of apis) {
    const sent = await api.post(path(sppgId, "devices/load-0/commands"), {
      name: "blink",
      expiresInSeconds: 30,
    });
    expect(sent).toMatchObject({ delivery: "handed" });
    await lost.next("publish");
  }
  const startMs = performance.now();
  await doomed.kill();
  await signInDevice(t, site, { sppgId, broker: other, deviceId: "load-1" });
  const isGone = (told: readonly boolean[]): boolean => !told.some(Boolean);
  await eventually(slowly(online("load-0")), isGone, deadlineMs);
  tell("a killed broker's device offline", performance.now() - startMs, deadBudgetMs);
  expect(await online("load-1")()).toEqual([true, true]);
  await site.start("broker");
});

/** From the first test on that asks for it. */
const loaded = onceOnly(async () =>
  loadRoles(scope, await shared, { perSecond: 200, seed: 1, lastsMs: 180_000 }),
);

test("kill -9 of each role under load, and a deployment: readings and alerts are there once", async () => {
  const { site, load, foretold } = await loaded();
  for (const role of roles) {
    const ms = await killOne(site, load, role);
    process.stdout.write(`${role} killed: made good after ${Math.round(ms)} ms\n`);
  }
  await crashIngest(site, "alert-row-written");
  const { reconnectsPerClient, failed } = await restartAll(site, load, ["broker"]);
  const stored = await site.compare(load);
  process.stdout.write(
    `${stored.acked} acknowledged, ${reconnectsPerClient} reconnects a client\n`,
  );
  expect(faultsOfStored(stored)).toEqual([]);
  expect(failed).toBe(0);
  expect(stored.acked).toBeGreaterThan(500);
  const found = await foretold.compare();
  process.stdout.write(`${found.alerts.rows} alerts, ${found.messages.ids} messages\n`);
  expect(faultsOfForetold(found)).toEqual([]);
  expect(reconnectsPerClient).toBeLessThanOrEqual(1);
});

test("kill -9 of the journal's Redis: no PUBACK until it is back, nothing lost or twice", async () => {
  await goOn(await loaded());
  const plan = { rounds: 2, perSecond: 200, seed: 2, awayMs: 300 };
  const report = await runRolesKills(await loaded(), plan);
  process.stdout.write(describeKills(report));
  expect(report.faults).toEqual([]);
  for (const { firstAckMs } of report.outages) {
    tell("the first PUBACK after Redis", firstAckMs, firstAckBudgetMs);
  }
});

test("a broker and a dashboard that stand still: the others go on, and so do they", async () => {
  const { site, load } = await loaded();
  await goOn(await loaded());
  const { ackedMeanwhile, awayMs, onlineMs, disconnects } = await freezeTwo(site, load);
  tell("a broker that stands still away", awayMs, deadBudgetMs);
  tell("its devices online again", onlineMs, heardBudgetMs);
  expect(faultsOfStored(await site.compare(load))).toEqual([]);
  expect(disconnects).toBe(0);
  expect(ackedMeanwhile).toBeGreaterThan(0);
});

function path(id: string, rest: string): string {
  return `/api/kitchens/${id}/${rest}`;
}
