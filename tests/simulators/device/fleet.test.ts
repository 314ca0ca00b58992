import { once } from "node:events";
import net from "node:net";
import { expect, test, type TestContext } from "vitest";
import {
  type AckedMessage,
  createAckLog,
  Fleet,
  type FleetOptions,
  identitiesOf,
} from "../../../simulators/index.ts";
import { createTestBroker } from "../../support/broker.ts";
import { fixedPort } from "../../support/nadi-process.ts";
import { TestLogins } from "../../support/test-logins.ts";

const sppgId = "sppg-jakarta-001";

interface TestFleet {
  fleet: Fleet;
  acked: ReturnType<typeof createAckLog>;
  ackedMessages: AckedMessage[];
  /** Publishes `count` readings of a device; answers their identities. */
  publish(deviceId: string, count: number): string[];
}

function createFleet(
  t: TestContext,
  options: { port: number; logins: TestLogins; devices: number } & Omit<
    Partial<FleetOptions>,
    "devices"
  >,
): TestFleet {
  const acked = createAckLog();
  const ackedMessages: AckedMessage[] = [];
  const { logins, devices: count, ...fleetOptions } = options;
  const devices = Array.from({ length: count }, (_, index) => {
    const { username, password, deviceId } = logins.add(sppgId, `probe-${index}`);
    return { sppgId, deviceId, clientId: username, username, password };
  });
  const fleet = new Fleet({
    host: "127.0.0.1",
    rampMs: 50,
    ...fleetOptions,
    devices,
    onAcked(message) {
      acked.record(message);
      ackedMessages.push(message);
    },
  });
  t.onTestFinished(async () => {
    await fleet.stop(0);
  });
  fleet.start();
  let ts = 1_795_300_000_000;
  return {
    fleet,
    acked,
    ackedMessages,
    publish(deviceId, messages) {
      const topicName = `sppg/${sppgId}/telemetry/${deviceId}/temperature`;
      return Array.from({ length: messages }, () => {
        ts += 1;
        const message = { topicName, payload: JSON.stringify({ ts, celsius: 3.5 }) };
        fleet.publish({ sppgId, deviceId }, message);
        return identitiesOf(message)[0] ?? "";
      });
    },
  };
}

/** The identities that a broker's journal holds. */
function journalled(broker: {
  journal: { published: { topicName: string; payload: Uint8Array }[] };
}) {
  return broker.journal.published.flatMap(({ topicName, payload }) =>
    identitiesOf({ topicName, payload: Buffer.from(payload).toString() }),
  );
}

test("every reading is acknowledged by its identity, and the journal has it once", async (t) => {
  const broker = await createTestBroker(t);
  const { fleet, acked, publish } = createFleet(t, { ...broker, devices: 20 });
  const sent = Array.from({ length: 20 }, (_, index) => publish(`probe-${index}`, 100)).flat();
  await fleet.until(({ pending }) => pending === 0);
  expect(acked.identities()).toEqual(new Set(sent));
  expect(journalled(broker).toSorted()).toEqual(sent.toSorted());
  const stats = await fleet.stop();
  expect(stats).toMatchObject({ acked: 2000, connects: 20, losses: 0, dropped: 0, live: 0 });
});

test("a broker that goes and comes back has everything in the end, acknowledged once", async (t) => {
  const port = await fixedPort();
  const logins = new TestLogins();
  const env = { NADI_MQTT_PORT: String(port) };
  const first = await createTestBroker(t, { env, logins });
  const { fleet, acked, ackedMessages, publish } = createFleet(t, { port, logins, devices: 8 });
  const sent = Array.from({ length: 8 }, (_, index) => publish(`probe-${index}`, 50)).flat();
  await fleet.until(({ acked: count }) => count >= 400);

  // What arrives from now on is not acknowledged before the broker is gone.
  first.journal.hold();
  for (let index = 0; index < 8; index += 1) sent.push(...publish(`probe-${index}`, 60));
  await first.journal.appended(410);
  await first.broker.stop();
  await fleet.until(({ live }) => live === 0);
  for (let index = 0; index < 8; index += 1) sent.push(...publish(`probe-${index}`, 10));
  expect(fleet.stats().pending).toBe(8 * 70);

  const second = await createTestBroker(t, { env, logins });
  await fleet.until(({ pending }) => pending === 0);
  expect(acked.identities()).toEqual(new Set(sent));
  expect(ackedMessages).toHaveLength(sent.length);
  const stored = new Set([...journalled(first), ...journalled(second)]);
  expect(stored).toEqual(new Set(sent));
  expect(fleet.stats()).toMatchObject({ connects: 16, losses: 8, dropped: 0 });
});

test("without its network a device keeps what it has, and sends it when it is back", async (t) => {
  const broker = await createTestBroker(t);
  const { fleet, acked, publish } = createFleet(t, { ...broker, devices: 1 });
  await fleet.until(({ live }) => live === 1);
  fleet.setLinked({ sppgId, deviceId: "probe-0" }, false);
  const sent = publish("probe-0", 5);
  await fleet.until(({ live }) => live === 0);
  expect(fleet.stats()).toMatchObject({ pending: 5, losses: 0 });
  fleet.setLinked({ sppgId, deviceId: "probe-0" }, true);
  await fleet.until(({ pending }) => pending === 0);
  expect(acked.identities()).toEqual(new Set(sent));
});

test("an outbox is bounded: the oldest readings are given up and counted", async (t) => {
  const port = await fixedPort();
  const logins = new TestLogins();
  const { fleet, acked, publish } = createFleet(t, {
    port,
    logins,
    devices: 1,
    outboxMessagesMax: 20,
  });
  const sent = publish("probe-0", 50);
  expect(fleet.stats()).toMatchObject({ pending: 20, dropped: 30 });
  await createTestBroker(t, { env: { NADI_MQTT_PORT: String(port) }, logins });
  await fleet.until(({ pending }) => pending === 0);
  expect(acked.identities()).toEqual(new Set(sent.slice(30)));
});

test("at most a window of messages waits for acknowledgement", async (t) => {
  const broker = await createTestBroker(t);
  broker.journal.hold();
  const { fleet, publish } = createFleet(t, { ...broker, devices: 1, windowMax: 4 });
  publish("probe-0", 40);
  await broker.journal.appended(4);
  expect(fleet.stats().sent).toBe(4);
  broker.journal.release();
  await fleet.until(({ pending }) => pending === 0);
  expect(fleet.stats().sent).toBe(40);
});

test("a refused device is counted, loses nothing, and signs in once it may", async (t) => {
  const broker = await createTestBroker(t);
  const other = new TestLogins();
  const { fleet, acked, publish } = createFleet(t, {
    port: broker.port,
    logins: other,
    devices: 1,
  });
  const sent = publish("probe-0", 3);
  await fleet.until(({ refused }) => refused > 0);
  expect(fleet.stats()).toMatchObject({ acked: 0, pending: 3 });
  const { password } = other.add(sppgId, "probe-0");
  broker.logins.add(sppgId, "probe-0", { password });
  broker.logins.tell("device", sppgId, "probe-0");
  await fleet.until(({ pending }) => pending === 0);
  expect(acked.identities()).toEqual(new Set(sent));
});

test("stopping an unconnected fleet ends at once", async (t) => {
  const silent = net.createServer().listen(0, "127.0.0.1");
  await once(silent, "listening");
  t.onTestFinished(() => new Promise<void>((resolve) => silent.close(() => resolve())));
  const { port } = silent.address() as net.AddressInfo;
  const sockets: net.Socket[] = [];
  const opened = new Promise<void>((resolve) =>
    silent.on("connection", (socket) => {
      sockets.push(socket);
      resolve();
    }),
  );
  t.onTestFinished(() => sockets.forEach((socket) => socket.destroy()));
  const { fleet } = createFleet(t, { port, logins: new TestLogins(), devices: 1 });
  await opened;
  await fleet.stop(0);
  expect(fleet.stats().live).toBe(0);
});
