import type { Duplex } from "node:stream";
import type { Logger } from "pino";
import { mqttAddressOf, readConfiguredFile } from "../devices/index.ts";
import type { Cluster } from "./cluster/cluster.ts";
import type { BrokerConfig } from "./config.ts";
import type { ConnectionOrigin } from "./edge/connection.ts";
import { Edge } from "./edge/edge.ts";
import type { EdgeClock, EdgeLimits } from "./edge/limits.ts";
import type { InterestListener } from "./edge/interest.ts";
import {
  type Listener,
  type ListenOptions,
  listenTcp,
  listenTls,
  type TlsFiles,
} from "./edge/listeners.ts";
import { type PresenceChange, presenceOf } from "./edge/presence.ts";
import type { Delivery } from "./edge/session.ts";
import type { Journal } from "./journal/journal.ts";
import { connectionsInMemory } from "./memory-room.ts";
import { shareOpenFiles, type SocketRoom } from "./open-files.ts";
import type { AuditSink, LoginSource } from "./ports.ts";

export interface BrokerOptions {
  config: BrokerConfig;
  journal: Pick<Journal, "append">;
  logins: LoginSource;
  audit: AuditSink;
  log: Logger;
  clock: EdgeClock;
  /** Anonymous and with free topics, on loopback, for outside MQTT test suites. */
  isConformance?: boolean;
  /** Default `alone`. `shared`: beside other brokers on the same port; `none`: for people only. */
  listeners?: "alone" | "shared" | "none";
}

export interface Broker {
  /** `null`: devices connect to this broker itself. */
  readonly cluster: Cluster | null;
  /** The edge itself: counters for metrics, and the door for further transports. */
  readonly edge: Edge;
  /** The ports in use, once started. */
  readonly ports: { mqtt: number; mqtts: number | null };
  start(): Promise<void>;
  /** No new connection from now on. */
  stopAccepting(): void;
  /** Acknowledges what is under way, then ends every connection. Idempotent. */
  stop(): Promise<void>;
  /** Takes a connection of another transport, e.g. a WebSocket. */
  handle(conn: Duplex, origin: ConnectionOrigin): void;
  /** Devices of a kitchen that have been connected since this process began. */
  presenceOf(sppgId: string): PresenceChange[];
  /**
   * Sends to a device on its own command topic, where nobody else may listen, until `expiresAtMs`
   * of the monotonic clock. `null`: no session of it listens.
   */
  command(message: {
    topicName: string;
    payload: Buffer;
    expiresAtMs: number;
  }): Delivery | null | Promise<Delivery | null>;
  /** Where devices connect, once started; the host as it was bound. */
  mqtt(): { host: string; port: number; tlsPort: number | null };
  onPresence(listener: (change: PresenceChange) => void): () => void;
  /** Kitchens that people watch: told at once of those by now, then of each change. */
  onInterest(listener: InterestListener): () => void;
}

/** Limits that nobody needs to set; each with its reason. */
const fixedLimits = {
  /** A CONNECT with ids, secret and a small will is far below. */
  packetBytesBeforeConnect: 4096,
  /** Of one that takes all it can get beside content neighbours: some 30,000 readings a second. */
  inFlightMaxCrowded: 16,
  /** Acknowledgements of 16,000 readings that the device has not read. */
  unreadBytesMax: 65_536,
  /** A few seconds of live messages for a phone on a slow network. */
  congestedBytes: 262_144,
  /** Half a minute of a slow phone; older values than that are worth nothing. */
  congestedBytesOfPerson: 131_072,
  /** A client that has taken too little for so long is gone (R21 asks for 10 s). */
  frozenMs: 9_000,
  /** What counts as progress. The socket tells of whole writes only, of 256 KB at most. */
  takenBytesMin: 16_384,
  connectDeadlineMs: 5_000,
  /** Tabs and phones of one person; the longest open one yields. */
  connectionsPerPerson: 16,
  /** A person sends subscriptions and pings: far below. */
  personBytesPerSecond: 65_536,
  /** A device that changes networks connects before its old connection is known to be dead. */
  connectionsPerPrincipal: 2,
  credentialsCached: 100_000,
  windowMessages: 64,
  queueBytes: 262_144,
  incomingMax: 64,
  unexpectedAcksMax: 64,
  persistentPerPrincipal: 2,
  sessionSeconds: 86_400,
  filtersPerSession: 64,
  /** One presence topic for each device of 30,000 kitchens. */
  retainedMessages: 400_000,
  retainedBytes: 134_217_728,
  failuresBurst: 200,
  failuresPerSecond: 20,
  /** A device signs in once for days, or once a reading: a loop of `mosquitto_pub` is slower. */
  signInsBurst: 100,
  signInsPerSecond: 10,
  /** A flood of refused sockets waits so long for each; a person who mistypes never sees it. */
  lingerMs: 250,
} as const;

/** Sockets that are being refused or closed, beside those that count. */
const spareSockets = 1024;

/** What a test suite from outside may do beyond a device. */
const conformanceLimits = { connectionsPerPrincipal: Number.MAX_SAFE_INTEGER, kept: 1000 };

export function edgeLimits(config: BrokerConfig, isConformance: boolean): EdgeLimits {
  const fixed = fixedLimits;
  return {
    pump: {
      packetBytesBeforeConnect: isConformance
        ? config.NADI_MAX_PACKET_BYTES
        : fixed.packetBytesBeforeConnect,
      packetBytes: config.NADI_MAX_PACKET_BYTES,
      unreadBytesMax: fixed.unreadBytesMax,
    },
    shares: {
      inFlightMax: config.NADI_MAX_IN_FLIGHT,
      inFlightMaxCrowded: Math.min(config.NADI_MAX_IN_FLIGHT, fixed.inFlightMaxCrowded),
    },
    address: {
      pendingPerAddress: config.NADI_MAX_PENDING_PER_ADDRESS,
      failuresBurst: fixed.failuresBurst,
      failuresPerSecond: fixed.failuresPerSecond,
      lingerMs: fixed.lingerMs,
    },
    sessions: {
      windowMessages: fixed.windowMessages,
      queueBytes: fixed.queueBytes,
      incomingMax: fixed.incomingMax,
      unexpectedAcksMax: fixed.unexpectedAcksMax,
      persistentPerPrincipal: isConformance ? conformanceLimits.kept : fixed.persistentPerPrincipal,
      persistentMax: config.NADI_MAX_SESSIONS,
      expirySeconds: fixed.sessionSeconds,
      filtersPerSession: fixed.filtersPerSession,
    },
    retained: { messagesMax: fixed.retainedMessages, bytesMax: fixed.retainedBytes },
    rates: {
      device: {
        messagesPerSecond: config.NADI_MAX_DEVICE_MESSAGES_PER_SECOND,
        bytesPerSecond: config.NADI_MAX_DEVICE_BYTES_PER_SECOND,
      },
      kitchen: {
        messagesPerSecond: config.NADI_MAX_KITCHEN_MESSAGES_PER_SECOND,
        bytesPerSecond: config.NADI_MAX_KITCHEN_BYTES_PER_SECOND,
      },
      person: { messagesPerSecond: 0, bytesPerSecond: fixed.personBytesPerSecond },
    },
    signIns: {
      burst: fixed.signInsBurst,
      perSecond: fixed.signInsPerSecond,
      devicesMax: fixed.credentialsCached,
    },
    connectionsPerPerson: fixed.connectionsPerPerson,
    connectionsMax: config.NADI_MAX_CONNECTIONS,
    connectionsPerPrincipal: isConformance
      ? conformanceLimits.connectionsPerPrincipal
      : fixed.connectionsPerPrincipal,
    pendingJournalBytes: config.NADI_MAX_PENDING_BYTES,
    connectDeadlineMs: fixed.connectDeadlineMs,
    congestedBytes: fixed.congestedBytes,
    congestedBytesOfPerson: fixed.congestedBytesOfPerson,
    frozen: { frozenMs: fixed.frozenMs, takenBytesMin: fixed.takenBytesMin },
    credentialsCached: fixed.credentialsCached,
  };
}

/** Clients must not take the files that the journal needs. */
function withinOpenFiles(config: BrokerConfig, room: SocketRoom, log: Logger): BrokerConfig {
  const { NADI_MAX_CONNECTIONS: wanted } = config;
  if (wanted <= room.mqttConnections) return config;
  log.warn({ wanted, ...room }, "few open files: fewer connections are taken");
  return { ...config, NADI_MAX_CONNECTIONS: room.mqttConnections };
}

/** `null`: no TLS is wanted. */
function readTlsFiles(config: BrokerConfig): TlsFiles | null {
  const { NADI_TLS_CERT: certFile, NADI_TLS_KEY: keyFile, NADI_TLS_CLIENT_CA: caFile } = config;
  if (certFile === undefined || keyFile === undefined) return null;
  return {
    cert: readConfiguredFile("NADI_TLS_CERT", certFile),
    key: readConfiguredFile("NADI_TLS_KEY", keyFile),
    clientCa: caFile === undefined ? null : readConfiguredFile("NADI_TLS_CLIENT_CA", caFile),
  };
}

/** Clients must not take the memory without which the kernel ends the process. */
function withinMemory(config: BrokerConfig, log: Logger): BrokerConfig {
  const { NADI_MAX_CONNECTIONS: wanted } = config;
  const mqttConnections = connectionsInMemory();
  if (wanted <= mqttConnections) return config;
  log.warn({ wanted, mqttConnections }, "little memory: fewer connections are taken");
  return { ...config, NADI_MAX_CONNECTIONS: mqttConnections };
}

function commonListenOptions(
  { listeners, log }: BrokerOptions,
  config: BrokerConfig,
  room: SocketRoom,
): Omit<ListenOptions, "port" | "portVariable"> {
  return {
    host: config.NADI_MQTT_HOST,
    // Some more, so that the edge itself chooses, counts and names who is refused.
    connectionsMax: Math.min(config.NADI_MAX_CONNECTIONS + spareSockets, room.mqttSockets),
    handshakesPerAddress: config.NADI_MAX_PENDING_PER_ADDRESS,
    reusePort: listeners === "shared",
    onError: (error) => log.error({ err: error }, "accepting a connection failed"),
  };
}

/** The MQTT broker: call `start`, then it listens. */
export function createBroker(options: BrokerOptions): Broker {
  const { log } = options;
  const room = shareOpenFiles();
  const config = withinMemory(withinOpenFiles(options.config, room, log), log);
  const isConformance = options.isConformance ?? false;
  const edge = new Edge({ ...options, isConformance, limits: edgeLimits(config, isConformance) });
  const listeners: Listener[] = [];
  const ports: { mqtt: number; mqtts: number | null } = { mqtt: 0, mqtts: null };
  let stopping: Promise<void> | null = null;

  const listenOptions = (portVariable: "NADI_MQTT_PORT" | "NADI_MQTTS_PORT"): ListenOptions => ({
    ...commonListenOptions(options, config, room),
    port: config[portVariable],
    portVariable,
  });
  const accept = (conn: Duplex, origin: ConnectionOrigin): void => edge.handle(conn, origin);

  const startTls = async (): Promise<void> => {
    const files = readTlsFiles(config);
    if (files === null) return;
    const listener = await listenTls(
      { ...listenOptions("NADI_MQTTS_PORT"), ...files },
      accept,
      (address, reason) => {
        const origin = { address, transport: "tls", certificateName: null } as const;
        edge.refusals.record("certificate", { principal: null, origin }, reason);
      },
    );
    listeners.push(listener);
    ports.mqtts = listener.port;
    log.info({ host: listener.host, port: listener.port }, "mqtt over tls listening");
  };

  const stop = async (): Promise<void> => {
    for (const listener of listeners) listener.stopAccepting();
    await edge.stop();
    await Promise.all(listeners.map((listener) => listener.close()));
  };

  return {
    cluster: null,
    edge,
    ports,
    start: async () => {
      await edge.start();
      if (options.listeners === "none") return;
      const listener = await listenTcp(listenOptions("NADI_MQTT_PORT"), accept);
      listeners.push(listener);
      ports.mqtt = listener.port;
      log.info({ host: listener.host, port: listener.port }, "mqtt listening");
      await startTls();
    },
    stopAccepting: () => {
      for (const listener of listeners) listener.stopAccepting();
    },
    stop: () => (stopping ??= stop()),
    handle: accept,
    presenceOf: (sppgId) => presenceOf(edge.retained, sppgId),
    command: (message) => edge.sessions.route({ ...message, qos: 1, retain: false }),
    mqtt: () =>
      doorForDevices(config) ?? {
        host: config.NADI_MQTT_HOST,
        port: ports.mqtt,
        tlsPort: ports.mqtts,
      },
    onPresence: (listener) => edge.onPresence(listener),
    onInterest: (listener) => edge.onInterest(listener),
  };
}

/** Where people are told to connect devices; `null`: to a listener of this process. */
export function doorForDevices(
  config: Pick<BrokerConfig, "NADI_MQTT_DEVICES_URL">,
): ReturnType<Broker["mqtt"]> | null {
  const { NADI_MQTT_DEVICES_URL: url } = config;
  if (url === undefined) return null;
  const { host, port, isTls } = mqttAddressOf(url);
  return { host, port, tlsPort: isTls ? port : null };
}
