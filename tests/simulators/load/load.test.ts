import { readFileSync, mkdtempSync, rmSync } from "node:fs";
import net, { type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Aedes } from "aedes";
import { expect, test, vi, type TestContext } from "vitest";
import {
  anonymousDevices,
  startLoad,
  startLoadProcess,
  type Load,
  type LoadOptions,
} from "../../../simulators/index.ts";
import { createRandom } from "../../../simulators/load/random.ts";
import { packets } from "../../support/mqtt-wire.ts";

interface Received {
  clientId: string;
  seq: number;
  payload: string;
  dup: boolean;
}

async function listen(t: TestContext, onSocket: (socket: net.Socket) => void): Promise<number> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    // The load cuts connections and so do the tests: a reset is not a failure here.
    socket.on("error", () => socket.destroy());
    onSocket(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  });
  return (server.address() as AddressInfo).port;
}

async function createBroker(t: TestContext): Promise<{ port: number; received: Received[] }> {
  const received: Received[] = [];
  const broker = await Aedes.createBroker({
    authenticate: (client, username, ...[, done]) => {
      done(null, username === undefined || username === client.id);
    },
    authorizePublish: (client, packet, done) => {
      const payload = packet.payload.toString();
      const { seq } = JSON.parse(payload) as { seq: number };
      received.push({ clientId: client?.id ?? "", seq, payload, dup: packet.dup });
      done(null);
    },
  });
  const port = await listen(t, (socket) => void broker.handle(socket));
  t.onTestFinished(() => new Promise<void>((resolve) => broker.close(() => resolve())));
  return { port, received };
}

/** Passes everything to the broker, and back only as many bytes as `allow` says; then cuts. */
function listenAndCut(
  t: TestContext,
  options: { port: number; allow: (connection: number) => number },
): Promise<number> {
  let connections = 0;
  return listen(t, (socket) => {
    let left = options.allow(connections);
    connections += 1;
    const upstream = net.connect(options.port, "127.0.0.1");
    upstream.on("error", () => socket.destroy());
    upstream.on("close", () => socket.destroy());
    socket.on("close", () => upstream.destroy());
    socket.on("data", (chunk: Buffer) => upstream.write(chunk));
    upstream.on("data", (chunk: Buffer) => {
      const part = chunk.subarray(0, left);
      left -= part.length;
      socket.write(part);
      // `end` lets what was passed on arrive; a reset could overtake it.
      if (left === 0) socket.end();
    });
  });
}

async function createLoad(t: TestContext, options: LoadOptions): Promise<Load> {
  const load = await startLoad(options);
  t.onTestFinished(async () => void (await load.stop({ drainMs: 0 })));
  return load;
}

test("every message of every device is acknowledged by identity, and sent once", async (t) => {
  const { port, received } = await createBroker(t);
  const load = await createLoad(t, {
    port,
    devices: anonymousDevices(5),
    pace: { kind: "full" },
    window: 7,
    boot: 3,
    messagesPerDevice: 500,
  });
  await load.finished;
  expect(load.acked()).toEqual(
    anonymousDevices(5).map(({ clientId }) => ({
      clientId,
      boot: 3,
      sentBelow: 500,
      ranges: [[0, 499]],
    })),
  );
  expect(received).toHaveLength(2500);
  expect(new Set(received.map(({ clientId, seq }) => `${clientId} ${seq}`)).size).toBe(2500);
  expect(await load.stop()).toMatchObject({
    acked: 2500,
    sent: 2500,
    resent: 0,
    strayAcks: 0,
    outOfOrderAcks: 0,
    disconnects: 0,
    open: 0,
  });
});

test("a connection cut within an ack has acknowledged exactly what came before", async (t) => {
  const broker = await createBroker(t);
  const connackBytes = 4;
  const port = await listenAndCut(t, {
    port: broker.port,
    allow: () => connackBytes + 57 * 4 + 2,
  });
  const load = await createLoad(t, {
    port,
    devices: anonymousDevices(1),
    pace: { kind: "full" },
    reconnect: null,
  });
  await vi.waitFor(() => expect(load.stats().open).toBe(0));
  const [device] = load.acked();
  expect(device?.ranges).toEqual([[0, 56]]);
  expect(device?.sentBelow).toBeGreaterThan(57);
  expect(load.stats()).toMatchObject({ acked: 57, disconnects: 1 });
});

test("after each cut what was unacknowledged is sent again, the same and marked DUP", async (t) => {
  const broker = await createBroker(t);
  const random = createRandom(20_261_122);
  const port = await listenAndCut(t, {
    port: broker.port,
    allow: (connection) => (connection < 30 ? 4 + Math.floor(random() * 400) : Infinity),
  });
  const load = await createLoad(t, {
    port,
    devices: anonymousDevices(2),
    pace: { kind: "full" },
    messagesPerDevice: 2_000,
    reconnect: { minMs: 1, maxMs: 2 },
  });
  await load.finished;
  const stats = load.stats();
  expect(stats).toMatchObject({ acked: 4_000, strayAcks: 0, outOfOrderAcks: 0, live: 2 });
  expect(stats.disconnects).toBe(30);
  expect(stats.resent).toBeGreaterThan(0);
  expect(load.acked().map(({ ranges }) => ranges)).toEqual([[[0, 1_999]], [[0, 1_999]]]);
  const payloads = new Map<string, string>();
  const wrong = broker.received.filter(({ clientId, seq, payload, dup }) => {
    const earlier = payloads.get(`${clientId} ${seq}`) ?? null;
    payloads.set(`${clientId} ${seq}`, payload);
    // A first sending may have been lost on the way, so a DUP can be the first that arrives.
    return earlier !== null && (!dup || payload !== earlier);
  });
  expect(wrong).toEqual([]);
  expect(payloads.size).toBe(4_000);
});

test("a refused login ends the start, names the device and leaves nothing open", async (t) => {
  const { port } = await createBroker(t);
  const devices = [
    ...anonymousDevices(3),
    { clientId: "k.p1", username: "someone-else", password: "x", topicName: "t" },
  ];
  await expect(startLoad({ port, devices, pace: { kind: "idle" } })).rejects.toMatchObject({
    code: "SIMULATORS_LOGIN_REFUSED",
    message: expect.stringContaining("k.p1"),
  });
});

test("a device connects from the address that it is given", async (t) => {
  const addresses: (string | undefined)[] = [];
  const port = await listen(t, (socket) => {
    addresses.push(socket.remoteAddress);
    socket.end();
  });
  // All of 127/8 is this machine under Linux, where the bench runs.
  const devices = anonymousDevices(1).map((device) => ({ ...device, localAddress: "127.0.0.2" }));
  const options = { port, devices, pace: { kind: "idle" }, reconnect: null } as const;
  await expect(startLoad(options)).rejects.toMatchObject({ code: "SIMULATORS_BROKER_UNAVAILABLE" });
  expect(addresses).toEqual(["127.0.0.2"]);
});

test("two devices with one client id are refused before anything connects", async () => {
  const devices = [...anonymousDevices(1), ...anonymousDevices(1)];
  await expect(startLoad({ port: 1, devices, pace: { kind: "idle" } })).rejects.toMatchObject({
    code: "SIMULATORS_OPTION_INVALID",
  });
});

test("at a given rate a stall counts for every message that was due in it", async (t) => {
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const port = await listen(t, (socket) => {
    let isFirst = true;
    socket.on("data", (chunk: Buffer) => {
      if (chunk[0] === 0x10) socket.write(Buffer.from([0x20, 2, 0, 0]));
      else {
        // With a window of one, each chunk is one PUBLISH.
        const ack = packets.puback(chunk.readUInt16BE(4 + chunk.readUInt16BE(2)));
        if (isFirst) void released.then(() => socket.write(ack));
        else socket.write(ack);
        isFirst = false;
      }
    });
  });
  const load = await createLoad(t, {
    port,
    devices: anonymousDevices(1),
    pace: { kind: "rate", perSecond: 1_000 },
    window: 1,
    messagesPerDevice: 200,
  });
  await vi.waitFor(() => expect(load.stats().backlog).toBeGreaterThanOrEqual(100));
  release();
  await load.finished;
  // Message k fell due k ms into a stall of at least 100 ms: three of 200 waited 97 ms or more.
  expect(load.stats().latency.p99Us).toBeGreaterThanOrEqual(97_000);
});

test("at QoS 0 everything arrives and nothing counts as acknowledged", async (t) => {
  const { port, received } = await createBroker(t);
  const load = await createLoad(t, {
    port,
    devices: anonymousDevices(2),
    pace: { kind: "full" },
    qos: 0,
    messagesPerDevice: 300,
  });
  await load.finished;
  await vi.waitFor(() => expect(received).toHaveLength(600));
  expect(load.acked().map(({ ranges }) => ranges)).toEqual([[], []]);
});

test("a load in its own process tells the same, and writes its ack log", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "nadi-load-"));
  t.onTestFinished(() => rmSync(folder, { recursive: true }));
  const { port, received } = await createBroker(t);
  const ackLogFile = join(folder, "acks.jsonl");
  const load = await startLoadProcess({
    port,
    devices: anonymousDevices(2),
    pace: { kind: "full" },
    messagesPerDevice: 400,
    boot: 9,
    ackLogFile,
  });
  t.onTestFinished(() => load.kill());
  await load.finished();
  expect((await load.acked()).map(({ ranges }) => ranges)).toEqual([[[0, 399]], [[0, 399]]]);
  expect(await load.stop()).toMatchObject({ acked: 800, open: 0 });
  expect(received).toHaveLength(800);
  const counts = new Map<string, number>();
  for (const line of readFileSync(ackLogFile, "utf8").trim().split("\n")) {
    const [clientId, boot, from, to] = JSON.parse(line) as [string, number, number, number];
    expect(boot).toBe(9);
    expect(from).toBe(counts.get(clientId) ?? 0);
    counts.set(clientId, to + 1);
  }
  expect([...counts.values()]).toEqual([400, 400]);
});

test("a load process that can't start says why", async (t) => {
  const { port } = await createBroker(t);
  const devices = [{ clientId: "a.b", username: "c", topicName: "t" }];
  await expect(startLoadProcess({ port, devices, pace: { kind: "idle" } })).rejects.toMatchObject({
    code: "SIMULATORS_LOGIN_REFUSED",
  });
});

test("a broker that stops reading holds up neither the stop nor what is known", async (t) => {
  const port = await listen(t, (socket) => {
    socket.once("data", () => {
      socket.write(Buffer.from([0x20, 2, 0, 0]));
      socket.pause();
    });
  });
  const load = await startLoad({
    port,
    devices: anonymousDevices(2),
    pace: { kind: "full" },
    window: 50_000,
  });
  expect(await load.stop({ drainMs: 10 })).toMatchObject({ acked: 0, sent: 100_000, open: 0 });
  expect(load.acked().map(({ ranges }) => ranges)).toEqual([[], []]);
});
