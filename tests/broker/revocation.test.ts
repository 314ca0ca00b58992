import { expect, test, type TestContext } from "vitest";
import { ChangeFeed } from "../../devices/registry/change-feed.ts";
import { createRegistry } from "../../devices/registry/create-registry.ts";
import { createTestRegistry, kitchen } from "../devices/records/factories.ts";
import { createTestBroker, credentialsOf, settle, type TestBroker } from "../support/broker.ts";
import { packets, type RawClient } from "../support/mqtt-wire.ts";
import { seededRandom } from "../support/seeded-random.ts";
import type { TestDevice } from "../support/test-logins.ts";

/** A second is the promise; machines that run tests get five times as long. */
const withinMs = 5_000;

function topicOf({ sppgId, deviceId }: TestDevice): string {
  return `sppg/${sppgId}/telemetry/${deviceId}/temperature`;
}

/** Keeps one publish under way until the connection ends. */
async function keepPublishing(client: RawClient, topicName: string): Promise<number> {
  let acknowledged = 0;
  for (let messageId = 1; ; messageId = (messageId % 60_000) + 1) {
    client.send(packets.publish({ topicName, payload: "{}", qos: 1, messageId }));
    const isAcknowledged = await client.next("puback").then(
      () => true,
      () => false,
    );
    if (!isAcknowledged) return acknowledged;
    acknowledged++;
  }
}

interface RegistryBroker {
  made: TestBroker;
  registry: Awaited<ReturnType<typeof createTestRegistry>>["registry"];
  clock: { ms: number };
  feed: ChangeFeed;
  addDevice(deviceId: string): Promise<TestDevice>;
}

/** A broker on a real registry and its change feed. */
async function createWithRegistry(t: TestContext): Promise<RegistryBroker> {
  const { registry, records } = await createTestRegistry(t);
  const clock = { ms: Date.now() };
  const live = createRegistry(records, { nowMs: () => clock.ms });
  await live.addKitchen(kitchen, "test");
  const feed = new ChangeFeed({
    registry,
    onUnreadable: () => {},
    onReadable: () => {},
    onListenerError: (error) => {
      throw error;
    },
  });
  t.onTestFinished(() => feed.stop());
  await feed.start();
  const made = await createTestBroker(t, { logins: feed, clock: { wallMs: () => clock.ms } });
  return {
    made,
    registry: live,
    clock,
    feed,
    addDevice: async (deviceId) => {
      const { sppgId } = kitchen;
      const { secret } = await live.addDevice(
        { sppgId, deviceId, kind: "temperature-probe" },
        "test",
      );
      const username = `${sppgId}.${deviceId}`;
      return { sppgId, deviceId, username, password: secret.secret };
    },
  };
}

test("a revoked device is closed within a second while 100 devices publish", async (t) => {
  const { made, registry, addDevice } = await createWithRegistry(t);
  const devices = await Promise.all(
    Array.from({ length: 100 }, (_, index) => addDevice(`probe-${index}`)),
  );
  const clients = await Promise.all(devices.map((device) => made.signIn(device)));
  const runs = clients.map((client, index) => {
    const device = devices[index];
    if (device === undefined) throw new Error("no device");
    return keepPublishing(client, topicOf(device));
  });
  await made.journal.appended(2_000);
  const { sppgId } = kitchen;
  const victims = [3, 50, 99];
  for (const victim of victims) {
    const startedAt = performance.now();
    await registry.revokeDevice({ sppgId, deviceId: `probe-${victim}` }, "test");
    await runs[victim];
    await clients[victim]?.closed;
    expect(performance.now() - startedAt).toBeLessThan(withinMs);
  }
  const others = clients.filter((_, index) => !victims.includes(index));
  expect(others.filter(({ socket }) => socket.closed)).toEqual([]);
  for (const client of others) client.socket.destroy();
  await Promise.all(runs);
});

test("a rotation ends the old secret at once, or when its overlap ends", async (t) => {
  const { made, registry, clock, feed, addDevice } = await createWithRegistry(t);
  const ids = { sppgId: kitchen.sppgId, deviceId: "probe-1" };
  const device = await addDevice(ids.deviceId);
  const first = await made.signIn(device);
  const next = await registry.rotateDevice({ ...ids, overlapSeconds: 0 }, "test");
  await first.closed;
  const refused = await made.open();
  expect((await refused.connect(credentialsOf(device))).returnCode).toBe(4);
  const renewed = { ...device, password: next.secret };
  await feed.poke();
  const second = await made.signIn(renewed);
  const last = await registry.rotateDevice({ ...ids, overlapSeconds: 1 }, "test");
  await feed.poke();
  // The timer runs on the machine's clock, the judgement on the test's: both have passed it.
  const third = await made.signIn({ ...device, password: last.secret }, { clientId: "third" });
  await settle(second);
  clock.ms += 1_001;
  await second.closed;
  await settle(third);
  expect(made.count("revoked")).toBe(2);
});

test("the codec's tree opens with the device's registration and not before", async (t) => {
  const { logins, signIn } = await createTestBroker(t);
  const device = logins.add("sppg-a", "dev");
  const client = await signIn(device);
  logins.change(device, { codec: "tasmota" });
  client.send(
    packets.publish({ topicName: "sppg/sppg-a/tasmota/dev/tele/SENSOR", qos: 1, messageId: 9 }),
  );
  expect((await client.next("puback")).messageId).toBe(9);
});

test("a kitchen that ends closes all of its devices and none of another", async (t) => {
  const { logins, signIn } = await createTestBroker(t);
  const ended = [logins.add("sppg-a", "dev"), logins.add("sppg-a", "dev2")];
  const other = await signIn(logins.add("sppg-a-1", "dev"));
  const clients = await Promise.all(ended.map((device) => signIn(device)));
  const [first, second] = ended;
  if (first === undefined || second === undefined) throw new Error("no devices");
  logins.change(first, null, "rule");
  logins.change(second, null, "kitchen");
  await Promise.all(clients.map(({ closed }) => closed));
  expect(await settle(other)).toEqual([]);
});

test("while the registry can't be read sockets stay and new logins are closed", async (t) => {
  const { logins, open, signIn, journal } = await createTestBroker(t);
  const device = logins.add("sppg-a", "dev");
  const client = await signIn(device);
  logins.isReadable = false;
  const refused = await open();
  await expect(refused.connect(credentialsOf(device))).rejects.toThrow("closed");
  client.send(packets.publish({ topicName: topicOf(device), payload: "x", qos: 1 }));
  await client.next("puback");
  expect(journal.published).toHaveLength(1);
  // A change that can't be judged leaves the socket until it can.
  logins.delay = () => Promise.reject(new Error("locked"));
  logins.revoke(device);
  await settle(client);
  logins.delay = null;
  await client.closed;
  logins.isReadable = true;
});

test("a queued command of a revoked device is not delivered when it comes back", async (t) => {
  const { broker, logins, signIn } = await createTestBroker(t);
  const device = logins.add("sppg-a", "dev");
  const topicName = "sppg/sppg-a/command/dev/set";
  const client = await signIn(device, { clean: false });
  client.send(packets.subscribe({ filters: [{ topicFilter: topicName, qos: 1 }] }));
  await client.next("suback");
  client.send(packets.disconnect());
  await client.closed;
  broker.edge.publish({ topicName, payload: Buffer.from("old"), qos: 1, retain: false });
  logins.revoke(device);
  const other = await signIn(logins.add("sppg-a", "other"));
  await settle(other);
  logins.change(device, { enabled: true });
  const again = await signIn(device, { clean: false });
  expect(await settle(again)).toEqual([]);
});

/** Revokes while connections of the device are anywhere between TCP and their first PUBACK. */
async function raceOnce(made: TestBroker, device: TestDevice, random: () => number): Promise<void> {
  const { logins } = made;
  const wait = (most: number): Promise<void> =>
    new Promise((resolve) => setTimeout(resolve, Math.floor(random() * most)));
  logins.delay = () => wait(8);
  logins.readsBeforeDelay = random() < 0.5;
  const client = await made.open();
  const bytes = packets.publish({ topicName: topicOf(device), payload: "x", qos: 1 });
  client.send(packets.connect({ ...credentialsOf(device), clientId: "racer" }), bytes);
  await wait(12);
  logins.revoke(device);
  const revokedAt = performance.now();
  await client.closed;
  expect(performance.now() - revokedAt).toBeLessThan(withinMs);
}

test("no connection slips through between its look-up and a revocation", async (t) => {
  const made = await createTestBroker(t);
  const random = seededRandom(20_261_122);
  await Promise.all(
    Array.from({ length: 20 }, async (_, lane) => {
      for (let round = 0; round < 10; round++) {
        const device = made.logins.add("sppg-a", `dev-${lane}-${round}`);
        await raceOnce(made, device, random);
      }
    }),
  );
  await made.broker.stop();
  expect(made.broker.edge.onlineCount).toBe(0);
});
