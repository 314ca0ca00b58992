import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { connectAsync, type MqttClient } from "mqtt";
import { expect, test } from "vitest";
import { startLoad } from "../../simulators/index.ts";
import type { LoadDevice } from "../../simulators/index.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { eventually, signInPerson } from "../support/kitchen.ts";
import { readMetric } from "../support/metrics.ts";
import type { MosquittoServer } from "../support/mosquitto.ts";
import type { Scope } from "../support/nadi-process.ts";
import {
  countAllStored,
  countStored,
  createClusterSite,
  readJournal,
  type SiteNadi,
} from "./cluster-site.ts";
import { mountTmpfs } from "./needs.ts";

const mebibyte = 2 ** 20;
/** Far above what any of these takes, also on a machine that is busy with other work. */
const deadlineMs = 60_000;
const limits = { timeout: 180_000 };

async function connectDevice(
  scope: Scope,
  mosquitto: MosquittoServer,
  { username, password, clientId }: LoadDevice,
): Promise<MqttClient> {
  const login = { username: username ?? "", password: password ?? "", clientId };
  const options = { ...login, reconnectPeriod: 0, protocolVersion: 5 } as const;
  const client = await connectAsync(mosquitto.url, options);
  scope.onTestFinished(() => client.endAsync(true));
  return client;
}

async function readiness({ httpUrl }: SiteNadi): Promise<Map<string, string>> {
  const answer = await fetch(`${httpUrl}/readyz`);
  const { checks } = (await answer.json()) as { checks: { name: string; detail: string }[] };
  return new Map(checks.map(({ name, detail }) => [name, detail]));
}

test(
  "readings, refusals and commands go through a Mosquitto with the exported rules",
  limits,
  async (t) => {
    const site = await createClusterSite(t, { kitchens: 2, devicesPerKitchen: 1 });
    const nadi = await site.startNadi();
    const [own, foreign] = site.devices;
    if (own === undefined || foreign === undefined) throw new Error("two devices");
    const device = await connectDevice(t, site.mosquitto, own);
    await device.publishAsync(own.topicName, '{"celsius":3.5}', { qos: 1 });
    const api = await signInPerson(nadi.httpUrl, site.operator);
    await eventually(
      () => countStored(api, own),
      (count) => count === 1,
      deadlineMs,
    );

    const listening = await connectDevice(t, site.mosquitto, foreign);
    const [, sppgId, , deviceId] = foreign.topicName.split("/");
    await listening.subscribeAsync(`sppg/${sppgId}/command/${deviceId}/#`, { qos: 1 });
    const heard = new Promise<string>((resolve) => {
      listening.once("message", (_topicName, payload) => resolve(payload.toString()));
    });
    const command = { name: "blink", payload: { times: 3 }, expiresInSeconds: 60 };
    const place = `/api/kitchens/${sppgId}/devices`;
    const sent = await api.post<{ delivery: string }>(`${place}/${deviceId}/commands`, command);
    expect(sent.delivery).toBe("waiting");
    expect(JSON.parse(await heard)).toMatchObject({ payload: { times: 3 } });

    const refused = device.publishAsync(foreign.topicName, '{"celsius":99}', { qos: 1 });
    await expect(refused).rejects.toMatchObject({ code: 135 });
    expect(await countStored(api, foreign)).toBe(0);
    const { statuses, mqtt } = await api.get<{
      statuses: { presence: unknown; receivedTimeMs: number | null }[];
      mqtt: { port: number };
    }>(`/api/kitchens/${own.topicName.split("/")[1]}/device-status`);
    expect(statuses).toMatchObject([{ presence: null, receivedTimeMs: expect.any(Number) }]);
    expect(mqtt.port).toBe(site.mosquitto.port);
    expect(nadi.logs.filter(({ msg }) => msg === "mqtt listening")).toEqual([]);
    expect((await readiness(nadi)).get("mqtt-cluster")).toMatch(/^4 of 4 connections over MQTT 5;/);
  },
);

test(
  "kill -9 of Nadi under load: nothing that Mosquitto delivered is lost or stored twice",
  limits,
  async (t) => {
    const seed = Math.floor(Math.random() * 1e6);
    const random = seededRandom(seed);
    const site = await createClusterSite(t, { kitchens: 2, devicesPerKitchen: 4, isHeld: true });
    let nadi = await site.startNadi();
    const load = await startLoad({
      port: site.mosquitto.port,
      devices: site.devices,
      pace: { kind: "rate", perSecond: 1_000 },
      boot: 1,
    });
    t.onTestFinished(async () => {
      await load.stop({ drainMs: 0 });
    });
    for (let round = 0; round < 2; round += 1) {
      await delay(200 + random() * 600);
      const left = site.mosquitto.line(
        /nadi-\S+ (closed|disconnected|exceeded)|error on client nadi-/,
      );
      await nadi.kill();
      await left;
      // What was acknowledged to the cluster is on our disk.
      const { publishes } = await readJournal(site);
      expect(publishes, `seed ${seed}`).toBeGreaterThanOrEqual(site.acknowledged());
      nadi = await site.startNadi();
    }
    await load.stop();
    const acked = load.acked();
    const contents = await eventually(
      () => readJournal(site),
      (found) => found.findMissing(acked).length === 0,
      deadlineMs,
    );
    const distinct = contents.publishes - contents.repeated;
    await eventually(
      () => countAllStored(site, nadi),
      (count) => count === distinct,
      deadlineMs,
    );
    process.stdout.write(
      `seed ${seed}: ${distinct} readings, ${contents.repeated} delivered again, 0 lost, 0 twice\n`,
    );
  },
);

test(
  "kill -9 of Mosquitto: Nadi joins again by itself, and what it had acknowledged is stored",
  limits,
  async (t) => {
    const size = { kitchens: 1, devicesPerKitchen: 4, isHeld: true };
    const site = await createClusterSite(t, { ...size, isShared: false });
    const nadi = await site.startNadi();
    const load = await startLoad({
      port: site.mosquitto.port,
      devices: site.devices,
      pace: { kind: "rate", perSecond: 1_000 },
      boot: 1,
    });
    t.onTestFinished(async () => {
      await load.stop({ drainMs: 0 });
    });
    // One save of its sessions at least.
    await delay(1_200);
    const away = nadi.line("mqtt cluster is away");
    await site.mosquitto.end("SIGKILL");
    await away;
    expect((await fetch(`${nadi.httpUrl}/readyz`)).status).toBe(503);
    expect((await readJournal(site)).publishes).toBeGreaterThanOrEqual(site.acknowledged());
    await site.mosquitto.start();
    await eventually(
      () => readiness(nadi),
      (checks) => checks.get("mqtt-cluster")?.startsWith("1 of 1") === true,
      deadlineMs,
    );
    const before = (await readJournal(site)).publishes;
    await eventually(
      () => readJournal(site),
      ({ publishes }) => publishes > before + 200,
      deadlineMs,
    );
    await load.stop();
    const contents = await readJournal(site);
    const distinct = contents.publishes - contents.repeated;
    await eventually(
      () => countAllStored(site, nadi),
      (count) => count >= distinct,
      deadlineMs,
    );
    const lost = contents.findMissing(load.acked()).length;
    process.stdout.write(
      `${distinct} stored; ${lost} acknowledged by Mosquitto and not delivered went with it\n`,
    );
  },
);

test(
  "on a full disk nothing is acknowledged to the cluster, and then everything",
  limits,
  async (t) => {
    const { folder, whyNot } = mountTmpfs(t, 48);
    t.skip(whyNot !== null, whyNot ?? "");
    const ballast = path.join(folder, "ballast");
    const dataDir = path.join(folder, "data");
    const size = { kitchens: 1, devicesPerKitchen: 2, connections: 2 };
    const site = await createClusterSite(t, { ...size, dataDir });
    const nadi = await site.startNadi({
      NADI_MIN_FREE_BYTES: String(16 * mebibyte),
      NADI_JOURNAL_RESERVE_BYTES: String(mebibyte),
      NADI_MAX_JOURNAL_SEGMENT_BYTES: String(2 * mebibyte),
    });
    const left = site.mosquitto.count(/nadi-\S+ (closed|disconnected|exceeded)/);
    const withheld = nadi.line("acknowledgements withheld");
    writeFileSync(ballast, Buffer.alloc(30 * mebibyte, 1));
    const [own] = site.devices;
    if (own === undefined) throw new Error("a device");
    const device = await connectDevice(t, site.mosquitto, own);
    const told = { sent: 0, isWithheld: false };
    const send = async (): Promise<void> => {
      const payload = `{"celsius":3.5,"ts":${Date.now()},"seq":${told.sent}}`;
      told.sent += 1;
      await device.publishAsync(own.topicName, payload, { qos: 1 });
    };
    // The journal looks at the disk now and then.
    void withheld.then(() => (told.isWithheld = true));
    while (!told.isWithheld) await send();
    const journaled = (): Promise<number> =>
      readMetric(nadi.httpUrl, "nadi_cluster_journaled_total");
    const onDisk = await journaled();
    for (let more = 0; more < 500; more += 1) await send();
    // Mosquitto's log comes to us a moment later.
    await eventually(
      () => Promise.resolve(site.acknowledged()),
      (it) => it >= onDisk,
      deadlineMs,
    );
    expect([await journaled(), site.acknowledged()]).toEqual([onDisk, onDisk]);
    expect((await readiness(nadi)).get("journal")).toBe("free-space-floor");
    expect((await readiness(nadi)).get("mqtt-cluster")).toMatch(/^2 of 2/);
    rmSync(ballast);
    const api = await signInPerson(nadi.httpUrl, site.operator);
    await eventually(
      () => countStored(api, own),
      (count) => count === told.sent,
      deadlineMs,
    );
    await eventually(
      () => Promise.resolve(site.acknowledged()),
      (it) => it === told.sent,
      deadlineMs,
    );
    expect(left.value).toBe(0);
  },
);
