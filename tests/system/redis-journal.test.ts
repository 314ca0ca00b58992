import { expect, test } from "vitest";
import { leaseLimits } from "../../ingest/partitions/lease-keeper.ts";
import {
  addDevice,
  addKitchen,
  addUser,
  connectDevice,
  eventually,
  signInPerson,
} from "../support/kitchen.ts";
import { startNadi, tempFolder } from "../support/nadi-process.ts";
import { startRedis } from "../support/redis.ts";
import { describeKills, runServeKills } from "./journal-kill.ts";
import { durable } from "./roles-site.ts";
import { slowly } from "./site.ts";

const sppgId = "sppg-jakarta-001";
const readingsCount = 200;
const deadlineMs = 30_000;
/** The default of `NADI_JOURNAL_PARTITIONS`. */
const partitions = 16;

test("one process alone keeps its journal in Redis: killed, it loses and repeats nothing", async (t) => {
  const redis = await startRedis(t, { args: durable });
  const dataDir = tempFolder(t);
  const env = { NADI_JOURNAL: "redis", NADI_JOURNAL_REDIS_URL: redis.url };
  const first = await startNadi(t, { dataDir, env });
  await addKitchen(dataDir, sppgId);
  const probe = { sppgId, deviceId: "probe-1", kind: "temperature-probe" };
  const login = await addDevice(dataDir, probe, ["--place", "coldStore"]);
  const user = await addUser(dataDir, { email: "op@nadi.test", role: "operator" });
  const device = await connectDevice(t, first, login);
  const startMs = Date.now() - readingsCount * 1_000;
  const send = (seq: number): Promise<unknown> => {
    const reading = { ts: startMs + seq * 1_000, seq, celsius: 3 };
    return device.publishAsync(login.topic, JSON.stringify(reading), { qos: 1 });
  };
  await Promise.all(Array.from({ length: readingsCount }, (_, seq) => send(seq)));
  await first.kill();

  const second = await startNadi(t, { dataDir, env });
  const readyAtMs = performance.now();
  const api = await signInPerson(second.httpUrl, user);
  const range = `from=${startMs}&to=${startMs + readingsCount * 1_000}&points=1`;
  const address = `/api/kitchens/${sppgId}/readings?device=probe-1&reading=temperature&${range}`;
  const read = async (): Promise<{ count: number }[]> => {
    const response = await api.request(address);
    // Until ingest has opened the killed one's files, nobody has recovered them.
    if (response.status === 503) return [];
    return ((await response.json()) as { buckets: { count: number }[] }).buckets;
  };
  const isWhole = ([bucket]: { count: number }[]) => (bucket?.count ?? 0) >= readingsCount;
  const buckets = await eventually(slowly(read), isWhole, deadlineMs);
  const historyAfterMs = performance.now() - readyAtMs;
  process.stdout.write(`history after ${Math.round(historyAfterMs)} ms (budget 1500)\n`);
  expect(buckets).toEqual([expect.objectContaining({ count: readingsCount })]);
  // The leases of the killed one would last longer: nobody waits for them or goes on with one.
  expect(historyAfterMs).toBeLessThan(leaseLimits.ttlMs / 2);
  expect(second.logs.filter(({ msg }) => msg === "leases were not kept")).toEqual([]);
  const taken = second.logs.filter(({ msg }) => msg === "partition taken");
  expect(taken.map(({ epoch }) => epoch)).toEqual(Array.from({ length: partitions }, () => 2));
  const ready = await (await fetch(`${second.httpUrl}/readyz`)).text();
  expect(ready).toContain("appendfsync always");
  expect(ready).not.toContain("peers");
  expect(await second.stop()).toMatchObject({ code: 0 });
});

/** A try to connect a second; then one look at its settings and one round. */
const firstAckBudgetMs = 2_000;

test("kill -9 of Redis under load: no PUBACK until it is back, all stored and alerted once", async (t) => {
  const report = await runServeKills(t, { rounds: 3, perSecond: 200, seed: 1, awayMs: 300 });
  process.stdout.write(describeKills(report));
  expect(report.faults).toEqual([]);
  for (const { firstAckMs } of report.outages) {
    expect(firstAckMs).toBeLessThan(5 * firstAckBudgetMs);
  }
});
