import { expect, test } from "vitest";
import { clusterCheck } from "../../../broker/cluster/readiness.ts";
import { createCertificates } from "../../support/certificates.ts";
import { startMosquitto } from "../../support/mosquitto.ts";
import { openOn, readPartition, startDurableRedis } from "../journal/redis/harness.ts";
import { connectClient, joinTestCluster, until } from "./support.ts";

const topicOf = (sppgId: string): string => `sppg/${sppgId}/telemetry/probe-1/temperature`;

test("two processes on one journal share the readings, and each kitchen stays in one partition", async (t) => {
  const [mosquitto, redis] = await Promise.all([startMosquitto(t), startDurableRedis(t)]);
  const { url } = mosquitto;
  const journals = [await openOn(t, redis), await openOn(t, redis)];
  const sites = await Promise.all(
    journals.map(({ appender: journal }) => joinTestCluster(t, { url, journal })),
  );
  await until(() => sites.every(({ cluster }) => cluster.state.ready === 3));
  const device = await connectClient(t, url);
  const sent: string[] = [];
  const publish = async (): Promise<void> => {
    const payload = `{"seq":${sent.length}}`;
    sent.push(payload);
    await device.publishAsync(topicOf(`sppg-${sent.length % 6}aa`), payload, { qos: 1 });
  };
  for (let count = 0; count < 120; count += 1) await publish();
  await until(() => sites.every(({ cluster }) => cluster.intake.counters.journaled > 0));
  // What is dealt to one that is away waits for it.
  const [first] = sites;
  await first?.cluster.stop();
  for (let count = 0; count < 120; count += 1) await publish();
  const journal = journals[0]?.appender;
  if (first === undefined || journal === undefined) throw new Error("two processes");
  const back = await joinTestCluster(t, { url, dataDir: first.dataDir, journal });
  const taken = [...sites, back].map(({ cluster }) => cluster.intake.counters);
  await until(() => taken.reduce((sum, { journaled }) => sum + journaled, 0) >= sent.length);

  const stored: string[] = [];
  for (let partition = 0; partition < 4; partition += 1) {
    const view = await journals[1]?.partition(partition);
    if (view === undefined) throw new Error("a partition");
    for (const entry of await readPartition(view)) {
      if (entry.kind !== "publish") continue;
      stored.push(Buffer.from(entry.payload).toString());
      expect(journals[1]?.partitionOf(entry.principal.split(".")[0] ?? "")).toBe(partition);
    }
  }
  expect(stored.toSorted()).toEqual(sent.toSorted());
});

test("over TLS the cluster's authority is checked", async (t) => {
  const { server, clientCa } = createCertificates(t);
  const mosquitto = await startMosquitto(t, {
    config: ({ port }) =>
      `listener ${port} 127.0.0.1
allow_anonymous true
certfile ${server.certFile}
keyfile ${server.keyFile}
`,
  });
  const url = `mqtts://127.0.0.1:${mosquitto.port}`;
  const trusting = await joinTestCluster(t, { url, env: { NADI_MQTT_CA: server.certFile } });
  const wary = await joinTestCluster(t, { url, env: { NADI_MQTT_CA: clientCa.certFile } });
  await until(() => trusting.cluster.state.ready === 3 && wary.cluster.state.problem !== null);
  expect(wary.cluster.state).toMatchObject({ ready: 0 });
  expect(wary.cluster.state.problem).toMatch(/self.signed certificate/);
});

test("a user that may not sign in is a problem that readiness names", async (t) => {
  const mosquitto = await startMosquitto(t, {
    config: ({ port }) => `listener ${port} 127.0.0.1\nallow_anonymous false\n`,
  });
  const { cluster } = await joinTestCluster(t, { url: mosquitto.url });
  await until(() => cluster.state.problem !== null);
  expect(clusterCheck(cluster).check()).toEqual({
    ok: false,
    detail: "away: Connection refused: Not authorized",
  });
});

test("readiness is red without a connection, and tells of one that is missing", () => {
  const state = { ready: 3, wanted: 4, protocolVersion: 4, problem: "it is gone" } as const;
  expect(clusterCheck({ state }).check()).toEqual({
    ok: true,
    detail: "degraded: 3 of 4 connections over MQTT 3.1.1: it is gone",
  });
  expect(clusterCheck({ state: { ...state, ready: 0 } }).check().ok).toBe(false);
});
