import type { ServeParts } from "../devices/index.ts";
import { type Broker, type BrokerOptions, createBroker, doorForDevices } from "./broker.ts";
import { brokerError } from "./errors.ts";
import type { FileJournal } from "./journal/file-journal.ts";
import { atCluster } from "./cluster/at-cluster.ts";
import type { ClusterConfig } from "./cluster/config.ts";
import { joinCluster } from "./cluster/join-cluster.ts";
import type { Journal } from "./journal/journal.ts";
import type { PartitionedJournal } from "./journal/redis/partitioned-journal.ts";
import { sendCommand, serveCommands } from "./peers/commands.ts";
import { joinDeviceBroker, joinPeopleEdge } from "./peers/join-brokers.ts";
import type { Peers } from "./peers/peers.ts";
import { Timekeeper } from "./timekeeper.ts";

interface CommonOptions
  extends Omit<BrokerOptions, "log" | "isConformance" | "listeners" | "journal"> {
  /** Where devices connect instead of Nadi; `null`: to Nadi. */
  cluster: ClusterConfig | null;
}

export interface ServeBrokerOptions extends CommonOptions {
  dataDir: string;
  journal: FileJournal | PartitionedJournal;
  /** Other brokers, which may listen on the same port; `null`: there are none. */
  peers: Peers | null;
}

/** The broker of a running service; it listens, or joins its cluster, when this resolves. */
export async function serveBroker(
  options: ServeBrokerOptions,
  { log: parentLog, stack }: ServeParts,
): Promise<Broker> {
  const log = parentLog.child({ component: "broker" });
  const { journal, logins, peers, clock, cluster: config } = options;
  const isOnRedis = "partitions" in journal;
  const appender = isOnRedis ? journal.appender : journal;
  const own = createBroker({
    ...options,
    log,
    journal: appender,
    listeners: config !== null ? "none" : peers === null ? "alone" : "shared",
  });
  // On Redis the owner of a partition keeps its time.
  if (!isOnRedis) {
    const timekeeper = new Timekeeper({ journal, source: logins, log });
    timekeeper.start();
    stack.push(() => timekeeper.stop());
  }
  if (peers !== null && config === null) joinDeviceBroker({ broker: own, peers, clock });
  stack.push(() => own.stop());
  await own.start();
  if (config === null) return own;
  // Its log is beside the broker's: a child of it would say "component" twice.
  const place = { broker: options.config, config, journal: appender, log: parentLog, stack };
  const cluster = await joinCluster({ ...options, ...place });
  const broker = atCluster(own, cluster, config);
  if (peers !== null) serveCommands(broker, peers, clock.monotonicMs);
  return broker;
}

/** What people see of devices, and where their WebSockets go. */
export type PeopleEdge = Pick<Broker, "handle" | "presenceOf" | "mqtt" | "command">;

/** An edge without listeners, for people's WebSockets: devices connect to other processes. */
export async function servePeopleEdge(
  options: CommonOptions,
  { log, stack }: ServeParts,
): Promise<Broker> {
  const broker = createBroker({
    ...options,
    log: log.child({ component: "broker" }),
    journal: noJournal,
    listeners: "none",
  });
  stack.push(() => broker.stop());
  await broker.start();
  return { ...broker, mqtt: () => doorOf(options) };
}

/** Where devices connect, as this process is configured. */
function doorOf({ config, cluster }: CommonOptions): ReturnType<Broker["mqtt"]> {
  if (cluster !== null) {
    const { host, port, isTls } = cluster.forDevices;
    return { host, port, tlsPort: isTls ? port : null };
  }
  const door = doorForDevices(config);
  if (door !== null) return door;
  const tlsPort = config.NADI_TLS_CERT === undefined ? null : config.NADI_MQTTS_PORT;
  return { host: config.NADI_MQTT_HOST, port: config.NADI_MQTT_PORT, tlsPort };
}

/** The same edge with the devices of all brokers: who is there, and the way to them. */
export function showAllDevices(
  broker: Broker,
  { peers, clock, cluster }: Pick<CommonOptions, "clock" | "cluster"> & { peers: Peers },
  parts: ServeParts,
): PeopleEdge {
  joinPeopleEdge({ broker, peers, clock }, parts);
  if (broker.cluster !== null) return broker;
  // Every process reaches all of a cluster's devices: one that takes a command is enough.
  const way = { peers, monotonicMs: clock.monotonicMs, isAnyEnough: cluster !== null };
  return { ...broker, command: (message) => sendCommand(message, way) };
}

/** People publish nothing that is kept; were it otherwise, it must not look acknowledged. */
const noJournal: Pick<Journal, "append"> = {
  append(_entry, done) {
    const message = "This process has no journal: only devices publish, to a broker.";
    done(brokerError("BROKER_JOURNAL_MISSING", { message }), 0);
  },
};
