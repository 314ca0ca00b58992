import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRandom } from "../../simulators/load/random.ts";
import { connectRaw, packets, type RawClient } from "../support/mqtt-wire.ts";
import type { BenchServer } from "./servers.ts";

/** A client, or many, that misbehaves until it is stopped. */
export type Misbehaviour = (server: BenchServer) => Promise<{ stop(): Promise<void> }>;

/** Sockets that send one byte of a CONNECT at a time. */
const drippingSockets = 200;
const dripMs = 50;
/** Clients that wait for their refusals. */
const patientLanes = 50;
/** Pieces of a flood; the socket's own buffer bounds what is written ahead. */
const floodPackets = 100;

/** By name, what each client does. None uses a device of the neighbours. */
export const misbehaviours = {
  /** Subscribes to what it may, then never reads again. */
  "frozen subscriber": async (server) => {
    const client = await signIn(server, 1);
    // Nadi grants a device its own commands only; elsewhere everything comes.
    const topicFilter =
      server.name === "nadi" ? `${commandPrefix(server)}/#` : "sppg/+/telemetry/+/temperature";
    client.send(packets.subscribe({ filters: [{ topicFilter, qos: 1 }] }));
    await client.next("suback");
    client.socket.pause();
    return stopAll([client]);
  },
  /** Publishes as fast as it is read, and reads no ack. */
  "never reads acks": async (server) => {
    const client = await signIn(server, 1);
    client.socket.pause();
    const flood = Buffer.concat(
      Array.from({ length: floodPackets }, (_, index) =>
        packets.publish({
          topicName: hostileDevice(server, 1).topicName,
          payload: '{"celsius":4.5}',
          qos: 1,
          messageId: index + 1,
        }),
      ),
    );
    const write = (): void => {
      if (!client.socket.destroyed) client.socket.write(flood, () => setImmediate(write));
    };
    write();
    return stopAll([client]);
  },
  "200 dripping sockets": async (server) => {
    const connect = packets.connect({ clientId: "drip", username: "drip", password: "drip" });
    const sockets = new Map<RawClient, number>();
    let isStopped = false;
    const open = async (): Promise<void> => {
      const client = await connectRaw({ port: server.port });
      sockets.set(client, 0);
      // A server that closes it gets another one: the pressure stays the same.
      void client.closed.then(() => {
        sockets.delete(client);
        return isStopped ? undefined : open();
      });
    };
    await Promise.all(Array.from({ length: drippingSockets }, open));
    const timer = setInterval(() => {
      for (const [client, sent] of sockets) {
        // The last byte is never sent.
        if (sent < connect.length - 1) client.send(connect.subarray(sent, sent + 1));
        sockets.set(client, sent + 1);
      }
    }, dripMs);
    return {
      async stop() {
        isStopped = true;
        clearInterval(timer);
        await Promise.all([...sockets.keys()].map((client) => client.end()));
      },
    };
  },
  /** One connection after another, each with valid packets in which some bytes were changed. */
  "mutated packets": (server) => attack(server, { lanes: 1, leave: (client) => client.end() }),
  /** The same by many, who hear what they are told before they come again. */
  "mutated and patient": (server) => attack(server, { lanes: patientLanes, leave: hearOut }),
  /** No client at all, but a process that never rests: what the machine's share alone costs. */
  "a busy process (control)": async () => {
    const child = spawn(process.execPath, ["--eval", "for (;;);"], { stdio: "ignore" });
    const exited = once(child, "exit");
    await once(child, "spawn");
    return {
      async stop() {
        child.kill("SIGKILL");
        await exited;
      },
    };
  },
} as const satisfies Record<string, Misbehaviour>;

export type MisbehaviourName = keyof typeof misbehaviours;
// Typed wider by TypeScript, because an object may have more keys than its type says.
export const misbehaviourNames = Object.keys(misbehaviours) as readonly MisbehaviourName[];

interface Attack {
  lanes: number;
  /** What a client does after it has sent its packets. */
  leave(client: RawClient): Promise<void>;
}

async function attack(
  server: BenchServer,
  { lanes, leave }: Attack,
): Promise<{ stop(): Promise<void> }> {
  const random = createRandom(20_261_122);
  const open = new Set<RawClient>();
  const stopping = new AbortController();
  const attacking = Array.from({ length: lanes }, async () => {
    while (!stopping.signal.aborted) {
      const client = await connectRaw({ port: server.port });
      open.add(client);
      client.send(mutate(conversation(server), random));
      await leave(client);
      open.delete(client);
    }
  });
  return {
    async stop() {
      stopping.abort();
      for (const client of open) client.socket.destroy();
      await Promise.all(attacking);
    },
  };
}

async function hearOut(client: RawClient): Promise<void> {
  const answered = client.next("connack").then(
    () => undefined,
    // Closed without one.
    () => undefined,
  );
  await Promise.race([client.closed, answered]);
  await client.end();
}

function hostileDevice(server: BenchServer, fromEnd: number) {
  const device = server.devices.at(-fromEnd);
  if (device === undefined) throw new Error("the server has no device to misbehave as");
  return device;
}

function commandPrefix(server: BenchServer): string {
  const [, sppgId, , deviceId] = hostileDevice(server, 1).topicName.split("/");
  return `sppg/${sppgId}/command/${deviceId}`;
}

async function signIn(server: BenchServer, fromEnd: number): Promise<RawClient> {
  const client = await connectRaw({ port: server.port });
  const { returnCode } = await client.connect({ ...hostileDevice(server, fromEnd), keepAlive: 0 });
  if (returnCode !== 0) throw new Error(`the hostile device was refused with ${returnCode}`);
  return client;
}

function stopAll(clients: readonly RawClient[]): { stop(): Promise<void> } {
  return {
    async stop() {
      for (const client of clients) client.socket.destroy();
      await Promise.all(clients.map((client) => client.closed));
    },
  };
}

function conversation(server: BenchServer): Buffer {
  const device = hostileDevice(server, 2);
  return Buffer.concat([
    packets.connect(device),
    packets.subscribe({ filters: [device.topicName] }),
    packets.publish({ topicName: device.topicName, payload: '{"celsius":4.5}', qos: 1 }),
    packets.pingreq(),
    packets.pubrel(7),
  ]);
}

function mutate(bytes: Buffer, random: () => number): Buffer {
  const changed = Buffer.from(bytes);
  const changes = 1 + Math.floor(random() * 4);
  for (let change = 0; change < changes; change += 1) {
    changed[Math.floor(random() * changed.length)] = Math.floor(random() * 256);
  }
  return changed;
}
