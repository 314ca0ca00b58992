import { createRequire } from "node:module";
import { Duplex } from "node:stream";
import { expect, test, type TestContext } from "vitest";
import {
  type AedesClient,
  feedBytes,
  feedPacket,
  forgetSubscription,
  isPaused,
  pendingWill,
  takeOverReading,
} from "../../broker/edge/aedes-private.ts";
import { type AedesHooks, NadiAedes } from "../../broker/edge/nadi-aedes.ts";
import type { Connection } from "../../broker/edge/connection.ts";
import { createPersistence } from "../../broker/edge/persistence.ts";
import { SessionStore } from "../../broker/edge/session-store.ts";
import { createTestBroker, settle } from "../support/broker.ts";
import { decodePacket, packets, type ServerPacket } from "../support/mqtt-wire.ts";
import manifest from "../../package.json" with { type: "json" };

/** A stream whose two ends are both the test's. */
class Pipe extends Duplex {
  readonly packets: ServerPacket[] = [];
  #rest: Buffer = Buffer.alloc(0);
  override _read(): void {}
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    while (this.#rest.length > 0) {
      const packet = decodePacket(this.#rest);
      if (packet === null) break;
      this.packets.push(packet);
      this.#rest = this.#rest.subarray(packet.bytes.length);
    }
    done();
  }
}

interface Rig {
  aedes: NadiAedes;
  events: string[];
  handle(): { client: AedesClient; pipe: Pipe };
}

const limits = {
  windowMessages: 1,
  queueBytes: 1,
  incomingMax: 8,
  unexpectedAcksMax: 1,
  persistentPerPrincipal: 1,
  persistentMax: 1,
  expirySeconds: 1,
  filtersPerSession: 1,
};

/** Aedes as Nadi sets it up, with the test in place of the pump. */
async function createRig(t: TestContext, hooks: Partial<AedesHooks> = {}): Promise<Rig> {
  const events: string[] = [];
  const aedes = new NadiAedes(
    {
      authenticate: (_client, _credentials, callback) => callback(null, true),
      authorizePublish: (_client, _packet, callback) => callback(null),
      authorizeSubscribe: () => true,
      ...hooks,
    },
    {
      persistence: createPersistence(new SessionStore(limits), () => 4),
      connectDeadlineMs: 5_000,
      incomingMax: 8,
    },
  );
  await aedes.listen();
  t.onTestFinished(() => new Promise<void>((resolve) => aedes.close(resolve)));
  const emitter = aedes as unknown as NodeJS.EventEmitter;
  for (const name of ["client", "connackSent", "subscribe", "unsubscribe", "clientDisconnect"]) {
    emitter.on(name, () => events.push(name));
  }
  emitter.on("clientError", () => {});
  return {
    aedes,
    events,
    handle: () => {
      const pipe = new Pipe();
      t.onTestFinished(() => void pipe.destroy());
      return { client: aedes.accept(pipe, {} as Connection), pipe };
    },
  };
}

/** Enough turns for Aedes' own `setImmediate`s between one packet and its answer. */
async function turns(count = 10): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

test("the installed versions are the pinned ones", () => {
  const require = createRequire(import.meta.url);
  const installed = (name: string): string => {
    const path = new URL(`../../node_modules/${name}/package.json`, import.meta.url).pathname;
    return (require(path) as { version: string }).version;
  };
  for (const name of ["aedes", "mqtt-packet"] as const) {
    expect(manifest.dependencies[name]).toMatch(/^\d+\.\d+\.\d+$/);
    expect(installed(name)).toBe(manifest.dependencies[name]);
  }
  expect(manifest.dependencies.aedes).toBe("1.2.0");
  expect(manifest.dependencies["mqtt-packet"]).toBe("9.0.2");
});

test("a new client has the private parts that Nadi uses, with their first values", async (t) => {
  const { aedes, handle } = await createRig(t);
  const { client, pipe } = handle();
  expect(client).toMatchObject({
    closed: false,
    connackSent: false,
    will: null,
    _will: null,
    _parsingBatch: 1,
    _keepaliveTimer: null,
  });
  expect(client.conn).toBe(pipe);
  expect(client.req).toEqual({});
  expect(isPaused(client)).toBeFalsy();
  // oxlint-disable-next-line no-underscore-dangle -- the private field itself is what we pin
  expect(pipe.listeners("readable")).toEqual([client._nextBatch]);
  expect(Object.getPrototypeOf(aedes.internals.clients)).toBe(null);
});

test("after the take-over only fed packets reach Aedes, each with one end", async (t) => {
  const { handle, events, aedes } = await createRig(t);
  const { client, pipe } = handle();
  const ends: (Error | null)[] = [];
  let resumed = 0;
  takeOverReading(client, { onDone: (error) => ends.push(error), onResumed: () => resumed++ });
  expect(pipe.listenerCount("readable")).toBe(0);
  pipe.push(packets.connect({ clientId: "c" }));
  await turns();
  expect(pipe.packets).toEqual([]);
  feedBytes(client, pipe.read() as Buffer);
  await turns();
  expect(pipe.packets.map(({ type }) => type)).toEqual(["connack"]);
  expect(client).toMatchObject({ id: "c", connackSent: true, connected: true });
  expect(aedes.internals.clients["c"]).toBe(client);
  // `authenticate` pauses, the end of CONNECT resumes: ours does not count a packet as done.
  expect(resumed).toBe(1);
  expect(ends).toEqual([null]);
  expect(events).toEqual(["client", "connackSent"]);
});

async function connected(rig: Rig): Promise<{ client: AedesClient; pipe: Pipe; ends: unknown[] }> {
  const made = rig.handle();
  const ends: unknown[] = [];
  takeOverReading(made.client, { onDone: (error) => ends.push(error), onResumed: () => {} });
  const will = { topicName: "w", payload: "w" };
  feedBytes(made.client, packets.connect({ clientId: "c", keepAlive: 9, will }));
  await turns();
  made.pipe.packets.length = 0;
  ends.length = 0;
  return { ...made, ends };
}

test("connackSent is told before the client is marked; a microtask later it is", async (t) => {
  const rig = await createRig(t);
  const marks: boolean[] = [];
  (rig.aedes as unknown as NodeJS.EventEmitter).on(
    "connackSent",
    (_packet: unknown, client: AedesClient) => {
      marks.push(client.connackSent);
      queueMicrotask(() => marks.push(client.connackSent));
    },
  );
  await connected(rig);
  expect(marks).toEqual([false, true]);
});

test("the will of a CONNECT is pending in authenticate and the client's afterwards", async (t) => {
  const seen: unknown[] = [];
  const rig = await createRig(t, {
    authenticate: (client, _credentials, callback) => {
      seen.push(pendingWill(client)?.topic, client.will, client.id);
      // What `authenticate` writes is what Aedes uses.
      client.id = `renamed:${client.id}`;
      callback(null, true);
    },
  });
  const { client } = await connected(rig);
  expect(seen).toEqual(["w", null, "c"]);
  expect(client.will?.topic).toBe("w");
  expect(rig.aedes.internals.clients["renamed:c"]).toBe(client);
});

test("authorizePublish comes before PUBACK and PUBREC, and its callbacks' order is theirs", async (t) => {
  const held: (() => void)[] = [];
  const rig = await createRig(t, {
    authorizePublish: (_client, _packet, callback) => void held.push(() => callback(null)),
  });
  const { client, pipe, ends } = await connected(rig);
  const publish = { cmd: "publish", topic: "a", payload: Buffer.alloc(1), retain: false } as const;
  for (const [qos, messageId] of [
    [1, 1],
    [2, 2],
    [1, 3],
    [0, undefined],
  ] as const) {
    feedPacket(client, { ...publish, qos, messageId, dup: false });
  }
  await turns();
  expect(held).toHaveLength(4);
  expect([pipe.packets, ends]).toEqual([[], []]);
  for (const index of [2, 1, 0, 3]) {
    held[index]?.();
    await turns();
  }
  expect(pipe.packets.map(({ bytes }) => [bytes[0], bytes[3]])).toEqual([
    [0x40, 3],
    [0x50, 2],
    [0x40, 1],
  ]);
  expect(ends).toEqual([null, null, null, null]);
});

test("an error of authorizePublish is the packet's end, without an acknowledgement", async (t) => {
  const rig = await createRig(t, {
    authorizePublish: (_client, _packet, callback) => callback(new Error("no")),
  });
  const { client, pipe, ends } = await connected(rig);
  client.will = null;
  feedPacket(client, {
    cmd: "publish",
    topic: "a",
    payload: Buffer.alloc(1),
    retain: false,
    dup: false,
    qos: 1,
    messageId: 1,
  });
  await turns();
  expect(pipe.packets).toEqual([]);
  expect(ends).toMatchObject([{ message: "no" }]);
});

test("stock Aedes asks incomingGetPacket for QoS 2, and what it knows it only acknowledges", async (t) => {
  const rig = await createRig(t);
  const { client, pipe } = await connected(rig);
  const calls: string[] = [];
  const { persistence } = rig.aedes as unknown as {
    persistence: Record<string, (...args: unknown[]) => Promise<unknown>>;
  };
  for (const name of ["incomingGetPacket", "incomingStorePacket", "incomingDelPacket"]) {
    const original = persistence[name];
    persistence[name] = async (...args) => {
      calls.push(name);
      return await original?.(...args);
    };
  }
  feedPacket(client, {
    cmd: "publish",
    topic: "a",
    payload: Buffer.alloc(1),
    retain: false,
    dup: false,
    qos: 2,
    messageId: 4,
  });
  await turns();
  feedBytes(client, packets.pubrel(4));
  await turns();
  expect(calls).toEqual(["incomingGetPacket", "incomingGetPacket", "incomingDelPacket"]);
  expect(pipe.packets.map(({ type }) => type)).toEqual(["pubrec", "pubcomp"]);
  // An id that is rejected would be stored and published after the hook: not ours to rely on.
  persistence["incomingGetPacket"] = () => Promise.reject(new Error("unknown"));
  calls.length = 0;
  feedPacket(client, {
    cmd: "publish",
    topic: "a",
    payload: Buffer.alloc(1),
    retain: false,
    dup: false,
    qos: 2,
    messageId: 5,
  });
  await turns();
  expect(calls).toEqual(["incomingStorePacket"]);
});

test("subscribe and unsubscribe are told after their acknowledgement was written", async (t) => {
  const rig = await createRig(t);
  const { client, pipe } = await connected(rig);
  const told: unknown[] = [];
  const emitter = rig.aedes as unknown as NodeJS.EventEmitter;
  emitter.on("subscribe", (subscriptions: unknown) =>
    told.push(subscriptions, client.subscriptions["a"] !== undefined),
  );
  emitter.on("unsubscribe", (filters: unknown) => told.push(filters));
  feedPacket(client, {
    cmd: "subscribe",
    qos: 1,
    retain: false,
    dup: false,
    messageId: 1,
    subscriptions: [{ topic: "a", qos: 1 }],
  });
  await turns();
  expect(told).toEqual([[{ topic: "a", qos: 1 }], true]);
  // UNSUBSCRIBE is told also for a filter whose record we have dropped.
  forgetSubscription(client, "a");
  feedBytes(client, packets.unsubscribe({ messageId: 2, filters: ["a"] }));
  await turns();
  expect(told.at(-1)).toEqual(["a"]);
  expect(pipe.packets.map(({ type }) => type)).toEqual(["suback", "unsuback"]);
});

test("close sends the will through authorizePublish once, unless it was taken away", async (t) => {
  const wills: string[] = [];
  const rig = await createRig(t, {
    authorizePublish: (client, packet, callback) => {
      wills.push(`${client?.id} ${packet.topic} ${packet.cmd} ${packet.messageId}`);
      callback(null);
    },
  });
  const { client, pipe } = await connected(rig);
  client.close();
  client.close();
  await turns();
  expect(wills).toEqual(["c w undefined undefined"]);
  expect([client.closed, pipe.destroyed, client.will]).toEqual([true, true, null]);
  expect(rig.aedes.internals.clients["c"]).toBeUndefined();
  expect(rig.events).toContain("clientDisconnect");
  const second = await connected(rig);
  second.client.will = null;
  second.client.close();
  await turns();
  expect(wills).toHaveLength(1);
});

test("a client that closes between sign-in and registration is not left registered", async (t) => {
  const rig = await createRig(t, {
    authenticate: (client, _credentials, callback) => {
      callback(null, true);
      client.close();
    },
  });
  (rig.aedes as unknown as NodeJS.EventEmitter).on("client", (client: AedesClient) => {
    // What the edge does: Aedes registers it although it is closed.
    if (client.closed) rig.aedes.unregisterClient(client);
  });
  const { client } = rig.handle();
  takeOverReading(client, { onDone: () => {}, onResumed: () => {} });
  feedBytes(client, packets.connect({ clientId: "c" }));
  await turns();
  expect(rig.events).toContain("client");
  expect(Object.keys(rig.aedes.internals.clients)).toEqual([]);
});

test("a stream that pushes from inside _read is read once and in order", async (t) => {
  const { broker, journal } = await createTestBroker(t, { isConformance: true });
  const chunks = [packets.connect({ clientId: "sync" })];
  for (let index = 0; index < 500; index++) {
    chunks.push(packets.publish({ topicName: "t", payload: `${index}` }));
  }
  const duplex = new Duplex({
    read(): void {
      const chunk = chunks.shift();
      if (chunk !== undefined) this.push(chunk);
    },
    write: (_chunk, _encoding, done) => done(),
  });
  t.onTestFinished(() => void duplex.destroy());
  broker.handle(duplex, { address: "::1", transport: "websocket", certificateName: null });
  await journal.appended(500);
  expect(journal.payloads("t")).toEqual(Array.from({ length: 500 }, (_, index) => `${index}`));
});

const topicName = "sppg/sppg-a/telemetry/dev/temperature";

test("with a stalled journal exactly K packets are under way, in a burst or one by one", async (t) => {
  const { logins, signIn, journal } = await createTestBroker(t, {
    env: { NADI_MAX_IN_FLIGHT: "16" },
  });
  const device = logins.add("sppg-a", "dev");
  const publishes = Array.from({ length: 200 }, (_, index) =>
    packets.publish({ topicName, payload: "x", qos: 1, messageId: index + 1 }),
  );
  const witness = await signIn(logins.add("sppg-a", "witness"));
  journal.hold();
  const burst = await signIn(device, { clientId: "burst" });
  burst.send(...publishes);
  await journal.appended(16);
  await settle(witness);
  expect(journal.pending).toBe(16);
  const single = await signIn(device, { clientId: "single" });
  for (const bytes of publishes) {
    await new Promise<void>((resolve) =>
      single.socket.write(bytes, () => setImmediate(() => resolve())),
    );
  }
  await journal.appended(32);
  await settle(witness);
  expect(journal.pending).toBe(32);
  // One answer admits one more.
  journal.release(1);
  await journal.appended(33);
  await settle(witness);
  expect(journal.pending).toBe(32);
  journal.release();
  for (const client of [burst, single]) {
    for (let messageId = 1; messageId <= 200; messageId++) {
      expect((await client.next("puback")).messageId).toBe(messageId);
    }
  }
});

test("a client that is held back outlives its keep-alive, and is served afterwards", async (t) => {
  const { logins, signIn, journal } = await createTestBroker(t, {
    env: { NADI_MAX_IN_FLIGHT: "2" },
  });
  const device = logins.add("sppg-a", "dev");
  journal.hold();
  const client = await signIn(device, { keepAlive: 1 });
  const silent = await signIn(device, { clientId: "silent", keepAlive: 2 });
  const publishes = [1, 2, 3, 4].map((messageId) =>
    packets.publish({ topicName, payload: "x", qos: 1, messageId }),
  );
  client.send(...publishes, packets.pingreq());
  // A clock that needs no sleep: another client's keep-alive of twice the length.
  await silent.closed;
  expect(client.socket.closed).toBe(false);
  journal.release();
  for (const messageId of [1, 2, 3, 4]) {
    expect((await client.next("puback")).messageId).toBe(messageId);
  }
  await client.next("pingresp");
});
