import { expect, test } from "vitest";
import type { CodecName } from "../../devices/registry/model.ts";
import { createTestBroker, credentialsOf, settle, type TestBroker } from "../support/broker.ts";
import { loopbackAddress, packets, type RawClient } from "../support/mqtt-wire.ts";
import type { TestDevice } from "../support/test-logins.ts";

/** Ids that are prefixes, cases and look-alikes of each other. */
const kitchens = ["sppg-a", "sppg-a-1", "sppg-a-10", "sppg-b"];
const deviceIds = ["dev", "dev2", "de", "DEV"];
const trees = ["telemetry", "tasmota", "owntracks", "traccar", "command", "presence", "production"];
const codecs: (CodecName | null)[] = [null, "tasmota", "owntracks", null];

interface Actor {
  device: TestDevice;
  codec: CodecName | null;
}

/** One device of each id, spread over kitchens so that equal ids meet in several of them. */
function addActors(made: TestBroker): Actor[] {
  return kitchens.flatMap((sppgId, row) =>
    deviceIds
      .filter((_, column) => (row + column) % 2 === 0 || column === 0)
      .map((deviceId, column) => {
        const codec = codecs[(row + column) % codecs.length] ?? null;
        const device = made.logins.add(sppgId, deviceId, codec === null ? {} : { codec });
        return { device, codec };
      }),
  );
}

/** What somebody tries who knows that prefixes are compared. */
function oddTopics({ sppgId, deviceId }: TestDevice): string[] {
  const own = `sppg/${sppgId}/telemetry/${deviceId}`;
  return [
    own,
    `${own}/`,
    `${own}x/temperature`,
    `/${own}/temperature`,
    `${own}//temperature`,
    `${own}/../../../sppg-b/telemetry/dev/temperature`,
    `sppg/${sppgId}/../sppg-b/telemetry/${deviceId}/t`,
    `sppg//${sppgId}/telemetry/${deviceId}/t`,
    `sppg/${sppgId}//telemetry/${deviceId}/t`,
    `sppg/${sppgId}/telemetry//${deviceId}/t`,
    `SPPG/${sppgId}/telemetry/${deviceId}/t`,
    `sppg/${sppgId.toUpperCase()}/telemetry/${deviceId}/t`,
    `sppg/${sppgId}/Telemetry/${deviceId}/t`,
    `ѕppg/${sppgId}/telemetry/${deviceId}/t`,
    `sppg/${sppgId}\u200b/telemetry/${deviceId}/t`,
    `sppg/${sppgId.replace("a", "а")}/telemetry/${deviceId}/t`,
    `sppg／${sppgId}／telemetry／${deviceId}／t`,
    `\ufeff${own}/t`,
    `sppg/${sppgId}/telemetry/${deviceId} /t`,
    `sppg/${sppgId}.${deviceId}/telemetry/${deviceId}/t`,
    `${own}/a/b/c/d/e/f`,
    `${own}/a/b/c/d`,
    "$SYS/broker/new/clients",
    `$SYS/${own}/t`,
    `$share/g/${own}/t`,
    `$nadi/${own}/t`,
    "sppg",
    "/",
  ];
}

function topicsFor(device: TestDevice): string[] {
  const plain = kitchens.flatMap((sppgId) =>
    trees.flatMap((tree) => deviceIds.map((deviceId) => `sppg/${sppgId}/${tree}/${deviceId}/t`)),
  );
  return [...plain, ...oddTopics(device)];
}

/** The oracle: design.md section 5, level by level, sharing nothing with the broker. */
function isOwnPublish({ device, codec }: Actor, topicName: string): boolean {
  const [root, sppgId, tree, deviceId, ...rest] = topicName.split("/");
  const ownTree = tree === "telemetry" || (codec !== null && tree === codec);
  const named = root === "sppg" && sppgId === device.sppgId && deviceId === device.deviceId;
  return named && ownTree && rest.join("/") !== "" && rest.length <= 4;
}

function isOwnFilter({ device }: Actor, filter: string): boolean {
  const [root, sppgId, tree, deviceId, ...rest] = filter.split("/");
  const named = root === "sppg" && sppgId === device.sppgId && deviceId === device.deviceId;
  return named && tree === "command" && rest.join("/") !== "";
}

/** Publishes at QoS 1: `true` if it was acknowledged, `false` if the connection was closed. */
async function tryPublish(client: RawClient, topicName: string): Promise<boolean> {
  client.send(packets.publish({ topicName, payload: topicName, qos: 1 }));
  return await client.next("puback").then(
    () => true,
    () => false,
  );
}

async function publishAll(made: TestBroker, actor: Actor, wrong: string[]): Promise<number> {
  const topics = topicsFor(actor.device);
  let client = await made.signIn(actor.device);
  for (const topicName of topics) {
    const isAcknowledged = await tryPublish(client, topicName);
    if (isAcknowledged !== isOwnPublish(actor, topicName)) {
      wrong.push(`${actor.device.username} publish ${topicName}: ${isAcknowledged}`);
    }
    if (!isAcknowledged) client = await made.signIn(actor.device);
  }
  await client.end();
  return topics.length;
}

test("a device publishes on its own trees and nowhere else; each other try closes", async (t) => {
  const made = await createTestBroker(t);
  const actors = addActors(made);
  const wrong: string[] = [];
  const counts = await Promise.all(actors.map((actor) => publishAll(made, actor, wrong)));
  expect(wrong).toEqual([]);
  expect(counts.reduce((sum, count) => sum + count)).toBeGreaterThan(1_000);
  const foreign = made.journal.published.filter(({ principal, topicName }) => {
    const actor = actors.find(({ device }) => device.username === principal);
    return actor === undefined || !isOwnPublish(actor, topicName);
  });
  expect(foreign).toEqual([]);
  expect(made.journal.published.length).toBeGreaterThan(actors.length);
  expect(made.audit.some(({ action }) => action === "mqtt.publish-topic")).toBe(true);
});

/** Below what is told at once to one address, so that no refusal lingers. */
const triesPerAddress = 100;

interface WillFindings {
  wrong: string[];
  cases: number;
}

async function wills(made: TestBroker, actor: Actor, findings: WillFindings): Promise<void> {
  for (const topicName of topicsFor(actor.device)) {
    const client = await made.open(loopbackAddress(Math.floor(findings.cases / triesPerAddress)));
    findings.cases++;
    const will = { topicName, payload: "will", qos: 1 };
    const code = await client.connect({ ...credentialsOf(actor.device), will }).then(
      ({ returnCode }) => returnCode,
      () => null,
    );
    if ((code === 0) !== isOwnPublish(actor, topicName)) {
      findings.wrong.push(`${actor.device.username} will ${topicName}: ${code}`);
    }
    if (code === 0) client.send(packets.disconnect());
    await client.closed;
  }
}

test("a will is accepted where its device may publish, and nowhere else", async (t) => {
  const made = await createTestBroker(t);
  const actors = addActors(made).slice(0, 5);
  const findings: WillFindings = { wrong: [], cases: 0 };
  await Promise.all(actors.map((actor) => wills(made, actor, findings)));
  expect(findings.wrong).toEqual([]);
  expect(findings.cases).toBeGreaterThan(500);
  expect(made.journal.published).toEqual([]);
});

function filtersFor(device: TestDevice): string[] {
  const literal = topicsFor(device).filter((topic) => topic.split("/").length <= 8);
  const wild = kitchens.flatMap((sppgId) => [
    `sppg/${sppgId}/#`,
    `sppg/${sppgId}/+/${device.deviceId}/t`,
    `sppg/${sppgId}/command/#`,
    `sppg/${sppgId}/command/+/t`,
    `sppg/${sppgId}/command/${device.deviceId}/#`,
    `sppg/${sppgId}/command/${device.deviceId}/+`,
    `sppg/${sppgId}/presence/+`,
    `+/${sppgId}/command/${device.deviceId}/t`,
    `$share/g/sppg/${sppgId}/command/${device.deviceId}/#`,
  ]);
  return [...literal, ...wild, "#", "+", "+/#", "sppg/#", "sppg/+/#", "sppg/+/command/dev/t"];
}

test("a device subscribes to its own commands only, and hears nothing else", async (t) => {
  const made = await createTestBroker(t);
  const actors = addActors(made);
  const everywhere = kitchens.flatMap((sppgId) =>
    [...trees, "alerts"].flatMap((tree) => deviceIds.map((id) => `sppg/${sppgId}/${tree}/${id}/t`)),
  );
  const tell = (retain: boolean): void => {
    for (const topicName of [...everywhere, "$SYS/broker/clients"]) {
      made.broker.edge.publish({ topicName, payload: Buffer.from("secret"), qos: 1, retain });
    }
  };
  tell(true);
  const clients = new Map<Actor, RawClient>();
  const wrong: string[] = [];
  let cases = 0;
  for (const actor of actors) {
    const client = await made.signIn(actor.device);
    clients.set(actor, client);
    const filters = filtersFor(actor.device);
    cases += filters.length;
    client.send(
      packets.subscribe({ filters: filters.map((topicFilter) => ({ topicFilter, qos: 1 })) }),
    );
    const { granted } = await client.next("suback");
    for (const [index, filter] of filters.entries()) {
      if ((granted[index] !== 128) !== isOwnFilter(actor, filter)) {
        wrong.push(`${actor.device.username} subscribe ${filter}: ${granted[index]}`);
      }
    }
  }
  tell(false);
  for (const [actor, client] of clients) {
    await settle(client);
    const heard = client
      .queued()
      .flatMap((packet) => (packet.type === "publish" ? [packet.topicName] : []));
    const { sppgId, deviceId } = actor.device;
    const own = `sppg/${sppgId}/command/${deviceId}/t`;
    expect(new Set(heard)).toEqual(new Set([own]));
  }
  expect(wrong).toEqual([]);
  expect(cases).toBeGreaterThan(1_000);
});

test("a secret opens its own device only, in its own kitchen only", async (t) => {
  const made = await createTestBroker(t);
  const actors = addActors(made);
  for (const { device } of actors) {
    for (const { device: other } of actors) {
      const client = await made.open();
      const fields = { ...credentialsOf(other), password: device.password };
      const { returnCode } = await client.connect(fields);
      expect(returnCode, `${device.username} as ${other.username}`).toBe(device === other ? 0 : 4);
      client.socket.destroy();
    }
  }
});

test("a client id is each device's own: nobody is disturbed, nothing is inherited", async (t) => {
  const made = await createTestBroker(t);
  const actors = addActors(made);
  const victim = actors[0]?.device;
  if (victim === undefined) throw new Error("no actors");
  const client = await made.signIn(victim, { clean: false });
  client.send(
    packets.subscribe({ filters: [`sppg/${victim.sppgId}/command/${victim.deviceId}/#`] }),
  );
  await client.next("suback");
  for (const { device } of actors.slice(1)) {
    for (const clean of [true, false]) {
      const thief = await made.open();
      const fields = { ...credentialsOf(device), clientId: victim.username, clean };
      const connack = await thief.connect(fields);
      expect(connack).toMatchObject({ returnCode: 0, sessionPresent: false });
      made.broker.edge.publish({
        topicName: `sppg/${victim.sppgId}/command/${victim.deviceId}/t`,
        payload: Buffer.from("for the victim"),
        qos: 0,
        retain: false,
      });
      expect(await settle(thief)).toEqual([]);
      await client.next("publish");
      await thief.end();
    }
  }
  for (const clientId of ["a/b", "a+b", "a#b", "$SYS", "a:b", "a b", "é", "x".repeat(129)]) {
    const odd = await made.open();
    const connack = await odd.connect({ ...credentialsOf(victim), clientId });
    expect(connack.returnCode, clientId).toBe(2);
  }
  await settle(client);
});
