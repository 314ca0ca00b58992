import { expect, test } from "vitest";
import { createTestBroker, credentialsOf, settle, type TestBroker } from "../support/broker.ts";
import { packets, type RawClient } from "../support/mqtt-wire.ts";
import type { TestDevice } from "../support/test-logins.ts";

/** What a device may do at once; the clock stands still, so that none is earned anew. */
const burst = 100;
/** How long it takes to earn one. */
const turnMs = 100;

interface Busy {
  made: TestBroker;
  device: TestDevice;
  advance(ms: number): void;
}

type Context = Parameters<typeof createTestBroker>[0];

async function signInTimes(made: TestBroker, device: TestDevice, times: number): Promise<void> {
  for (let count = 0; count < times; count++) {
    const client = await made.signIn(device);
    await client.end();
  }
}

/** A broker where a device has signed in as often as it may at once. */
async function createBusy(t: Context, env: Record<string, string> = {}): Promise<Busy> {
  let nowMs = 0;
  const made = await createTestBroker(t, { clock: { monotonicMs: () => nowMs }, env });
  const device = made.logins.add("sppg-a", "probe");
  await signInTimes(made, device, burst);
  expect(made.count("sign-in-rate")).toBe(0);
  const advance = (ms: number): void => {
    nowMs += ms;
  };
  return { made, device, advance };
}

/** Sends a CONNECT, and comes back when it waits. */
async function waitInLine({ made, device }: Busy, password = device.password): Promise<RawClient> {
  const before = made.count("sign-in-rate");
  const client = await made.open();
  client.send(packets.connect({ ...credentialsOf(device), password }));
  await until(() => made.count("sign-in-rate") > before);
  return client;
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setImmediate(resolve));
}

test("a device that signs in again and again waits, and is let in when its turn comes", async (t) => {
  const busy = await createBusy(t);
  const client = await waitInLine(busy);
  const other = await busy.made.signIn(busy.made.logins.add("sppg-a", "other"));
  await settle(other);
  expect(busy.made.broker.edge.counters.signedIn).toBe(burst + 1);
  busy.advance(turnMs);
  expect((await client.next("connack")).returnCode).toBe(0);
  await settle(client);
  expect(busy.made.audit.filter(({ action }) => action === "mqtt.sign-in-rate")).toHaveLength(1);
});

test("each turn lets one in, the first who came first", async (t) => {
  const busy = await createBusy(t);
  const first = await waitInLine(busy);
  const second = await waitInLine(busy);
  busy.advance(turnMs);
  await first.next("connack");
  await settle(first);
  expect(busy.made.broker.edge.counters.signedIn).toBe(burst + 1);
  busy.advance(turnMs);
  await second.next("connack");
});

test("what a client sends while it waits is not lost", async (t) => {
  const busy = await createBusy(t);
  const client = await waitInLine(busy);
  const topicName = "sppg/sppg-a/telemetry/probe/temperature";
  const payloads = Array.from({ length: 50 }, (_, index) => `${index}`.padStart(1000, "x"));
  for (const [index, payload] of payloads.entries()) {
    client.send(packets.publish({ topicName, payload, qos: 1, messageId: index + 1 }));
  }
  busy.advance(turnMs);
  await client.next("connack");
  for (const index of payloads.keys()) {
    expect((await client.next("puback")).messageId).toBe(index + 1);
  }
});

test("who ends while waiting is forgotten, and nothing was looked up", async (t) => {
  const busy = await createBusy(t);
  const { broker, logins } = busy.made;
  const lookups = logins.lookups;
  const polite = await waitInLine(busy);
  const rude = await waitInLine(busy);
  polite.socket.end();
  rude.socket.resetAndDestroy();
  await until(() => broker.edge.connectionCount === 0);
  busy.advance(turnMs);
  await settle(await busy.made.signIn(busy.device));
  expect(broker.edge.counters.signedIn).toBe(burst + 1);
  expect(logins.lookups).toBe(lookups);
});

test("a stranger without the secret can't use up what the device may do", async (t) => {
  const made = await createTestBroker(t, { clock: { monotonicMs: () => 0 } });
  const device = made.logins.add("sppg-a", "probe");
  await signInTimes(made, device, burst - 1);
  for (let guess = 0; guess < burst; guess++) {
    const stranger = await made.open();
    const guessed = await stranger.connect({ ...credentialsOf(device), password: `${guess}` });
    expect(guessed.returnCode).toBe(4);
  }
  await settle(await made.signIn(device));
  expect(made.count("sign-in-rate")).toBe(0);
});

test("strangers who wait in a device's name do not stand before it", async (t) => {
  const busy = await createBusy(t);
  const strangers: RawClient[] = [];
  for (let guess = 0; guess < 20; guess++) strangers.push(await waitInLine(busy, `${guess}`));
  busy.advance(turnMs);
  // At once, whoever else has come before.
  await settle(await busy.made.signIn(busy.device));
  busy.advance(turnMs);
  // None of them takes a turn, so one is enough for them all.
  for (const stranger of strangers) {
    expect((await stranger.next("connack")).returnCode).toBe(4);
  }
  await settle(await busy.made.signIn(busy.device));
});

test("who waits yields before those that may sign in at once", async (t) => {
  const busy = await createBusy(t, { NADI_MAX_PENDING_PER_ADDRESS: "2" });
  const { made } = busy;
  const honest = await made.open();
  const waiting = await waitInLine(busy);
  await made.open();
  await waiting.closed;
  const { returnCode } = await honest.connect(credentialsOf(made.logins.add("sppg-a", "other")));
  expect(returnCode).toBe(0);
  expect(made.count("too-many-pending")).toBe(0);
});

test("a stop does not wait for those who wait", async (t) => {
  const busy = await createBusy(t);
  const client = await waitInLine(busy);
  await busy.made.broker.stop();
  await client.closed;
  busy.advance(turnMs);
  expect(busy.made.broker.edge.counters.signedIn).toBe(burst);
});

test("a storm in which each device signs in once waits for nothing", async (t) => {
  const made = await createTestBroker(t, { clock: { monotonicMs: () => 0 } });
  const devices = Array.from({ length: 3 * burst }, (_, i) => made.logins.add("sppg-a", `p-${i}`));
  await Promise.all(devices.map((device) => made.signIn(device)));
  expect(made.count("sign-in-rate")).toBe(0);
});
