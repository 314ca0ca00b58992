import type { Registry } from "@prometheus-io/client";
import { registerLabelledCounter, registerReading } from "../metric-readings.ts";
import type { Cluster } from "./cluster.ts";

/** Registers the metrics of a cluster that is joined. */
export function registerClusterMetrics(registry: Registry, cluster: Cluster): void {
  const { counters } = cluster.intake;
  const readings: readonly [name: string, help: string, read: () => number][] = [
    [
      "nadi_cluster_connections",
      "Connections to the MQTT cluster that take messages",
      () => cluster.state.ready,
    ],
    [
      "nadi_cluster_received_total",
      "Messages that the cluster has delivered since start",
      () => counters.received,
    ],
    [
      "nadi_cluster_journaled_total",
      "Messages of the cluster that are on disk since start",
      () => counters.journaled,
    ],
    [
      "nadi_cluster_redelivered_total",
      "Messages that the cluster has delivered once more, unsure of our acknowledgement",
      () => counters.redelivered,
    ],
    [
      "nadi_cluster_under_way_bytes",
      "Bytes of the cluster's messages that are handed to the journal and not on disk yet",
      () => cluster.intake.underWay.bytes,
    ],
  ];
  for (const [name, help, read] of readings) registerReading(registry, { name, help, read });
  registerLabelledCounter(registry, {
    name: "nadi_cluster_refused_total",
    help: "Messages of the cluster that were acknowledged and not kept, by reason",
    label: "reason",
    read: () => Object.entries(counters.refused),
  });
}
