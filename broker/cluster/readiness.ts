import type { BrokerCheck } from "../readiness.ts";
import type { ClusterState } from "./cluster.ts";

/** Red while no connection stands: then no reading comes in, though none is lost that waits. */
export function clusterCheck(cluster: { readonly state: ClusterState }): BrokerCheck {
  return {
    name: "mqtt-cluster",
    check: () => {
      const { ready, wanted, protocolVersion, problem } = cluster.state;
      const why = problem === null ? "" : `: ${problem}`;
      if (ready === 0) return { ok: false, detail: `away${why}` };
      const version = protocolVersion === 5 ? "MQTT 5" : "MQTT 3.1.1";
      const joined = `${ready} of ${wanted} connections over ${version}`;
      if (ready < wanted) return { ok: true, detail: `degraded: ${joined}${why}` };
      const unknown = "whether devices are connected, and what their PUBACK means, it alone knows";
      return { ok: true, detail: `${joined}; what we acknowledge to it is on disk; ${unknown}` };
    },
  };
}
