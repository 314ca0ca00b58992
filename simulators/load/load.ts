import type tls from "node:tls";
import { openAckLog } from "./ack-log.ts";
import { createConnecting } from "./connecting.ts";
import { LoadConnection, type AckedDevice } from "./connection.ts";
import { createHistogram } from "./histogram.ts";
import { assertLoadOptions } from "./limits.ts";
import { createMeter, newCounters, type LoadStats } from "./meter.ts";
import { createPacer } from "./pacer.ts";
import type { LoadDevice } from "./packets.ts";
import { createRandom } from "./random.ts";

/**
 * `full`: each connection keeps its window full (closed loop).
 * `rate`: messages fall due at this rate over all connections, whether or not the broker keeps up;
 * latency counts from when a message was due, so a stalled broker can't hide its stall.
 * `idle`: connected, and nothing but PINGREQ.
 */
export type LoadPace = { kind: "full" } | { kind: "rate"; perSecond: number } | { kind: "idle" };

/** Plain data, so that it can be sent to another process. */
export interface LoadOptions {
  host?: string;
  port: number;
  tls?: Pick<tls.ConnectionOptions, "ca" | "cert" | "key" | "rejectUnauthorized" | "servername">;
  /** One connection each. */
  devices: readonly LoadDevice[];
  pace: LoadPace;
  qos?: 0 | 1;
  /** Messages in flight a connection. */
  window?: number;
  /** Tells runs apart that publish for the same devices; goes into each payload when given. */
  boot?: number;
  messagesPerDevice?: number;
  /** `null`: a connection that ends stays ended. */
  reconnect?: { minMs: number; maxMs: number } | null;
  keepAliveSeconds?: number;
  cleanSession?: boolean;
  /** Of the jitter of reconnects, the only thing that is random here. */
  seed?: number;
  /** Connections that wait for their CONNACK at a time. */
  connectsAtOnce?: number;
  /** All connections must have been up once by then. */
  connectTimeoutMs?: number;
  /** Appended to while it runs: JSON lines `[clientId, boot, from, to]`. */
  ackLogFile?: string;
}

export const loadDefaults = {
  host: "127.0.0.1",
  qos: 1,
  window: 32,
  reconnect: { minMs: 20, maxMs: 1_000 },
  keepAliveSeconds: 60,
  cleanSession: true,
  seed: 1,
  connectsAtOnce: 100,
  connectTimeoutMs: 60_000,
} as const;

export interface Load {
  stats(): LoadStats;
  /** What was acknowledged since the start, by identity: (client id, boot, seq). */
  acked(): AckedDevice[];
  /** Starts a new measurement: a warm-up ends here. */
  measure(): void;
  pace(pace: LoadPace): void;
  /** Resolves when `messagesPerDevice` of every device are acknowledged. */
  readonly finished: Promise<void>;
  /** Stops sending, waits for the acks in flight (5 s at most unless told), disconnects. */
  stop(options?: { drainMs?: number }): Promise<LoadStats>;
}

const readBufferBytes = 65_536;
const drainMsDefault = 5_000;
/** A broker that does not read its sockets holds up a clean end only this long. */
const closeGraceMs = 1_000;
const ackLogIntervalMs = 100;

/**
 * Connects every device, then starts to publish. Rejects when a login is refused, or when a
 * connection fails and `reconnect` is `null`; nothing is left open then.
 */
export async function startLoad(options: LoadOptions): Promise<Load> {
  assertLoadOptions(options);
  const run = createRun(options);
  try {
    await run.connectAll();
  } catch (error) {
    await run.load.stop({ drainMs: 0 });
    throw error;
  }
  run.load.measure();
  run.load.pace(options.pace);
  return run.load;
}

function createRun(options: LoadOptions): { load: Load; connectAll(): Promise<void> } {
  const settings = { ...loadDefaults, ...options };
  const counters = newCounters();
  const latency = createHistogram();
  const lateness = createHistogram();
  const finishing = createFinishing(options.devices.length);
  const connecting = createConnecting({
    connectsAtOnce: settings.connectsAtOnce,
    isPatient: settings.reconnect !== null,
    timeoutMs: settings.connectTimeoutMs,
  });
  const allClosed = createSignal(() => counters.open === 0);
  const context = {
    ...settings,
    tls: options.tls,
    boot: options.boot,
    seqEnd: options.messagesPerDevice ?? Infinity,
    random: createRandom(settings.seed),
    counters,
    latency,
    lateness,
    readBuffer: new Uint8Array(readBufferBytes),
    onLive: connecting.onLive,
    onRefused: connecting.onRefused,
    onFinished: finishing.add,
    onClosed(connection: LoadConnection, error: Error | null): void {
      connecting.onClosed(connection, error);
      allClosed.check();
    },
  };
  const connections = options.devices.map((device) => new LoadConnection(device, context));
  const acked = (): AckedDevice[] => connections.map((connection) => connection.acked());
  const pacer = createPacer(connections);
  const meter = createMeter(connections, { counters, latency, lateness });
  const ackLog = openAckLog(options.ackLogFile, acked);
  const logging = setInterval(ackLog.write, ackLogIntervalMs);
  const pinging = setInterval(
    () => connections.forEach((connection) => connection.ping()),
    settings.keepAliveSeconds * 500,
  );

  const stop = async (drainMs: number): Promise<LoadStats> => {
    pacer.stop();
    for (const connection of connections) connection.finish();
    await within(drainMs, finishing.all);
    for (const connection of connections) connection.close();
    if (!(await within(closeGraceMs, allClosed.wait()))) {
      for (const connection of connections) connection.abort();
      await allClosed.wait();
    }
    clearInterval(pinging);
    clearInterval(logging);
    ackLog.close();
    return meter.stats();
  };
  let stopping: Promise<LoadStats> | undefined;
  const load: Load = {
    stats: meter.stats,
    acked,
    measure: meter.measure,
    pace: pacer.start,
    finished: finishing.all,
    stop({ drainMs = drainMsDefault } = {}) {
      stopping ??= stop(drainMs);
      return stopping;
    },
  };
  return { load, connectAll: () => connecting.start(connections) };
}

/** Counts the connections that have nothing in flight and nothing more to send. */
function createFinishing(count: number): {
  add: (connection: LoadConnection) => void;
  all: Promise<void>;
} {
  const finished = new Set<LoadConnection>();
  const { promise, resolve } = Promise.withResolvers<void>();
  return {
    all: promise,
    add(connection) {
      finished.add(connection);
      if (finished.size === count) resolve();
    },
  };
}

/** Resolves at the first `check` that finds the condition true. */
function createSignal(isTrue: () => boolean): { check(): void; wait(): Promise<void> } {
  const waiters: (() => void)[] = [];
  const check = (): void => {
    if (isTrue()) for (const resolve of waiters.splice(0)) resolve();
  };
  return {
    check,
    wait: () =>
      new Promise((resolve) => {
        waiters.push(resolve);
        check();
      }),
  };
}

/** Whether the promise resolved in time. */
async function within(timeoutMs: number, promise: Promise<void>): Promise<boolean> {
  const { promise: timeout, resolve } = Promise.withResolvers<false>();
  const timer = setTimeout(() => resolve(false), timeoutMs);
  try {
    return await Promise.race([promise.then(() => true), timeout]);
  } finally {
    clearTimeout(timer);
  }
}
