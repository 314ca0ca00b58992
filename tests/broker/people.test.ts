import { expect, test } from "vitest";
import { createTestBroker, settle, type TestBroker } from "../support/broker.ts";
import { packets, type RawClient } from "../support/mqtt-wire.ts";
import { openPersonDoor, TestPerson } from "../support/person-door.ts";

const kitchens = ["sppg-a", "sppg-a-1", "sppg-a-10", "sppg-b"];
const domains = ["production", "distribution", "inventory", "collaboration", "notifications"];
const words = [...domains, "presence", "telemetry", "command", "tasmota", "alerts", "+", "#", ""];
const tails = ["", "/x", "/+", "/#", "/x/y", "/+/y", "//", "/x/y/z/a/b"];

/** Every kitchen with every word at every depth, and wildcards at each level. */
function filtersOf(): string[] {
  const plain = kitchens.flatMap((sppgId) =>
    words.flatMap((word) => tails.map((tail) => `sppg/${sppgId}/${word}${tail}`)),
  );
  const wild = domains.flatMap((domain) => [
    `+/sppg-a/${domain}/x`,
    `sppg/+/${domain}/x`,
    `sppg/#`,
    `SPPG/sppg-a/${domain}/x`,
    `sppg/SPPG-A/${domain}/x`,
    `sppg/sppg-a /${domain}/x`,
    `sppg//${domain}/x`,
    `/sppg/sppg-a/${domain}/x`,
    `$share/g/sppg/sppg-a/${domain}/x`,
    `$SYS/sppg-a/${domain}/x`,
    `$nadi/sppg-a/${domain}/x`,
    `sppg/sppg-a:${domain}/x`,
  ]);
  const odd = ["#", "+", "+/#", "+/+/+/+", "$SYS/#", "$share/g/#", "sppg", "sppg/sppg-a"];
  // What is malformed closes the connection and is the gate's test.
  return [...plain, ...wild, ...odd].filter((filter) => !/#./.test(filter));
}

/** The oracle: design.md section 5, level by level, sharing nothing with the broker. */
function isShown(person: TestPerson, filter: string): boolean {
  const [root, sppgId = "", domain = "", ...rest] = filter.split("/");
  const own = person.kitchens === "all" ? kitchens : [...person.kitchens];
  const isDomain = domains.includes(domain) || domain === "presence";
  return root === "sppg" && own.includes(sppgId) && isDomain && rest.length > 0;
}

async function subscribe(client: RawClient, filters: readonly string[]): Promise<number[]> {
  client.send(
    packets.subscribe({ filters: filters.map((topicFilter) => ({ topicFilter, qos: 1 })) }),
  );
  return (await client.next("suback")).granted;
}

function tell(made: TestBroker, topicName: string, retain = false): void {
  const payload = Buffer.from(topicName);
  made.broker.edge.publish({ topicName, payload, qos: 1, retain });
}

test("people subscribe to what their own kitchens show, and to nothing else", async (t) => {
  const made = await createTestBroker(t);
  const door = await openPersonDoor(t, made);
  const people = [
    new TestPerson("head@a", ["sppg-a"]),
    new TestPerson("cook@a1", ["sppg-a-1"]),
    new TestPerson("viewer@two", ["sppg-a-10", "sppg-b"]),
    new TestPerson("nobody", []),
    new TestPerson("operator", "all"),
  ];
  const filters = filtersOf();
  const wrong: string[] = [];
  for (const person of people) {
    for (let start = 0; start < filters.length; start += 40) {
      const part = filters.slice(start, start + 40);
      const client = await door.signIn(person);
      const granted = await subscribe(client, part);
      for (const [index, filter] of part.entries()) {
        if ((granted[index] !== 128) === isShown(person, filter)) continue;
        wrong.push(`${person.userId} ${filter}: ${granted[index]}`);
      }
      await client.end();
    }
  }
  expect(wrong).toEqual([]);
  expect(filters.length * people.length).toBeGreaterThan(1_500);
  expect(made.audit.find(({ action }) => action === "mqtt.subscribe-filter")?.actor).toMatch(
    /^user:/,
  );
});

test("people hear their own kitchens only, also what is retained", async (t) => {
  const made = await createTestBroker(t);
  const door = await openPersonDoor(t, made);
  const topics = kitchens.flatMap((sppgId) => [
    ...words.slice(0, -3).map((word) => `sppg/${sppgId}/${word}/x`),
    `sppg/${sppgId}/command/dev/set`,
  ]);
  for (const topicName of topics) tell(made, topicName, true);
  const person = new TestPerson("head@a", ["sppg-a-1"]);
  const client = await door.signIn(person);
  await subscribe(
    client,
    filtersOf()
      .filter((filter) => isShown(person, filter))
      .slice(0, 60),
  );
  for (const topicName of topics) tell(made, topicName);
  await settle(client);
  const heard = client
    .queued()
    .flatMap((packet) => (packet.type === "publish" ? [packet.topicName] : []));
  expect(new Set(heard)).toEqual(
    new Set([...domains, "presence"].map((domain) => `sppg/sppg-a-1/${domain}/x`)),
  );
});

test("a person who publishes anything is closed, and nothing of it is kept", async (t) => {
  const made = await createTestBroker(t);
  const door = await openPersonDoor(t, made);
  const person = new TestPerson("operator", "all");
  for (const word of [...domains, "presence", "telemetry", "command"]) {
    for (const qos of [0, 1, 2]) {
      const client = await door.signIn(person);
      client.send(packets.publish({ topicName: `sppg/sppg-a/${word}/x`, payload: "x", qos }));
      await client.closed;
    }
  }
  expect(made.count("publish-topic")).toBe(24);
  expect(made.journal.published).toEqual([]);
  const refused = made.audit.filter(({ action }) => action === "mqtt.publish-topic");
  expect(refused).toMatchObject([{ actor: "user:operator", outcome: "refused" }]);
});

test("a will, and a client id that could be another's, are refused", async (t) => {
  const made = await createTestBroker(t);
  const door = await openPersonDoor(t, made);
  const person = new TestPerson("head@a", ["sppg-a"]);
  const withWill = await door.open(person);
  const will = { topicName: "sppg/sppg-a/production/status", payload: "x" };
  expect((await withWill.connect({ clientId: "tab", will })).returnCode).toBe(5);
  for (const clientId of ["a:b", "person:s1:tab", "a/b", "$SYS"]) {
    const client = await door.open(person);
    expect((await client.connect({ clientId })).returnCode, clientId).toBe(2);
  }
});

test("user name and password mean nothing, and no session is kept", async (t) => {
  const made = await createTestBroker(t);
  const door = await openPersonDoor(t, made);
  const device = made.logins.add("sppg-a", "probe");
  const person = new TestPerson("head@a", ["sppg-b"]);
  const fields = { username: device.username, password: device.password, clean: false };
  const client = await door.signIn(person, fields);
  const filters = ["sppg/sppg-a/command/probe/set", "sppg/sppg-b/production/status"];
  expect(await subscribe(client, filters)).toEqual([128, 1]);
  await client.end();
  tell(made, "sppg/sppg-b/production/status");
  const again = await door.open(person);
  const connack = await again.connect({ clientId: "tab", clean: false });
  expect(connack).toMatchObject({ returnCode: 0, sessionPresent: false });
  expect(await settle(again)).toEqual([]);
});

test("equal client ids of two sessions disturb nobody; within one the newer takes over", async (t) => {
  const made = await createTestBroker(t);
  const door = await openPersonDoor(t, made);
  const person = new TestPerson("head@a", ["sppg-a"]);
  const first = await door.signIn(person);
  const other = await door.signIn(new TestPerson("head@a", ["sppg-a"]));
  expect(await settle(first)).toEqual([]);
  const second = await door.signIn(person);
  await first.closed;
  expect(await settle(other)).toEqual([]);
  expect(await settle(second)).toEqual([]);
});

test("the end of a session closes all of its sockets, signed in or not, and no other", async (t) => {
  const made = await createTestBroker(t);
  const door = await openPersonDoor(t, made);
  const person = new TestPerson("head@a", ["sppg-a"]);
  const [one, two, silent] = [
    await door.signIn(person, { clientId: "one" }),
    await door.signIn(person, { clientId: "two" }),
    await door.open(person),
  ];
  const other = await door.signIn(new TestPerson("head@a", ["sppg-a"]));
  while (person.listeners.size < 3) await settle(other);
  const endedAt = performance.now();
  person.end();
  await Promise.all([one, two, silent].map(({ closed }) => closed));
  expect(performance.now() - endedAt).toBeLessThan(1_000);
  expect(person.listeners.size).toBe(0);
  expect(made.count("revoked")).toBe(3);
  expect(await settle(other)).toEqual([]);
  const late = await door.open(person);
  await late.closed;
  expect(made.count("session-ended")).toBe(1);
});

test("of 17 sockets of a person the longest open one yields, whatever its session", async (t) => {
  const made = await createTestBroker(t);
  const door = await openPersonDoor(t, made);
  const sessions = [new TestPerson("head@a", ["sppg-a"]), new TestPerson("head@a", ["sppg-a"])];
  const neighbour = await door.signIn(new TestPerson("cook@a", ["sppg-a"]));
  const clients: RawClient[] = [];
  for (let index = 0; index < 17; index++) {
    const person = sessions[index % 2];
    if (person === undefined) throw new Error("no session");
    clients.push(await door.signIn(person, { clientId: `tab-${index}` }));
  }
  const [oldest, ...rest] = clients;
  await oldest?.closed;
  for (const client of [...rest, neighbour]) expect(await settle(client)).toEqual([]);
});

test("who watches which kitchen is told: the first filter, the last, and a disconnect", async (t) => {
  const made = await createTestBroker(t);
  const door = await openPersonDoor(t, made);
  const told: string[] = [];
  const listen = (): (() => void) =>
    made.broker.onInterest((sppgId, isWatched) => told.push(`${sppgId} ${isWatched}`));
  const remove = listen();
  const person = new TestPerson("operator", "all");
  const one = await door.signIn(person, { clientId: "one" });
  const two = await door.signIn(person, { clientId: "two" });
  await subscribe(one, ["sppg/sppg-a/production/#", "sppg/sppg-a/presence/#", "sppg/+/x/#"]);
  await subscribe(one, ["sppg/sppg-a/production/#"]);
  await subscribe(two, ["sppg/sppg-a/inventory/#", "sppg/sppg-b/inventory/#"]);
  expect(told).toEqual(["sppg-a true", "sppg-b true"]);
  one.send(packets.unsubscribe({ filters: ["sppg/sppg-a/production/#"] }));
  await one.next("unsuback");
  await one.end();
  two.send(packets.unsubscribe({ filters: ["sppg/sppg-b/inventory/#"] }));
  await two.next("unsuback");
  expect(told.splice(0)).toEqual(["sppg-a true", "sppg-b true", "sppg-b false"]);
  remove();
  const heard = Promise.withResolvers<void>();
  listen();
  expect(told).toEqual(["sppg-a true"]);
  made.broker.onInterest((_, isWatched) => (isWatched ? undefined : heard.resolve()));
  await two.end();
  await heard.promise;
  expect(told).toEqual(["sppg-a true", "sppg-a false"]);
});

test("a device's filters are nobody's interest", async (t) => {
  const made = await createTestBroker(t);
  const told: string[] = [];
  made.broker.onInterest((sppgId) => told.push(sppgId));
  const device = await made.signIn(made.logins.add("sppg-a", "probe"));
  expect(await subscribe(device, ["sppg/sppg-a/command/probe/#"])).toEqual([1]);
  expect(told).toEqual([]);
});

test("people who have to read anew are closed within a second, devices are not", async (t) => {
  const made = await createTestBroker(t);
  const door = await openPersonDoor(t, made);
  const people = await Promise.all(
    Array.from({ length: 30 }, (_, index) => door.signIn(new TestPerson(`p${index}`, ["sppg-a"]))),
  );
  const device = await made.signIn(made.logins.add("sppg-a", "probe"));
  made.broker.edge.reconnectPeople();
  made.broker.edge.reconnectPeople();
  await Promise.all(people.map((client) => client.closed));
  await settle(device);
  // They come back at once.
  const again = await door.signIn(new TestPerson("p1", ["sppg-a"]));
  expect(await subscribe(again, ["sppg/sppg-a/production/alerts"])).toEqual([1]);
});
