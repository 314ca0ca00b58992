import { once } from "node:events";
import net from "node:net";
import { connectAsync, type MqttClient } from "mqtt";
import { pino } from "pino";
import { Cluster, type ClusterLimits } from "../../../broker/cluster/cluster.ts";
import { loadClusterConfig } from "../../../broker/cluster/config.ts";
import type { Journal } from "../../../broker/journal/journal.ts";
import { HeldJournal } from "../../support/held-journal.ts";
import { type Scope, tempFolder } from "../../support/nadi-process.ts";
import { eventually } from "../../support/kitchen.ts";

export interface TestClusterOptions {
  url: string;
  env?: Record<string, string>;
  dataDir?: string;
  journal?: Pick<Journal, "append">;
  limits?: Partial<ClusterLimits>;
}

const limits: ClusterLimits = {
  pendingBytesMax: 1_000_000,
  packetBytesMax: 4_096,
  inFlightMax: 16,
  keepAliveSeconds: 15,
  retireLookMs: 50,
};

/** Nadi's side of a cluster, on a journal whose syncs the test controls. */
export async function joinTestCluster(scope: Scope, options: TestClusterOptions) {
  const { url, env = {} } = options;
  const journal = new HeldJournal();
  const dataDir = options.dataDir ?? tempFolder(scope);
  const config = loadClusterConfig({ NADI_MQTT_URL: url, NADI_MQTT_CONNECTIONS: "3", ...env });
  if (config === null) throw new Error("NADI_MQTT_URL is set and there is no cluster");
  const logs: { msg: string; [key: string]: unknown }[] = [];
  const log = pino({ level: "debug" }, { write: (line: string) => logs.push(JSON.parse(line)) });
  const cluster = new Cluster({
    config,
    journal: options.journal ?? journal,
    dataDir,
    log,
    limits: { ...limits, ...options.limits },
    clock: { monotonicMs: () => performance.now() },
    random: Math.random,
  });
  scope.onTestFinished(() => cluster.stop());
  await cluster.start();
  return { cluster, journal, dataDir, logs };
}

/** Some device's client; ids and rights are the cluster's business. */
export async function connectClient(scope: Scope, url: string): Promise<MqttClient> {
  const client = await connectAsync(url, { reconnectPeriod: 0, protocolVersion: 5 });
  scope.onTestFinished(async () => {
    await client.endAsync(true);
  });
  return client;
}

const heldWithinMs = 20_000;

/** Looks again until it holds; rejects when it does not in time. */
export async function until(holds: () => boolean): Promise<void> {
  await eventually(async () => holds(), Boolean, heldWithinMs);
}

/** Before a server that knows MQTT 3.1.1 only: a CONNECT of version 5 gets return code 1. */
export async function startOldProxy(scope: Scope, server: { port: number }): Promise<string> {
  const sockets = new Set<net.Socket>();
  const proxy = net.createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.once("data", (connectPacket) => {
      // Behind a fixed header of 2 bytes and "MQTT" with its length.
      if (connectPacket[8] === 5) {
        socket.end(Buffer.from([0x20, 2, 0, 1]));
        return;
      }
      const upstream = net.connect(server.port, "127.0.0.1");
      sockets.add(upstream);
      upstream.on("error", () => upstream.destroy());
      upstream.write(connectPacket);
      socket.pipe(upstream).pipe(socket);
    });
  });
  await once(proxy.listen(0, "127.0.0.1"), "listening");
  scope.onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    proxy.close();
  });
  const { port } = proxy.address() as net.AddressInfo;
  return `mqtt://127.0.0.1:${port}`;
}
