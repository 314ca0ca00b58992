import type { Broker } from "../broker.ts";
import type { Cluster } from "./cluster.ts";
import type { ClusterConfig } from "./config.ts";

/**
 * The broker of people's pages beside a cluster that the devices connect to. Who of them is
 * connected the cluster alone knows, so nobody is said to be.
 */
export function atCluster(broker: Broker, cluster: Cluster, config: ClusterConfig): Broker {
  const { host, port, isTls } = config.forDevices;
  return {
    ...broker,
    cluster,
    presenceOf: () => [],
    command: (message) => cluster.command(message),
    mqtt: () => ({ host, port, tlsPort: isTls ? port : null }),
  };
}
