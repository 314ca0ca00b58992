import { expect, test } from "vitest";
import type { Bus, BusHandlers } from "../../../broker/peers/bus.ts";
import { createLocalBusHub } from "../../../broker/peers/local-bus.ts";
import { settle } from "../../support/broker.ts";
import { packets, type RawClient } from "../../support/mqtt-wire.ts";
import { createBrokers, type JoinedBroker } from "./brokers.ts";
import { until } from "./peers.contract.ts";

/** Resolves when everybody has heard what everybody has told. */
async function heard(brokers: readonly JoinedBroker[]): Promise<void> {
  const turns = 5;
  for (let turn = 0; turn < turns; turn += 1) await new Promise((done) => setImmediate(done));
  expect(brokers.every(({ peers }) => peers.counts.untold === 0)).toBe(true);
}

async function isOpen(client: RawClient): Promise<boolean> {
  return await Promise.race([client.closed.then(() => false), settle(client).then(() => true)]);
}

test("a client id that signs in at another broker is closed at the first, once", async (t) => {
  const { brokers, logins } = await createBrokers(t, 2);
  const [a, b] = brokers as [JoinedBroker, JoinedBroker];
  const probe = logins.add("sppg-1", "probe-1");
  const first = await a.signIn(probe);
  const second = await b.signIn(probe);
  await first.closed;
  expect(await isOpen(second)).toBe(true);
  const third = await a.signIn(probe);
  await second.closed;
  expect(await isOpen(third)).toBe(true);
  expect([a.takeover.counts.yielded, b.takeover.counts.yielded]).toEqual([1, 1]);
});

test("of three connections over three brokers the oldest yields, and two stay", async (t) => {
  const { brokers, logins } = await createBrokers(t, 3);
  const probe = logins.add("sppg-1", "probe-1");
  const other = logins.add("sppg-1", "probe-2");
  const neighbour = await brokers[0]?.signIn(other);
  const clients: RawClient[] = [];
  for (const [index, broker] of brokers.entries()) {
    clients.push(await broker.signIn(probe, { clientId: `c${index}` }));
  }
  await clients[0]?.closed;
  // A fourth beside the newest: the limit counts those here and there.
  const fourth = await brokers[2]?.signIn(probe, { clientId: "c3" });
  await clients[1]?.closed;
  for (const client of [clients[2], fourth, neighbour]) {
    expect(client !== undefined && (await isOpen(client))).toBe(true);
  }
});

test("one that has ended makes room: it counts no more elsewhere", async (t) => {
  const { brokers, logins } = await createBrokers(t, 3);
  const [a, b, c] = brokers as [JoinedBroker, JoinedBroker, JoinedBroker];
  const probe = logins.add("sppg-1", "probe-1");
  const first = await a.signIn(probe, { clientId: "c0" });
  for (let round = 0; round < 5; round += 1) {
    const passing = await (round % 2 === 0 ? b : c).signIn(probe, { clientId: `p${round}` });
    await heard(brokers);
    await passing.end();
    await passing.closed;
    await until(() => b.broker.edge.onlineCount + c.broker.edge.onlineCount === 0);
    await heard(brokers);
  }
  expect(await isOpen(first)).toBe(true);
});

test("a broker that dies counts no more, and what it had comes back elsewhere", async (t) => {
  const { brokers, logins } = await createBrokers(t, 3);
  const [a, b, c] = brokers as [JoinedBroker, JoinedBroker, JoinedBroker];
  const probe = logins.add("sppg-1", "probe-1");
  const first = await a.signIn(probe, { clientId: "c0" });
  await b.signIn(probe, { clientId: "c1" });
  await until(() => a.peers.nodes.all().length === 3);
  await b.bus.close();
  await until(() => a.peers.nodes.all().length === 2);
  await c.signIn(probe, { clientId: "c1" });
  await heard([a, c]);
  expect(await isOpen(first)).toBe(true);
});

test("a kept session is discarded where its client was before, and is not resumed there", async (t) => {
  const { brokers, logins } = await createBrokers(t, 2);
  const [a, b] = brokers as [JoinedBroker, JoinedBroker];
  const probe = logins.add("sppg-1", "probe-1");
  const topicFilter = "sppg/sppg-1/command/probe-1/#";
  const first = await a.signIn(probe, { clean: false });
  first.send(packets.subscribe({ filters: [{ topicFilter, qos: 1 }] }));
  await first.next("suback");
  await first.end();
  await until(() => a.broker.edge.onlineCount === 0);
  const waiting = { topicName: "sppg/sppg-1/command/probe-1/x", payload: Buffer.from("{}") };
  const expiresAtMs = performance.now() + 60_000;
  expect(a.broker.command({ ...waiting, expiresAtMs })).toBe("waiting");
  const second = await b.signIn(probe, { clean: false });
  await until(() => a.takeover.counts.discarded === 1);
  expect(a.broker.command({ ...waiting, expiresAtMs })).toBe(null);
  await second.end();
  const again = await a.open();
  const ids = { clientId: probe.username, username: probe.username, password: probe.password };
  expect(await again.connect({ ...ids, clean: false })).toMatchObject({ sessionPresent: false });
  // Nor at the second, whose session is not the newest any more.
  await until(() => b.takeover.counts.discarded === 1);
  expect(b.broker.command({ ...waiting, expiresAtMs })).toBe(null);
});

test("what was missed while the bus was away is made good when it is back", async (t) => {
  const hub = createLocalBusHub();
  const rejoin: (() => void)[] = [];
  // A bus that can be cut: then its broker hears and says nothing.
  const connect = (): Bus => {
    const bus = hub.connect();
    let isCut = false;
    let handlers: BusHandlers | null = null;
    rejoin.push(() => {
      isCut = !isCut;
      if (!isCut) handlers?.onOpen();
    });
    return {
      get awaySinceMs() {
        return isCut ? 0 : null;
      },
      join(channels, given) {
        handlers = given;
        const onText = (channel: string, text: string): void => {
          if (!isCut) given.onText(channel, text);
        };
        bus.join(channels, { ...given, onText });
      },
      publish: (channel, text) =>
        isCut ? Promise.reject(new Error("cut")) : bus.publish(channel, text),
      close: () => bus.close(),
    };
  };
  const { brokers, logins } = await createBrokers(t, 2, connect);
  const [a, b] = brokers as [JoinedBroker, JoinedBroker];
  const probe = logins.add("sppg-1", "probe-1");
  const first = await a.signIn(probe, { clientId: "c0" });
  rejoin[0]?.();
  const others = [
    await b.signIn(probe, { clientId: "c1" }),
    await b.signIn(probe, { clientId: "c2" }),
  ];
  expect(await isOpen(first)).toBe(true);
  rejoin[0]?.();
  await Promise.race([first, ...others].map(({ closed }) => closed));
  const open = await Promise.all([first, ...others].map(isOpen));
  expect(open.filter(Boolean)).toHaveLength(2);
});
