import { once } from "node:events";
import net from "node:net";
import { expect, test } from "vitest";
import { startLoad } from "../../simulators/index.ts";
import { provision } from "../bench/provision.ts";
import { fixedPort, runNadi, spawnNadi, startNadi, tempFolder } from "../support/nadi-process.ts";
import { countAcked, JournalContents } from "./journal-contents.ts";

test("SIGTERM under load ends in time, loses nothing, and the next process gets the rest", async (t) => {
  const dataDir = tempFolder(t);
  const devices = await provision(dataDir, 20);
  const mqttPort = await fixedPort();
  const nadi = await startNadi(t, { dataDir, mqttPort });
  const load = await startLoad({ port: mqttPort, devices, pace: { kind: "full" }, boot: 1 });
  t.onTestFinished(async () => {
    await load.stop({ drainMs: 0 });
  });
  await enough(load.stats, 5_000);

  const exit = await nadi.stop();
  const ackedAtStop = load.acked();
  const contents = new JournalContents(dataDir);
  await contents.readOn();
  expect(exit.code).toBe(0);
  expect(exit.ms).toBeLessThan(5_000);
  expect(contents.findMissing(ackedAtStop)).toEqual([]);

  const next = await startNadi(t, { dataDir, mqttPort });
  await enough(load.stats, countAcked(ackedAtStop) + 5_000);
  const stats = await load.stop();
  await next.stop();
  await contents.readOn();
  expect(contents.findMissing(load.acked())).toEqual([]);
  expect(stats.inFlight, "messages that were never acknowledged").toBe(0);
  expect(stats.disconnects, "one reconnect a client").toBe(devices.length);
});

/** Waits until so many messages are acknowledged. */
async function enough(stats: () => { acked: number }, count: number): Promise<void> {
  await expect.poll(() => stats().acked, { timeout: 20_000 }).toBeGreaterThan(count);
}

test("a second SIGTERM while it stops changes nothing", async (t) => {
  const dataDir = tempFolder(t);
  const devices = await provision(dataDir, 5);
  const nadi = await startNadi(t, { dataDir });
  const load = await startLoad({
    port: nadi.mqttPort,
    devices,
    // Leaves this process time to see the line that the second signal follows.
    pace: { kind: "rate", perSecond: 2_000 },
    reconnect: null,
  });
  t.onTestFinished(async () => {
    await load.stop({ drainMs: 0 });
  });

  nadi.signal("SIGTERM");
  await nadi.line("stopping");
  nadi.signal("SIGTERM");
  expect(await nadi.exited).toEqual({ code: 0, signal: null });
  const contents = new JournalContents(dataDir);
  await contents.readOn();
  expect(contents.findMissing(load.acked())).toEqual([]);
});

test("what can't be had ends the start with its name, also where much starts beside it", async (t) => {
  const holder = net.createServer().listen(0, "127.0.0.1");
  await once(holder, "listening");
  t.onTestFinished(() => void holder.close());
  const port = String((holder.address() as net.AddressInfo).port);
  // Of a folder that has served, ingest is at work before the port is refused.
  const dataDir = tempFolder(t);
  await (await startNadi(t, { dataDir })).stop();

  const refusals: [env: Record<string, string>, names: string[]][] = [
    [{ NADI_MQTT_PORT: port }, [`NADI_MQTT_PORT is ${port}`, "EADDRINUSE"]],
    [{ NADI_HTTP_PORT: port }, [`NADI_HTTP_PORT is ${port}`, "EADDRINUSE"]],
    [
      { NADI_TLS_CERT: "/nowhere.pem", NADI_TLS_KEY: "/nowhere.pem" },
      ["NADI_TLS_CERT", "/nowhere.pem"],
    ],
  ];
  for (const [env, names] of refusals) {
    const child = spawnNadi(t, { dataDir, env });
    // A process that hangs fails at the test's own limit.
    expect(await child.exited).toEqual({ code: 1, signal: null });
    for (const name of names) expect(child.stderr()).toContain(name);
  }
});

test("SIGTERM during a start that waits ends it, in time and in order", async (t) => {
  const env = { NADI_JOURNAL: "redis", NADI_JOURNAL_REDIS_URL: "redis://127.0.0.1:1" };
  const child = spawnNadi(t, { dataDir: tempFolder(t), env });
  await child.line("redis is away");
  const toldMs = performance.now();
  child.signal("SIGTERM");
  expect(await child.exited).toEqual({ code: 0, signal: null });
  expect(performance.now() - toldMs).toBeLessThan(5_000);
});

test("a second serve on one data folder is refused and leaves the first alone", async (t) => {
  const dataDir = tempFolder(t);
  const first = await startNadi(t, { dataDir });
  const second = spawnNadi(t, { dataDir });

  expect(await second.exited).toEqual({ code: 1, signal: null });
  expect(second.stderr()).toContain("RECORDS_DATA_DIR_IN_USE");
  expect((await fetch(`${first.httpUrl}/readyz`)).status).toBe(200);
});

test("a bad environment ends the start and names every bad variable", async (t) => {
  const result = await runNadi(tempFolder(t), ["serve"], {
    NADI_MQTT_PORT: "x",
    NADI_HTTP_PORT: "70000",
    NADI_MIN_FREE_BYTES: "-1",
    NADI_MAX_CONNECTIONS: "many",
  });

  expect(result.code).not.toBe(0);
  for (const name of [
    "NADI_MQTT_PORT",
    "NADI_HTTP_PORT",
    "NADI_MIN_FREE_BYTES",
    "NADI_MAX_CONNECTIONS",
  ]) {
    expect(result.stderr).toContain(name);
  }
  expect(result.stderr).not.toMatch(/^\s+at /m);
});
