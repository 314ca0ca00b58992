import { expect, test } from "vitest";
import { readPlace } from "../../../broker/cluster/place.ts";
import { HeldJournal } from "../../support/held-journal.ts";
import { startMosquitto } from "../../support/mosquitto.ts";
import { connectClient, joinTestCluster, startOldProxy, until } from "./support.ts";

const topicName = "sppg/sppg-a/telemetry/probe-1/temperature";
const one = { NADI_MQTT_SHARED: "no" };

test("a reading is acknowledged when it is on disk, and what can't be one at once", async (t) => {
  const mosquitto = await startMosquitto(t);
  const { cluster, journal } = await joinTestCluster(t, { url: mosquitto.url });
  await until(() => cluster.state.ready === 3);
  const device = await connectClient(t, mosquitto.url);
  const acks = (): string[] => mosquitto.lines.filter((line) => /PUBACK from nadi-/.test(line));
  journal.hold();
  await device.publishAsync(topicName, '{"celsius":4}', { qos: 1 });
  await journal.appended(1);
  // Shared subscriptions deal out in turn: the second comes over another connection.
  await device.publishAsync("sppg/Sppg A/telemetry/probe-1/temperature", "?", { qos: 1 });
  await until(() => acks().length > 0);
  expect(acks()).toHaveLength(1);
  expect(cluster.intake.counters).toMatchObject({ received: 2, refused: { topic: 1 } });
  journal.release();
  await until(() => acks().length === 2);
  expect(journal.published).toMatchObject([{ principal: "sppg-a.probe-1", topicName, qos: 1 }]);
});

test("while the journal withholds, pings go on, nobody is disconnected, and all comes after", async (t) => {
  const mosquitto = await startMosquitto(t);
  const limits = { inFlightMax: 4, keepAliveSeconds: 1 };
  const { cluster, journal } = await joinTestCluster(t, { url: mosquitto.url, env: one, limits });
  await until(() => cluster.state.ready === 1);
  const device = await connectClient(t, mosquitto.url);
  journal.hold();
  const sent = Array.from({ length: 20 }, (_, index) => `{"celsius":${index}}`);
  for (const payload of sent) await device.publishAsync(topicName, payload, { qos: 1 });
  await journal.appended(4);
  // Longer than Mosquitto would wait for a client, and mqtt.js for a server.
  for (let count = 0; count < 3; count += 1) await mosquitto.line(/Sending PINGRESP to nadi-/);
  expect(journal.pending).toBe(4);
  expect(cluster.state).toMatchObject({ ready: 1, problem: null });
  journal.release();
  await until(() => journal.payloads(topicName).length === sent.length);
  expect(journal.payloads(topicName)).toEqual(sent);
  expect(mosquitto.lines.filter((line) => /nadi-\S+ (disconnected|closed)/.test(line))).toEqual([]);
});

test("above the bytes that may be under way nothing more is read, and pings go on", async (t) => {
  const mosquitto = await startMosquitto(t);
  const limits = { pendingBytesMax: 1, keepAliveSeconds: 1 };
  const { cluster, journal } = await joinTestCluster(t, { url: mosquitto.url, env: one, limits });
  await until(() => cluster.state.ready === 1);
  const device = await connectClient(t, mosquitto.url);
  journal.hold();
  for (let index = 0; index < 50; index += 1) await device.publishAsync(topicName, `${index}`);
  await journal.appended(1);
  for (let count = 0; count < 3; count += 1) await mosquitto.line(/Received PINGREQ from nadi-/);
  expect(journal.pending).toBe(1);
  expect(cluster.state).toMatchObject({ ready: 1, problem: null });
  journal.release();
  await until(() => journal.payloads(topicName).length === 50);
});

test("what the cluster takes while we are away is delivered when we come back", async (t) => {
  const mosquitto = await startMosquitto(t);
  const { url } = mosquitto;
  const first = await joinTestCluster(t, { url });
  await until(() => first.cluster.state.ready === 3);
  await first.cluster.stop();
  const device = await connectClient(t, url);
  const sent = Array.from({ length: 30 }, (_, index) => `{"celsius":${index}}`);
  for (const payload of sent) await device.publishAsync(topicName, payload, { qos: 1 });
  const second = await joinTestCluster(t, { url, dataDir: first.dataDir });
  await until(() => second.journal.payloads(topicName).length === sent.length);
  expect(second.journal.payloads(topicName).toSorted()).toEqual(sent.toSorted());
  expect(second.logs.filter(({ msg }) => msg.includes("forgotten"))).toEqual([]);
});

test("what the journal could not keep is never acknowledged, and comes again", async (t) => {
  const mosquitto = await startMosquitto(t);
  const journal = new HeldJournal();
  let failures = 2;
  const failing = {
    append: (...[entry, done]: Parameters<HeldJournal["append"]>) => {
      failures -= 1;
      if (failures >= 0) done(new Error("the disk is gone"), 0);
      else journal.append(entry, done);
    },
  };
  const { cluster } = await joinTestCluster(t, { url: mosquitto.url, env: one, journal: failing });
  await until(() => cluster.state.ready === 1);
  const device = await connectClient(t, mosquitto.url);
  await device.publishAsync(topicName, "1", { qos: 1 });
  await journal.appended(1);
  expect(journal.payloads(topicName)).toEqual(["1"]);
  expect(cluster.intake.counters.redelivered).toBe(2);
});

test("MQTT 3.1.1 is spoken where 5 is refused; retained messages are acknowledged, not kept", async (t) => {
  const mosquitto = await startMosquitto(t);
  const device = await connectClient(t, mosquitto.url);
  await device.publishAsync(topicName, "old", { qos: 1, retain: true });
  const url = await startOldProxy(t, mosquitto);
  const { cluster, journal } = await joinTestCluster(t, { url, env: one });
  await until(() => cluster.state.ready === 1 && cluster.intake.counters.received === 1);
  expect(cluster.state.protocolVersion).toBe(4);
  expect(cluster.intake.counters.refused.retained).toBe(1);
  await device.publishAsync(topicName, "new", { qos: 1, retain: true });
  await journal.appended(1);
  expect(journal.payloads(topicName)).toEqual(["new"]);
});

test("a killed cluster is joined again, and is told of once", async (t) => {
  const mosquitto = await startMosquitto(t);
  const { cluster, journal, logs } = await joinTestCluster(t, { url: mosquitto.url });
  await until(() => cluster.state.ready === 3);
  await mosquitto.end("SIGKILL");
  await until(() => cluster.state.ready === 0 && cluster.state.problem !== null);
  await mosquitto.start();
  await until(() => cluster.state.ready === 3);
  const device = await connectClient(t, mosquitto.url);
  await device.publishAsync(topicName, "1", { qos: 1 });
  await journal.appended(1);
  const told = logs.map(({ msg }) => msg).filter((msg) => msg.startsWith("mqtt cluster"));
  expect(told).toEqual(["mqtt cluster joined", "mqtt cluster is away", "mqtt cluster joined"]);
  // Mosquitto without persistence has no session of ours any more: that is said too.
  expect(logs.filter(({ msg }) => msg.includes("forgotten"))).toHaveLength(3);
});

test("a smaller pool takes what waits in the sessions it gives up, and has them forgotten", async (t) => {
  const mosquitto = await startMosquitto(t);
  const { url } = mosquitto;
  const first = await joinTestCluster(t, { url });
  await until(() => first.cluster.state.ready === 3);
  await first.cluster.stop();
  const device = await connectClient(t, url);
  const publish = (payload: string) => device.publishAsync(topicName, payload, { qos: 1 });
  for (const payload of ["1", "2", "3"]) await publish(payload);
  const { dataDir } = first;
  const second = await joinTestCluster(t, { url, dataDir, env: { NADI_MQTT_CONNECTIONS: "1" } });
  const { cluster, journal } = second;
  await until(() => journal.payloads(topicName).length === 3);
  await until(() => second.logs.filter(({ msg }) => msg.includes("given up")).length === 2);
  await until(() => cluster.state.ready === 1);
  for (const payload of ["4", "5", "6"]) await publish(payload);
  await until(() => journal.payloads(topicName).length === 6);
  await expect.poll(async () => (await readPlace(dataDir)).sessions).toBe(1);
});

test("a command goes out with its expiry; that nobody listens is told", async (t) => {
  const mosquitto = await startMosquitto(t);
  const { cluster } = await joinTestCluster(t, { url: mosquitto.url });
  await until(() => cluster.state.ready === 3);
  const command = {
    topicName: "sppg/sppg-a/command/probe-1/blink",
    payload: Buffer.from("{}"),
    expiresAtMs: performance.now() + 60_000,
  };
  expect(await cluster.command(command)).toBe(null);
  const device = await connectClient(t, mosquitto.url);
  await device.subscribeAsync("sppg/sppg-a/command/probe-1/#", { qos: 1 });
  const heard = new Promise((resolve) =>
    device.once("message", (_t, _p, packet) => resolve(packet)),
  );
  expect(await cluster.command(command)).toBe("waiting");
  expect(await heard).toMatchObject({ qos: 1, properties: { messageExpiryInterval: 60 } });
  await mosquitto.end("SIGKILL");
  await until(() => cluster.state.ready === 0);
  expect(await cluster.command(command)).toBe("dropped");
});

test("live values and alerts of Nadi's own are not taken for telemetry", async (t) => {
  const mosquitto = await startMosquitto(t);
  const { cluster, journal } = await joinTestCluster(t, { url: mosquitto.url });
  await until(() => cluster.state.ready === 3);
  const device = await connectClient(t, mosquitto.url);
  for (const name of ["production/temperature", "inventory/alerts", "command/probe-1/blink"]) {
    await device.publishAsync(`sppg/sppg-a/${name}`, "{}", { qos: 1 });
  }
  await device.publishAsync("sppg/sppg-a/tasmota/plug-1/tele/SENSOR", "{}", { qos: 1 });
  await journal.appended(1);
  expect(cluster.intake.counters.received).toBe(1);
});
