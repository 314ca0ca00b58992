import type { Logger } from "pino";
import type { StopStack } from "../../devices/index.ts";
import type { BrokerConfig } from "../config.ts";
import type { Journal } from "../journal/journal.ts";
import { Cluster } from "./cluster.ts";
import type { ClusterConfig } from "./config.ts";

export interface JoinClusterOptions {
  config: ClusterConfig;
  /** What is under way is bounded as at the embedded broker. */
  broker: Pick<
    BrokerConfig,
    "NADI_MAX_PENDING_BYTES" | "NADI_MAX_PACKET_BYTES" | "NADI_MAX_IN_FLIGHT"
  >;
  journal: Pick<Journal, "append">;
  dataDir: string;
  log: Logger;
  clock: { monotonicMs: () => number };
  stack: StopStack;
}

const fixedLimits = {
  /** A cluster that is frozen or gone without a word is found after 23 s. */
  keepAliveSeconds: 15,
  /** A session that is given up has been quiet for 10 s. */
  retireLookMs: 5_000,
} as const;

/** Joins the cluster in the background; it leaves with the stack, which keeps the sessions. */
export async function joinCluster(options: JoinClusterOptions): Promise<Cluster> {
  const { config, broker, journal, dataDir, clock, stack } = options;
  const cluster = new Cluster({
    config,
    journal,
    dataDir,
    log: options.log.child({ component: "cluster" }),
    limits: {
      pendingBytesMax: broker.NADI_MAX_PENDING_BYTES,
      packetBytesMax: broker.NADI_MAX_PACKET_BYTES,
      inFlightMax: Math.min(broker.NADI_MAX_IN_FLIGHT, receiveMaximumMax),
      ...fixedLimits,
    },
    clock,
    random: Math.random,
  });
  stack.push(() => cluster.stop());
  await cluster.start();
  return cluster;
}

/** MQTT 5 section 3.1.2.11.3. */
const receiveMaximumMax = 65_535;
