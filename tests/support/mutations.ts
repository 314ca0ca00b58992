import { once } from "node:events";
import type { TestBroker } from "./broker.ts";
import { credentialsOf } from "./broker.ts";
import { connectRaw, loopbackAddress, packets, type RawClient } from "./mqtt-wire.ts";
import { seededRandom } from "./seeded-random.ts";
import type { TestDevice } from "./test-logins.ts";

export interface MutationReport {
  seed: number;
  sent: number;
  /** What the broker refused, by its own count: a fault ends the connection. */
  refused: number;
  /** Readings of the offenders that were well formed after all. */
  accepted: number;
  /** Journal entries on a topic that is not their device's own. */
  foreign: number;
  neighbourAcks: number;
  neighbourSlowestMs: number;
  rssStartBytes: number;
  rssEndBytes: number;
}

const lanes = 40;
/** Between two readings of the memory, and of what has reached the journal. */
const roundPackets = 1_000;

type Random = () => number;

function pick<T>(random: Random, values: readonly T[]): T {
  const value = values[Math.floor(random() * values.length)];
  if (value === undefined) throw new Error("nothing to pick from");
  return value;
}

/** Whole packets of every type that a client may send, and some that it may not. */
function validPackets(device: TestDevice): Buffer[] {
  const own = `sppg/${device.sppgId}/telemetry/${device.deviceId}/temperature`;
  const command = `sppg/${device.sppgId}/command/${device.deviceId}`;
  const credentials = credentialsOf(device);
  return [
    packets.connect(credentials),
    packets.connect({ ...credentials, clean: false, will: { topicName: own, qos: 1 } }),
    packets.connect({ ...credentials, protocolVersion: 3, clientId: "short" }),
    packets.connect({ ...credentials, protocolVersion: 5 }),
    packets.publish({ topicName: own, payload: '{"celsius":4}' }),
    packets.publish({ topicName: own, payload: '{"celsius":4}', qos: 1, messageId: 7 }),
    packets.publish({ topicName: own, payload: "x".repeat(300), qos: 2, messageId: 8, dup: true }),
    packets.publish({ topicName: own, payload: "", retain: true }),
    packets.subscribe({ filters: [`${command}/#`, `${command}/+/x`], messageId: 3 }),
    packets.subscribe({ filters: [{ topicFilter: "#", qos: 2 }] }),
    packets.unsubscribe({ filters: [`${command}/#`], messageId: 4 }),
    packets.puback(1),
    packets.pubrec(2),
    packets.pubrel(8),
    packets.pubcomp(4),
    packets.pingreq(),
    packets.disconnect(),
    packets.raw(0xf0, Buffer.from([1, 2])),
    packets.raw(0x20, Buffer.from([0, 0])),
  ];
}

/** One to four changes to one packet, or to two that follow each other. */
function mutate(random: Random, from: readonly Buffer[]): Buffer {
  let bytes = Buffer.from(pick(random, from));
  if (random() < 0.3) bytes = Buffer.concat([bytes, pick(random, from)]);
  const changes = 1 + Math.floor(random() * 4);
  for (let change = 0; change < changes && bytes.length > 0; change++) {
    const at = Math.floor(random() * bytes.length);
    const any = Math.floor(random() * 256);
    switch (Math.floor(random() * 6)) {
      case 0:
        bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(random() * 8));
        break;
      case 1:
        bytes[at] = pick(random, [0, 1, 0x7f, 0x80, 0xff, any]);
        break;
      case 2:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]);
        break;
      case 3:
        bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from([any]), bytes.subarray(at)]);
        break;
      case 4:
        bytes = bytes.subarray(0, at);
        break;
      default:
        // The header lies about what follows.
        bytes[Math.min(1, bytes.length - 1)] = any;
    }
  }
  return bytes;
}

/** Fewer than an address may be refused at once, so that nobody waits for the broker's patience. */
const packetsPerAddress = 100;

interface Offender {
  device: TestDevice;
  random: Random;
}

async function attack(made: TestBroker, offender: Offender, number: number): Promise<void> {
  const { device, random } = offender;
  const localAddress = loopbackAddress(Math.floor(number / packetsPerAddress));
  const client = await connectRaw({ port: made.port, localAddress });
  const isSignedIn = random() < 0.7;
  const bytes = mutate(random, validPackets(device));
  const connect = isSignedIn ? packets.connect(credentialsOf(device)) : Buffer.alloc(0);
  client.send(connect, bytes, random() < 0.5 ? packets.pingreq() : Buffer.alloc(0));
  if (isSignedIn) await client.next("connack").catch(() => null);
  client.socket.end();
  await client.closed;
}

async function servedWhile(
  neighbour: { client: RawClient; topicName: string },
  attacks: Promise<unknown>,
): Promise<{ acks: number; slowestMs: number }> {
  const round = { isOver: false };
  const over = attacks.finally(() => {
    round.isOver = true;
  });
  let acks = 0;
  let slowestMs = 0;
  while (!round.isOver) {
    const startedAt = performance.now();
    const { client, topicName } = neighbour;
    client.send(packets.publish({ topicName, payload: "{}", qos: 1, messageId: 1 }));
    await client.next("puback");
    acks++;
    slowestMs = Math.max(slowestMs, performance.now() - startedAt);
  }
  await over;
  return { acks, slowestMs };
}

/** Sends mutated packets, each on its own connection, beside a neighbour that must be served. */
export async function runMutations(
  made: TestBroker,
  options: { packets: number; seed: number; onRound?: (report: MutationReport) => void },
): Promise<MutationReport> {
  const neighbour = made.logins.add("sppg-n", "neighbour");
  const client = await made.signIn(neighbour);
  const topicName = `sppg/sppg-n/telemetry/${neighbour.deviceId}/temperature`;
  // Each lane has numbers of its own, so that the seed fixes what it sends whatever the timing.
  const offenders = Array.from({ length: lanes }, (_, lane) => ({
    device: made.logins.add("sppg-m", `lane-${lane}`),
    random: seededRandom(options.seed * lanes + lane),
  }));
  const report: MutationReport = {
    seed: options.seed,
    sent: 0,
    refused: 0,
    accepted: 0,
    foreign: 0,
    neighbourAcks: 0,
    neighbourSlowestMs: 0,
    rssStartBytes: 0,
    rssEndBytes: 0,
  };
  while (report.sent < options.packets) {
    const count = Math.min(roundPackets, options.packets - report.sent);
    const round = offenders.map(async (offender, lane) => {
      for (let sent = lane; sent < count; sent += lanes) {
        await attack(made, offender, report.sent + sent);
      }
    });
    const served = await servedWhile({ client, topicName }, Promise.all(round));
    report.sent += count;
    report.neighbourAcks += served.acks;
    report.neighbourSlowestMs = Math.max(report.neighbourSlowestMs, served.slowestMs);
    for (const entry of made.journal.take()) {
      if (entry.kind !== "publish" || entry.principal === neighbour.username) continue;
      report.accepted++;
      const [sppgId = "", deviceId = ""] = entry.principal.split(".");
      if (!entry.topicName.startsWith(`sppg/${sppgId}/telemetry/${deviceId}/`)) report.foreign++;
    }
    report.refused = 0;
    for (const refusals of made.broker.edge.refusals.counts.values()) report.refused += refusals;
    report.rssEndBytes = process.memoryUsage().rss;
    // The first rounds warm the caches up.
    if (report.sent <= 5 * roundPackets) report.rssStartBytes = report.rssEndBytes;
    options.onRound?.(report);
  }
  client.socket.end();
  if (!client.socket.closed) await once(client.socket, "close");
  return report;
}
