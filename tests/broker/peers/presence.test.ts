import { expect, test } from "vitest";
import { createBrokers, type JoinedBroker } from "./brokers.ts";
import { until } from "./peers.contract.ts";

type People = Awaited<ReturnType<typeof createBrokers>>["people"];

function onlineAt({ broker }: Pick<People, "broker">): string[] {
  const devices = broker.presenceOf("sppg-1").filter(({ online }) => online);
  return devices.map(({ deviceId }) => deviceId).toSorted();
}

async function untilOnline(people: People, ...expected: string[]): Promise<void> {
  await until(() => onlineAt(people).join() === expected.join());
}

test("people see the devices of all brokers, also those that were there before", async (t) => {
  const { brokers, logins, people } = await createBrokers(t, 2);
  const [a, b] = brokers as [JoinedBroker, JoinedBroker];
  const early = await a.signIn(logins.add("sppg-1", "early"));
  await untilOnline(people, "early");
  await b.signIn(logins.add("sppg-1", "late"));
  await untilOnline(people, "early", "late");
  await early.end();
  await untilOnline(people, "late");
  const offline = people.broker.presenceOf("sppg-1").find(({ deviceId }) => deviceId === "early");
  expect(offline).toMatchObject({ online: false });
});

test("a device that moves from one broker to another was never away", async (t) => {
  const { brokers, logins, people } = await createBrokers(t, 2);
  const [a, b] = brokers as [JoinedBroker, JoinedBroker];
  const probe = logins.add("sppg-1", "probe-1");
  const changes: boolean[] = [];
  people.broker.onPresence(({ online }) => changes.push(online));
  const first = await a.signIn(probe);
  await untilOnline(people, "probe-1");
  const second = await b.signIn(probe);
  await first.closed;
  await a.signIn(probe);
  await second.closed;
  await until(() => b.broker.edge.onlineCount === 0);
  await untilOnline(people, "probe-1");
  expect(changes).toEqual([true]);
});

test("when a broker dies its devices are offline, and those that came back elsewhere are not", async (t) => {
  const { brokers, logins, people } = await createBrokers(t, 2);
  const [a, b] = brokers as [JoinedBroker, JoinedBroker];
  const [lost, moved] = [logins.add("sppg-1", "lost"), logins.add("sppg-1", "moved")];
  await a.signIn(lost);
  await a.signIn(moved);
  await untilOnline(people, "lost", "moved");
  // As a killed process: the others hear nothing of the end of its connections.
  await a.bus.close();
  await b.signIn(moved);
  await untilOnline(people, "moved");
  expect(people.peers.nodes.all().map(({ nodeId }) => nodeId)).toEqual([b.peers.nodeId]);
});

test("thousands of devices are read page by page, and what changes meanwhile is right", async (t) => {
  const { brokers, people } = await createBrokers(t, 1);
  const [a] = brokers as [JoinedBroker];
  const { presence } = a.broker.edge;
  const device = (index: number) => {
    const ids = { sppgId: "sppg-1", deviceId: `d${index}` };
    const name = `sppg-1.d${index}`;
    return { kind: "device" as const, name, ...ids, publishPrefixes: [], commandPrefix: "" };
  };
  const count = 10_000;
  for (let index = 0; index < count; index += 1) presence.connected(device(index));
  await until(() => onlineAt(people).length === count);
  for (let index = 0; index < count; index += 2) presence.disconnected(device(index));
  await until(() => onlineAt(people).length === count / 2);
  expect(onlineAt(people)).not.toContain("d0");
});
