import type { Lease, KeptLeases } from "../desk/leases.ts";
import { ingestError } from "../errors.ts";
import type { ConsumersStatus, PartitionStatus } from "../worker/status.ts";
import { PartitionHost, type SharedParts } from "./partition-host.ts";
import { addStatus, countsOf, noConsumers } from "./sum-status.ts";

/** The partitions that this process owns, as its leases come and go. */
export class PartitionSet {
  readonly #parts: SharedParts;
  readonly #onStopped: () => void;
  readonly #hosts = new Map<number, PartitionHost>();
  /** What was owned before, as long as something of it is left. */
  readonly #leaving = new Map<number, Promise<void>>();
  #stopped: PartitionHost[] = [];
  /** Counts of what is owned no longer. */
  #past = noConsumers;

  /** `onStopped`: there is something to give back. */
  constructor(parts: SharedParts, onStopped: () => void) {
    this.#parts = parts;
    this.#onStopped = onStopped;
  }

  get owned(): number[] {
    return [...this.#hosts.keys()].toSorted((a, b) => a - b);
  }

  hostOf(sppgId: string): PartitionHost {
    const partition = this.#parts.journal.partitionOf(sppgId);
    const host = this.#hosts.get(partition);
    if (host !== undefined && !host.isEnding) return host;
    throw ingestError("INGEST_KITCHEN_ELSEWHERE", {
      message: `Another ingest process has partition ${partition}, or will have it in a moment.`,
      facts: { sppgId, partition },
    });
  }

  /** Begins what has come, abandons what is another's, stops what should go to others. */
  follow({ leases, surplus }: Pick<KeptLeases, "leases" | "surplus">): void {
    const byPartition = new Map(leases.map((lease) => [lease.partition, lease]));
    for (const host of this.#hosts.values()) {
      const { partition, epoch } = host.lease;
      if (byPartition.get(partition)?.epoch !== epoch) this.#lose(host);
    }
    for (const lease of leases) if (!this.#hosts.has(lease.partition)) this.#begin(lease);
    this.#handOver(surplus);
  }

  /** Leases of what has been stopped, once each: others may have them. */
  takeStopped(): Lease[] {
    const stopped = this.#stopped;
    this.#stopped = [];
    for (const host of stopped) this.#remove(host);
    return stopped.map(({ lease }) => lease);
  }

  /** All at once, each drained and saved within the bounds of a service. */
  async stop(): Promise<void> {
    const hosts = [...this.#hosts.values()];
    await Promise.all(hosts.map((host) => host.stop({ isLast: true })));
    await Promise.all(this.#leaving.values());
  }

  async flush(): Promise<void> {
    const hosts = [...this.#hosts.values()].filter(({ isEnding }) => !isEnding);
    await Promise.all(hosts.map((host) => host.flush()));
  }

  status(): { all: ConsumersStatus; owned: PartitionStatus[] } {
    let all = this.#past;
    const owned: PartitionStatus[] = [];
    for (const { lease, status } of this.#hosts.values()) {
      if (status !== null) all = addStatus(all, status);
      owned.push({
        ...lease,
        state: status?.state ?? "starting",
        recorderLag: status?.recorder.lag ?? 0,
        monitorLag: status?.monitor.lag ?? 0,
      });
    }
    const isStarting = owned.some(({ state }) => state === "starting" || state === "replaying");
    return { all: { ...all, state: isStarting ? "replaying" : "live" }, owned };
  }

  #begin(lease: Lease): void {
    const { partition } = lease;
    const after = this.#leaving.get(partition) ?? Promise.resolve();
    this.#hosts.set(partition, new PartitionHost(lease, this.#parts, after));
    this.#parts.log.info({ ...lease }, "partition taken");
  }

  #lose(host: PartitionHost): void {
    const { partition, epoch } = host.lease;
    this.#parts.log.warn({ partition, epoch }, "partition lost to another process");
    void host.abandon();
    this.#remove(host);
  }

  #remove(host: PartitionHost): void {
    const { partition } = host.lease;
    if (this.#hosts.get(partition) !== host) return;
    this.#hosts.delete(partition);
    if (host.status !== null) this.#past = addStatus(this.#past, countsOf(host.status));
    this.#leaving.set(partition, host.ended);
    void this.#forget(host);
  }

  async #forget({ lease, ended }: PartitionHost): Promise<void> {
    await ended;
    if (this.#leaving.get(lease.partition) === ended) this.#leaving.delete(lease.partition);
  }

  #handOver(surplus: number): void {
    const hosts = [...this.#hosts.values()];
    const ending = hosts.filter(({ isEnding }) => isEnding).length;
    const staying = hosts.filter(({ isEnding }) => !isEnding);
    const first = Math.max(0, staying.length - Math.max(0, surplus - ending));
    for (const host of staying.slice(first)) void this.#handOverOne(host);
  }

  async #handOverOne(host: PartitionHost): Promise<void> {
    this.#parts.log.info({ ...host.lease }, "partition goes to another process");
    await host.stop({ isLast: false });
    this.#stopped.push(host);
    this.#onStopped();
  }
}
