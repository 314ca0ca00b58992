import { expect, test } from "vitest";
import { createTestBroker, credentialsOf, settle, type TestBroker } from "../support/broker.ts";
import { loopbackAddress, packets, type RawClient } from "../support/mqtt-wire.ts";

/** What an address may be refused at once; the clock stands still, so that none is earned anew. */
const answers = 200;
/** A refusal that is put off takes at least so long; a timer may fire a little early. */
const lateMs = 240;

const rubbish = packets.raw(0xf0, Buffer.from([1, 2]));

/** Sends and waits for the end; answers how long that took. */
async function refusedAfterMs(client: RawClient, bytes: Buffer): Promise<number> {
  const startedAt = performance.now();
  client.send(bytes);
  await client.closed;
  return performance.now() - startedAt;
}

/** A broker that has told 127.0.0.1 all that it tells at once. */
async function createTired(t: Parameters<typeof createTestBroker>[0]): Promise<TestBroker> {
  const made = await createTestBroker(t, { clock: { monotonicMs: () => 0 } });
  for (let sent = 0; sent < answers; sent += 50) {
    await Promise.all(
      Array.from({ length: 50 }, async () => refusedAfterMs(await made.open(), rubbish)),
    );
  }
  return made;
}

test("an address is refused at once until its answers are used up, then later", async (t) => {
  const made = await createTestBroker(t, { clock: { monotonicMs: () => 0 } });
  const first = await refusedAfterMs(await made.open(), rubbish);
  const tired = await createTired(t);
  const late = await refusedAfterMs(await tired.open(), rubbish);
  expect(late).toBeGreaterThan(lateMs);
  expect(first).toBeLessThan(late);
  const elsewhere = await tired.open(loopbackAddress(1));
  expect(await refusedAfterMs(elsewhere, rubbish)).toBeLessThan(late);
  expect(tired.count("packet-type-not-allowed")).toBe(answers + 2);
});

test("a wrong secret is answered late too, and with its code", async (t) => {
  const made = await createTired(t);
  const device = made.logins.add("sppg-a", "probe");
  const client = await made.open();
  const startedAt = performance.now();
  const { returnCode } = await client.connect({ ...credentialsOf(device), password: "guess" });
  expect(returnCode).toBe(4);
  expect(performance.now() - startedAt).toBeGreaterThan(lateMs);
});

test("a level that we do not speak is answered late with its code", async (t) => {
  const made = await createTired(t);
  const client = await made.open();
  const startedAt = performance.now();
  expect((await client.connect({ protocolVersion: 5 })).returnCode).toBe(1);
  expect(performance.now() - startedAt).toBeGreaterThan(lateMs);
});

test("who signs in correctly from such an address waits for nothing", async (t) => {
  const made = await createTired(t);
  const client = await made.open();
  client.send(rubbish);
  const device = made.logins.add("sppg-a", "probe");
  const other = await made.signIn(device);
  await settle(other);
  // The refusal that came before is still on its way.
  expect(client.socket.closed).toBe(false);
  await client.closed;
});

test("what has been refused yields before what may still sign in", async (t) => {
  const made = await createTestBroker(t, {
    clock: { monotonicMs: () => 0 },
    env: { NADI_MAX_PENDING_PER_ADDRESS: "3" },
  });
  for (let sent = 0; sent < answers; sent++) await refusedAfterMs(await made.open(), rubbish);
  const honest = await made.open();
  const refused = await made.open();
  refused.send(rubbish);
  while (made.count("packet-type-not-allowed") === answers) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  const startedAt = performance.now();
  await made.open();
  await made.open();
  await refused.closed;
  expect(performance.now() - startedAt).toBeLessThan(lateMs);
  expect(made.count("too-many-pending")).toBe(0);
  const { returnCode } = await honest.connect(credentialsOf(made.logins.add("sppg-a", "probe")));
  expect(returnCode).toBe(0);
});

test("a refused client that ends, or that sends on and on, costs nothing more", async (t) => {
  const made = await createTired(t);
  const gone = await made.open();
  const startedAt = performance.now();
  gone.send(rubbish);
  gone.socket.end();
  await gone.closed;
  expect(performance.now() - startedAt).toBeLessThan(lateMs);
  const talker = await made.open();
  talker.socket.on("error", () => {});
  talker.send(rubbish);
  for (let sent = 0; sent < 32; sent++) talker.send(Buffer.alloc(65_536));
  await talker.closed;
  // The broker hears of the end on its own time.
  while (made.broker.edge.connectionCount > 0) {
    await new Promise((resolve) => setImmediate(resolve));
  }
});

test("a stop does not wait for refusals that are put off", async (t) => {
  const made = await createTired(t);
  const client = await made.open();
  client.send(rubbish);
  while (made.count("packet-type-not-allowed") === answers) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  const startedAt = performance.now();
  await made.broker.stop();
  expect(performance.now() - startedAt).toBeLessThan(lateMs);
  await client.closed;
});
