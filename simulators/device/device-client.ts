import { connect, type MqttClient } from "mqtt";
import { Outbox } from "./outbox.ts";

/** A device's login, as `nadi device add --json` prints it. */
export interface DeviceCredentials {
  sppgId: string;
  deviceId: string;
  clientId: string;
  username: string;
  password: string;
}

/** What all devices of a fleet share. */
export interface FleetContext {
  host: string;
  port: number;
  /** Messages of one device that wait for their PUBACK at a time. */
  windowMax: number;
  outboxMessagesMax: number;
  /** 0 to 1; spreads reconnects. */
  random(): number;
  counters: FleetCounters;
  onAcked(client: DeviceClient, message: { topicName: string; payload: string }): void;
}

export interface FleetCounters {
  sent: number;
  acked: number;
  live: number;
  connects: number;
  /** Live connections that ended without our asking. */
  losses: number;
  /** CONNECTs that the broker answered with a return code above 0. */
  refused: number;
}

export const clientTimes = {
  connackTimeoutMs: 15_000,
  keepAliveSeconds: 60,
  /** Without an answer this long a connection is given up and everything in flight sent again. */
  ackTimeoutMs: 20_000,
  backoffMinMs: 250,
  backoffMaxMs: 15_000,
} as const;

/**
 * One device: its connection, which may be replaced, and its outbox, which may not. mqtt.js is
 * used for one connection at a time and never reconnects by itself: its store resends one message
 * at a time and loses some (mqtt.js#2015). A new connection is a new client, and our outbox alone
 * knows what is still owed.
 */
export class DeviceClient {
  readonly credentials: DeviceCredentials;
  readonly outbox: Outbox;
  readonly #context: FleetContext;
  #mqtt: MqttClient | null = null;
  #isLive = false;
  #isLinked = true;
  #isStopped = false;
  #attempts = 0;
  #retryAtMs: number;
  /** When the broker last answered, or was first asked after an idle time. */
  #progressAtMs = 0;

  constructor(credentials: DeviceCredentials, context: FleetContext, startAtMs: number) {
    this.credentials = credentials;
    this.outbox = new Outbox(context.outboxMessagesMax);
    this.#context = context;
    this.#retryAtMs = startAtMs;
  }

  get isLive(): boolean {
    return this.#isLive;
  }

  get isConnecting(): boolean {
    return this.#mqtt !== null && !this.#isLive;
  }

  /** The world takes the network away, or gives it back. */
  setLinked(isLinked: boolean, nowMs: number): void {
    this.#isLinked = isLinked;
    this.#retryAtMs = nowMs;
    this.#attempts = 0;
    if (!isLinked) this.#drop();
  }

  publish(topicName: string, payload: string, nowMs: number): void {
    this.outbox.add(topicName, payload);
    this.#send(nowMs);
  }

  /** What is due at a moment. `mayConnect`: the fleet has room for one more CONNECT. */
  tick(nowMs: number, mayConnect: boolean): void {
    const isStalled = nowMs - this.#progressAtMs > clientTimes.ackTimeoutMs;
    if (this.#isLive && this.outbox.inFlight > 0 && isStalled) {
      this.#context.counters.losses += 1;
      this.#drop();
      this.#backOff(nowMs);
      return;
    }
    if (this.#mqtt !== null || this.#isStopped || !this.#isLinked) return;
    if (mayConnect && nowMs >= this.#retryAtMs) this.#open(nowMs);
  }

  /** Ends the connection for good, with a DISCONNECT where there is one. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    const client = this.#mqtt;
    const wasLive = this.#isLive;
    this.#forget();
    if (client !== null) await client.endAsync(!wasLive);
  }

  #open(nowMs: number): void {
    const { host, port, counters } = this.#context;
    const { clientId, username, password } = this.credentials;
    const client = connect({
      host,
      port,
      protocol: "mqtt",
      protocolVersion: 4,
      clientId,
      username,
      password,
      clean: true,
      reconnectPeriod: 0,
      resubscribe: false,
      keepalive: clientTimes.keepAliveSeconds,
      connectTimeout: clientTimes.connackTimeoutMs,
    });
    this.#mqtt = client;
    client.on("connect", () => {
      if (this.#mqtt !== client) return;
      this.#isLive = true;
      this.#attempts = 0;
      this.#progressAtMs = Date.now();
      counters.live += 1;
      counters.connects += 1;
      this.#send(Date.now());
    });
    client.on("error", (error) => {
      const returnCode = "code" in error ? error.code : undefined;
      // A number is the CONNACK's; a socket's error has a word and is followed by "close".
      if (typeof returnCode === "number" && !this.#isLive) counters.refused += 1;
    });
    client.on("close", () => {
      if (this.#mqtt !== client) return;
      if (this.#isLive) counters.losses += 1;
      this.#forget();
      this.#backOff(Date.now());
      // Nothing of the old client may outlive it: not its timers, not its store.
      client.end(true);
    });
    this.#progressAtMs = nowMs;
  }

  #send(nowMs: number): void {
    const client = this.#mqtt;
    if (client === null || !this.#isLive) return;
    while (this.outbox.inFlight < this.#context.windowMax) {
      if (this.outbox.inFlight === 0) this.#progressAtMs = nowMs;
      const message = this.outbox.take();
      if (message === null) return;
      this.#context.counters.sent += 1;
      client.publish(message.topicName, message.payload, { qos: 1 }, (error) => {
        // An error is a connection's end, which requeues; the callback may also never come, and
        // then `tick` finds the stall.
        if (error instanceof Error) return;
        this.#progressAtMs = Date.now();
        if (!this.outbox.acknowledge(message.id)) return;
        this.#context.counters.acked += 1;
        this.#context.onAcked(this, message);
        this.#send(this.#progressAtMs);
      });
    }
  }

  #backOff(nowMs: number): void {
    const { backoffMinMs, backoffMaxMs } = clientTimes;
    const ceilingMs = Math.min(backoffMaxMs, backoffMinMs * 2 ** this.#attempts);
    this.#attempts += 1;
    this.#retryAtMs = nowMs + ceilingMs * (0.5 + this.#context.random() / 2);
  }

  #drop(): void {
    const client = this.#mqtt;
    this.#forget();
    client?.end(true);
  }

  #forget(): void {
    if (this.#isLive) this.#context.counters.live -= 1;
    this.#mqtt = null;
    this.#isLive = false;
    this.outbox.requeue();
  }
}
