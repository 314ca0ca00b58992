import { formatPrincipal } from "../../devices/index.ts";
import { createRandom } from "../load/random.ts";
import { assertOpenFiles } from "../load/limits.ts";
import type { AckedMessage } from "./ack-log.ts";
import {
  DeviceClient,
  type DeviceCredentials,
  type FleetContext,
  type FleetCounters,
} from "./device-client.ts";

export interface FleetOptions {
  host: string;
  port: number;
  devices: readonly DeviceCredentials[];
  seed?: number;
  /** First CONNECTs are spread over this time. Default: 1 ms a device, at least 200 ms. */
  rampMs?: number;
  windowMax?: number;
  outboxMessagesMax?: number;
  onAcked?(message: AckedMessage): void;
}

export interface FleetStats extends FleetCounters {
  devices: number;
  /** Messages that are not acknowledged yet. */
  pending: number;
  /** Of those, what signed-in devices have: it will be acknowledged without anybody's help. */
  pendingLive: number;
  /** Given up because an outbox was full. */
  dropped: number;
}

export const fleetDefaults = {
  windowMax: 32,
  /** At a message each 10 s: more than an hour of a broker that is away. */
  outboxMessagesMax: 500,
} as const;

/** One timer for all devices, however many there are. */
const tickMs = 50;
/** CONNECTs under way at a time: what a broker's list of new sockets holds. */
const connectingMax = 200;

/** Many devices in one process, each with a connection of its own. */
export class Fleet {
  readonly #clients = new Map<string, DeviceClient>();
  readonly #counters: FleetCounters = {
    sent: 0,
    acked: 0,
    live: 0,
    connects: 0,
    losses: 0,
    refused: 0,
  };
  readonly #watchers = new Set<{ fits(): boolean; resolve(): void }>();
  #timer: NodeJS.Timeout | undefined;
  #stopped: Promise<void> | null = null;

  constructor(options: FleetOptions) {
    assertOpenFiles(options.devices.length);
    const random = createRandom(options.seed ?? 1);
    const rampMs = options.rampMs ?? Math.max(200, options.devices.length);
    const context: FleetContext = {
      host: options.host,
      port: options.port,
      windowMax: options.windowMax ?? fleetDefaults.windowMax,
      outboxMessagesMax: options.outboxMessagesMax ?? fleetDefaults.outboxMessagesMax,
      random,
      counters: this.#counters,
      onAcked: ({ credentials: { sppgId, deviceId } }, { topicName, payload }) => {
        options.onAcked?.({ sppgId, deviceId, topicName, payload });
      },
    };
    for (const device of options.devices) {
      const startAtMs = Date.now() + random() * rampMs;
      this.#clients.set(device.clientId, new DeviceClient(device, context, startAtMs));
    }
  }

  start(): void {
    this.#timer ??= setInterval(() => this.#tick(), tickMs);
  }

  /** `false`: the fleet has no such device. */
  publish(
    device: { sppgId: string; deviceId: string },
    message: { topicName: string; payload: string },
  ): boolean {
    const client = this.#clients.get(formatPrincipal(device.sppgId, device.deviceId));
    client?.publish(message.topicName, message.payload, Date.now());
    return client !== undefined;
  }

  setLinked(device: { sppgId: string; deviceId: string }, isLinked: boolean): void {
    const client = this.#clients.get(formatPrincipal(device.sppgId, device.deviceId));
    client?.setLinked(isLinked, Date.now());
  }

  stats(): FleetStats {
    let pending = 0;
    let pendingLive = 0;
    let dropped = 0;
    for (const { outbox, isLive } of this.#clients.values()) {
      pending += outbox.size;
      pendingLive += isLive ? outbox.size : 0;
      dropped += outbox.dropped;
    }
    return { ...this.#counters, devices: this.#clients.size, pending, pendingLive, dropped };
  }

  /** Resolves when the statistics fit; seen at the next tick. */
  until(fits: (stats: FleetStats) => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#watchers.add({ fits: () => fits(this.stats()), resolve });
    });
  }

  /** Waits for what is in flight, at most `drainMs`, and ends every connection. */
  async stop(drainMs = 3000): Promise<FleetStats> {
    this.#stopped ??= this.#stopOnce(drainMs);
    await this.#stopped;
    return this.stats();
  }

  async #stopOnce(drainMs: number): Promise<void> {
    if (this.#timer !== undefined) {
      const late = Promise.withResolvers<void>();
      const timer = setTimeout(late.resolve, drainMs);
      await Promise.race([this.until(({ pending }) => pending === 0), late.promise]);
      clearTimeout(timer);
      clearInterval(this.#timer);
    }
    await Promise.all([...this.#clients.values()].map((client) => client.stop()));
  }

  #tick(): void {
    const nowMs = Date.now();
    let connecting = 0;
    for (const client of this.#clients.values()) {
      if (client.isConnecting) connecting += 1;
    }
    for (const client of this.#clients.values()) {
      const wasConnecting = client.isConnecting;
      client.tick(nowMs, connecting < connectingMax);
      if (!wasConnecting && client.isConnecting) connecting += 1;
    }
    for (const watcher of this.#watchers) {
      if (!watcher.fits()) continue;
      this.#watchers.delete(watcher);
      watcher.resolve();
    }
  }
}
