import type { ServeParts } from "../devices/index.ts";
import { type Broker, type BrokerOptions, createBroker } from "./broker.ts";
import type { FileJournal } from "./journal/file-journal.ts";
import { atCluster } from "./cluster/at-cluster.ts";
import type { ClusterConfig } from "./cluster/config.ts";
import { joinCluster } from "./cluster/join-cluster.ts";
import { Timekeeper } from "./timekeeper.ts";

export type ServeBrokerOptions = Omit<BrokerOptions, "log" | "isConformance" | "isListening"> & {
  /** Whose time the broker keeps: its own journal's, as nobody else appends to it. */
  journal: FileJournal;
  /** Where devices connect instead; `null`: here. */
  cluster: ClusterConfig | null;
  dataDir: string;
};

/** The broker of a running service; it listens, or joins its cluster, when this resolves. */
export async function serveBroker(
  options: ServeBrokerOptions,
  { log: parentLog, stack }: ServeParts,
): Promise<Broker> {
  const log = parentLog.child({ component: "broker" });
  const { journal, logins } = options;
  const { cluster: config } = options;
  const broker = createBroker({ ...options, log, isListening: config === null });
  const timekeeper = new Timekeeper({ journal, source: logins, log });
  timekeeper.start();
  stack.push(() => timekeeper.stop());
  stack.push(() => broker.stop());
  await broker.start();
  if (config === null) return broker;
  const cluster = await joinCluster({ ...options, broker: options.config, config, log, stack });
  return atCluster(broker, cluster, config);
}
