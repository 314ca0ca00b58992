import { expect, test } from "vitest";
import { eventually, signInPerson } from "../support/kitchen.ts";
import { runNadi, signIn, startNadi, tempFolder } from "../support/nadi-process.ts";
import { query, startPostgres } from "../support/postgres.ts";
import { ColdStore } from "./cold-store.ts";
import { expectedAlerts, signalDays } from "./cold-store-signal.ts";

const sppgId = "sppg-jakarta-001";
const deadlineMs = 25_000;

interface Report {
  ok: boolean;
  checks: { name: string; ok: boolean }[];
}

test("PostgreSQL killed or frozen under a running serve: readings are taken on, and all recovers by itself", {
  timeout: 180_000,
}, async (t) => {
  const server = await startPostgres(t);
  const env = { NADI_DATABASE_URL: await server.createDatabase() };
  const dataDir = tempFolder(t);
  const nadi = await startNadi(t, { dataDir, env });
  const words = async (...args: string[]): Promise<unknown> => {
    const result = await runNadi(dataDir, [...args, "--json"], env);
    if (result.code !== 0) throw new Error(result.stderr);
    return JSON.parse(result.stdout);
  };
  await words("kitchen", "add", sppgId, "--name", "Dapur", "--timezone", "Asia/Jakarta");
  const kind = ["--kind", "temperature-probe", "--place", "coldStore"];
  // The command's documented shape.
  const login = (await words("device", "add", sppgId, "cold-1", ...kind)) as {
    clientId: string;
    username: string;
    password: string;
    topic: string;
  };
  const person = (await words("user", "add", "op@nadi.test", "--role", "operator")) as {
    email: string;
    password: string;
  };
  const api = await signInPerson(nadi.httpUrl, person);
  const device = { ...login, topicName: login.topic };
  const signal = { index: 0, startMs: Date.now() - signalDays * 86_400_000 };
  const store = new ColdStore(t, { port: nadi.mqttPort, device, signal, pauseMs: 10 });
  const moreAcks = async (count: number): Promise<void> => {
    const target = store.ackedBelow + count;
    await eventually(
      () => Promise.resolve(store.ackedBelow),
      (acked) => acked >= target,
      deadlineMs,
    );
  };
  const ready = async (): Promise<Report> =>
    // The shape of `/readyz`.
    (await (await fetch(`${nadi.httpUrl}/readyz`)).json()) as Report;
  const alertCount = async (): Promise<number> => {
    const path = `/api/kitchens/${sppgId}/alerts?state=all`;
    return (await api.get<{ alerts: unknown[] }>(path)).alerts.length;
  };
  await eventually(alertCount, (count) => count > 0, deadlineMs);

  const { resent } = store;
  await server.kill();
  await moreAcks(600);
  const red = await eventually(ready, ({ ok }) => !ok, deadlineMs);
  expect(red.checks.find(({ name }) => name === "registry")).toMatchObject({ ok: false });
  await expect(signIn(t, { port: nadi.mqttPort, device })).rejects.toThrow(/CONNACK 3|closed/);
  await expect(signInPerson(nadi.httpUrl, person)).rejects.toThrow("503");
  await moreAcks(400);
  // The one connection has stayed: nothing had to be sent again.
  expect(store.resent).toBe(resent);

  await server.start();
  const startMs = performance.now();
  await eventually(ready, ({ ok }) => ok, deadlineMs);
  process.stdout.write(`ready ${Math.round(performance.now() - startMs)} ms after its start\n`);
  const again = await signIn(t, { port: nadi.mqttPort, device });
  await again.end();
  await signInPerson(nadi.httpUrl, person);

  server.freeze();
  await eventually(ready, ({ ok }) => !ok, deadlineMs);
  await moreAcks(300);
  server.thaw();
  const thawedMs = performance.now();
  await eventually(ready, ({ ok }) => ok, deadlineMs);
  process.stdout.write(`ready ${Math.round(performance.now() - thawedMs)} ms after SIGCONT\n`);
  await store.drain();
  const expected = expectedAlerts(signal, store.ackedBelow).length;
  await eventually(alertCount, (count) => count === expected, deadlineMs);
  const waiting = "select count(*)::int as count from outbox where is_published = 0";
  await eventually(
    () => query(env.NADI_DATABASE_URL, waiting),
    ([row]) => row?.["count"] === 0,
    deadlineMs,
  );
  expect(nadi.hasEnded()).toBe(false);
  process.stdout.write(`${store.ackedBelow} acknowledged, ${expected} alerts\n`);
});
