import { nowUs, type LoadConnection, type LoadCounters } from "./connection.ts";
import type { LatencyHistogram, LatencySummary } from "./histogram.ts";

/** Counters and latency since the last `measure()`; gauges as of now. */
export interface LoadStats extends LoadCounters {
  elapsedMs: number;
  ackedPerSecond: number;
  sentPerSecond: number;
  /** Since the start: MQTT forbids them. */
  outOfOrderAcks: number;
  inFlight: number;
  /** Due, but not sent yet. */
  backlog: number;
  latency: LatencySummary;
  /**
   * The part of `latency` before the write, at a given rate: our timer, a full window, a
   * reconnect. The broker is not the cause of what the first one adds.
   */
  lateness: LatencySummary;
  /** User and system time of this process; by `acked` it is the generator's own cost. */
  cpuUs: number;
}

export interface MeterSources {
  counters: LoadCounters;
  latency: LatencyHistogram;
  lateness: LatencyHistogram;
}

export interface Meter {
  stats: () => LoadStats;
  /** Starts a new measurement. */
  measure: () => void;
}

export function newCounters(): LoadCounters {
  return {
    sent: 0,
    resent: 0,
    acked: 0,
    strayAcks: 0,
    disconnects: 0,
    refused: 0,
    live: 0,
    open: 0,
  };
}

export function createMeter(
  connections: readonly LoadConnection[],
  { counters, latency, lateness }: MeterSources,
): Meter {
  let base = newCounters();
  let baseUs = nowUs();
  let baseCpu = process.cpuUsage();

  const sum = (pick: (connection: LoadConnection) => number): number =>
    connections.reduce((total, connection) => total + pick(connection), 0);

  return {
    stats() {
      const elapsedMs = (nowUs() - baseUs) / 1000;
      const cpu = process.cpuUsage(baseCpu);
      const acked = counters.acked - base.acked;
      const sent = counters.sent - base.sent;
      return {
        elapsedMs,
        ackedPerSecond: (acked * 1000) / elapsedMs,
        sentPerSecond: (sent * 1000) / elapsedMs,
        sent,
        acked,
        resent: counters.resent - base.resent,
        strayAcks: counters.strayAcks - base.strayAcks,
        disconnects: counters.disconnects - base.disconnects,
        refused: counters.refused - base.refused,
        live: counters.live,
        open: counters.open,
        outOfOrderAcks: sum((connection) => connection.outOfOrderAcks),
        inFlight: sum((connection) => connection.inFlight),
        backlog: sum((connection) => connection.backlog),
        latency: latency.summary(),
        lateness: lateness.summary(),
        cpuUs: cpu.user + cpu.system,
      };
    },
    measure() {
      base = { ...counters };
      baseUs = nowUs();
      baseCpu = process.cpuUsage();
      latency.reset();
      lateness.reset();
    },
  };
}
