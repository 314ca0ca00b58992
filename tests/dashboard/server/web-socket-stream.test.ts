import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { expect, test, type TestContext } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { FrozenWatch } from "../../../broker/edge/frozen.ts";
import { WebSocketStream } from "../../../dashboard/server/web-socket-stream.ts";

interface Pair {
  stream: WebSocketStream;
  /** The server's end, for its events. */
  socket: WebSocket;
  client: WebSocket;
}

async function createPair(t: TestContext): Promise<Pair> {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1", autoPong: false });
  await once(server, "listening");
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const [socket] = (await once(server, "connection")) as [WebSocket];
  const stream = new WebSocketStream(socket);
  await once(client, "open");
  t.onTestFinished(async () => {
    client.terminate();
    stream.destroy();
    server.close();
    await once(server, "close");
  });
  return { stream, socket, client };
}

/** The broker's, for a link whose progress is told in pieces. */
const frozenLimits = { frozenMs: 9_000, takenBytesMin: 16_384 };
const much = Buffer.alloc(8 * 1024 * 1024);

test("a browser that takes 16 KB in 4 s is not frozen; once it stands still it is", async (t) => {
  const { stream, socket, client } = await createPair(t);
  const watch = new FrozenWatch(stream, frozenLimits);
  client.pause();
  stream.write(much);
  let nowMs = 0;
  expect(watch.isFrozen(nowMs)).toBe(false);
  for (let round = 0; round < 10; round++) {
    const before = stream.bytesTaken;
    const pong = once(socket, "pong");
    client.resume();
    await pong;
    client.pause();
    expect(stream.bytesTaken).toBeGreaterThanOrEqual(before + 16_384);
    nowMs += 4_000;
    expect(watch.isFrozen(nowMs)).toBe(false);
  }
  expect(stream.writableNeedDrain).toBe(true);
  // What was still on its way may be confirmed once more.
  nowMs += 9_001;
  watch.isFrozen(nowMs);
  expect(watch.isFrozen(nowMs + 9_001)).toBe(true);
});

test("a browser that takes nothing has 32 KB under way and no more", async (t) => {
  const { stream, socket, client } = await createPair(t);
  client.pause();
  stream.write(much);
  stream.write(much);
  expect(socket.bufferedAmount).toBeLessThan(33_000);
  expect(stream.bytesTaken).toBe(0);
  expect(stream.writableNeedDrain).toBe(true);
});

test("what is written in one turn is one message, and large batches are pieces of 16 KB", async (t) => {
  const { stream, client } = await createPair(t);
  const sizes: number[] = [];
  const all = Promise.withResolvers<void>();
  let total = 0;
  client.on("message", (data: Buffer) => {
    sizes.push(data.length);
    total += data.length;
    if (total === 600 + 100_000) all.resolve();
  });
  stream.cork();
  for (let index = 0; index < 6; index++) stream.write(Buffer.alloc(100, index));
  stream.uncork();
  stream.write(Buffer.alloc(100_000));
  await all.promise;
  expect(sizes[0]).toBe(600);
  expect(Math.max(...sizes)).toBe(16_384);
});

test("every byte arrives in order, whatever the sizes", async (t) => {
  const { stream, client } = await createPair(t);
  const sent = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7) % 251));
  const got: Buffer[] = [];
  let gotBytes = 0;
  const all = Promise.withResolvers<void>();
  client.on("message", (data: Buffer) => {
    got.push(data);
    gotBytes += data.length;
    if (gotBytes === sent.length) all.resolve();
  });
  for (let at = 0, size = 1; at < sent.length; at += size, size = (size * 3) % 40_009) {
    if (!stream.write(sent.subarray(at, at + size))) await once(stream, "drain");
  }
  await all.promise;
  expect(Buffer.concat(got).equals(sent)).toBe(true);
});

test("what nobody reads stops the browser's messages, and none is lost", async (t) => {
  const { stream, client } = await createPair(t);
  const count = 2_000;
  for (let index = 0; index < count; index++) client.send(Buffer.alloc(1_000, index % 251));
  await once(stream, "readable");
  expect(stream.readableLength).toBeLessThan(200_000);
  const got: Buffer[] = [];
  let gotBytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    got.push(chunk);
    gotBytes += chunk.length;
    if (gotBytes === count * 1_000) break;
  }
  const whole = Buffer.concat(got);
  for (let index = 0; index < count; index++) expect(whole[index * 1_000]).toBe(index % 251);
});

test("a pong that was not asked for, or for more than was sent, confirms nothing", async (t) => {
  const { stream, socket, client } = await createPair(t);
  client.pause();
  stream.write(much);
  for (const text of ["", "x", "-1", "1e9", "99999999", "NaN"]) {
    const pong = once(socket, "pong");
    client.pong(text);
    await pong;
  }
  expect(stream.bytesTaken).toBe(0);
});

test("text is refused with 1003", async (t) => {
  const { client, stream } = await createPair(t);
  stream.resume();
  client.send("hello");
  const [code] = (await once(client, "close")) as [number];
  expect(code).toBe(1003);
});

test("an end closes with 1000, a destruction at once, and both end the stream", async (t) => {
  const first = await createPair(t);
  first.stream.resume();
  first.stream.end();
  const [[code]] = await Promise.all([once(first.client, "close"), once(first.stream, "close")]);
  expect(code).toBe(1000);
  const second = await createPair(t);
  second.stream.destroy();
  await once(second.client, "close");
  const third = await createPair(t);
  third.client.terminate();
  await once(third.stream, "close");
});

test.for(["ping", "pong", "empty"] as const)(
  "a flood of %s frames ends the socket",
  async (kind, t) => {
    const { client, stream } = await createPair(t);
    stream.resume();
    const closed = once(client, "close");
    for (let frame = 0; frame < 100; frame += 1) {
      if (kind === "ping") client.ping();
      else if (kind === "pong") client.pong();
      else client.send(Buffer.alloc(0));
    }
    await closed;
    expect(stream.destroyed).toBe(true);
  },
);

test("a ping now and then is answered", async (t) => {
  const { client, stream } = await createPair(t);
  stream.resume();
  for (let round = 0; round < 10; round += 1) {
    client.ping(`${round}`);
    const [data] = (await once(client, "pong")) as [Buffer];
    expect(data.toString()).toBe(`${round}`);
  }
  expect(stream.destroyed).toBe(false);
});
