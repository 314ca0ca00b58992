import type { Logger } from "pino";
import { readConfiguredFile } from "../../devices/index.ts";
import { commandMsMax } from "../command-time.ts";
import type { Delivery } from "../edge/session.ts";
import type { Journal } from "../journal/journal.ts";
import { type ClusterConfig, describeCluster } from "./config.ts";
import type { ProtocolVersion } from "./connection.ts";
import { planFilters } from "./filters.ts";
import { Intake } from "./intake.ts";
import { Member, type MemberContext } from "./member.ts";
import { type ClusterPlace, clientIdOf, readPlace, writePlace } from "./place.ts";
import { Retirement } from "./retirement.ts";

export interface ClusterOptions {
  config: ClusterConfig;
  journal: Pick<Journal, "append">;
  /** Remembers which sessions are ours. */
  dataDir: string;
  log: Logger;
  limits: ClusterLimits;
  clock: { monotonicMs: () => number };
  /** 0 to 1; spreads attempts. */
  random: () => number;
}

export interface ClusterLimits {
  /** Bytes under way to the journal, of all connections. */
  pendingBytesMax: number;
  packetBytesMax: number;
  /** Messages of one connection that are not acknowledged. */
  inFlightMax: number;
  keepAliveSeconds: number;
  /** How often a session that is given up is looked at; quiet for two looks, it is ended. */
  retireLookMs: number;
}

export interface ClusterState {
  ready: number;
  wanted: number;
  protocolVersion: ProtocolVersion;
  /** Why a connection is missing. */
  problem: string | null;
}

/** As the embedded broker: what is not synced then is not acknowledged, and comes again. */
const stopIdleMs = 2_500;

/**
 * The MQTT edge of those who have a cluster already: a pool of connections whose sessions the
 * cluster keeps, and whose messages are acknowledged when the journal has them on disk.
 */
export class Cluster {
  readonly intake: Intake;
  readonly #options: ClusterOptions;
  readonly #protocol: { version: ProtocolVersion } = { version: 5 };
  readonly #members: Member[] = [];
  readonly #retirements = new Set<Retirement>();
  #place: ClusterPlace | null = null;
  #told: "nothing" | "joined" | "away" = "nothing";
  #nextSender = 0;
  #stopping: Promise<void> | null = null;

  constructor(options: ClusterOptions) {
    const { journal, log, limits, clock } = options;
    this.#options = options;
    this.intake = new Intake({
      journal,
      log,
      pendingBytesMax: limits.pendingBytesMax,
      payloadBytesMax: limits.packetBytesMax,
      onRelieved: () => this.#resume(),
      monotonicMs: clock.monotonicMs,
    });
  }

  get state(): ClusterState {
    const { protocolVersion, ready } = this.#count();
    const problem = this.#members.find((member) => member.problem !== null)?.problem ?? null;
    const wanted = this.#options.config.connections;
    if (problem === null) return { ready, wanted, protocolVersion, problem: null };
    const detail = "detail" in problem ? problem.detail : problem.kind;
    return { ready, wanted, protocolVersion, problem: detail };
  }

  /** Begins to connect; a cluster that is away is waited for. */
  async start(): Promise<void> {
    const { config, dataDir, limits } = this.#options;
    const before = await readPlace(dataDir);
    const sessions = Math.max(before.sessions, config.connections);
    this.#place = { ...before, sessions };
    await writePlace(dataDir, this.#place);
    const { caFile } = config;
    const ca = caFile === undefined ? undefined : readConfiguredFile("NADI_MQTT_CA", caFile);
    const context = this.#context(ca);
    for (let index = 0; index < sessions; index += 1) {
      const clientId = clientIdOf(this.#place, index);
      const own = { ...context, isKnown: index < before.sessions };
      if (index < config.connections) this.#members.push(new Member(clientId, own));
      else this.#retirements.add(new Retirement(clientId, own, limits.retireLookMs));
    }
    for (const member of this.#members) member.start();
    const { log } = this.#options;
    this.#retire().catch((error: unknown) => {
      log.error({ err: error }, "sessions of the cluster could not be given up");
    });
  }

  /**
   * Takes nothing more, waits for what is under way, acknowledges it, and leaves. The cluster keeps
   * the sessions. Idempotent.
   */
  stop(): Promise<void> {
    return (this.#stopping ??= this.#stop());
  }

  /**
   * Publishes to a device, with an expiry if the cluster speaks MQTT 5. `waiting`: the cluster has
   * it, and does not tell whether the device is connected; `null`: nobody listens, where that is
   * told; `dropped`: the cluster has not said that it has it.
   */
  async command(message: {
    topicName: string;
    payload: Buffer;
    expiresAtMs: number;
  }): Promise<Delivery | null> {
    const { topicName, payload, expiresAtMs } = message;
    const connection = this.#sender();
    if (connection === null) return "dropped";
    const lifeMs = expiresAtMs - this.#options.clock.monotonicMs();
    const lifeSeconds = Math.max(1, Math.ceil(lifeMs / 1_000));
    const tooLong = Promise.withResolvers<"dropped">();
    const timer = setTimeout(() => tooLong.resolve("dropped"), commandMsMax);
    const taken = connection.publish({ topicName, payload, lifeSeconds }).then(
      (isHeard) => (isHeard ? "waiting" : null),
      (error: unknown) => {
        this.#options.log.warn({ err: error, topicName }, "the cluster has refused a command");
        return "dropped" as const;
      },
    );
    return Promise.race([taken, tooLong.promise]).finally(() => clearTimeout(timer));
  }

  #context(ca: Buffer | undefined): Omit<MemberContext, "isKnown"> {
    const { config, limits, log, random } = this.#options;
    const { host, port, isTls, username, password, isShared } = config;
    const { inFlightMax, packetBytesMax, keepAliveSeconds } = limits;
    const filters = planFilters(isShared);
    const place = { host, port, isTls, ca, username, password };
    return {
      connection: {
        ...place,
        filters,
        keepsSession: true,
        inFlightMax,
        packetBytesMax,
        keepAliveSeconds,
      },
      protocol: this.#protocol,
      intake: this.intake,
      log,
      random,
      onChange: () => this.#tell(),
    };
  }

  #sender() {
    for (let tried = 0; tried < this.#members.length; tried += 1) {
      this.#nextSender = (this.#nextSender + 1) % this.#members.length;
      const connection = this.#members[this.#nextSender]?.connection ?? null;
      if (connection !== null) return connection;
    }
    return null;
  }

  #count(): { ready: number; protocolVersion: ProtocolVersion } {
    const ready = this.#members.filter(({ connection }) => connection !== null).length;
    return { ready, protocolVersion: this.#protocol.version };
  }

  #resume(): void {
    for (const member of this.#members) member.resume();
    for (const retirement of this.#retirements) retirement.resume();
  }

  /** Once a change: what an hour of attempts says is always the same. */
  #tell(): void {
    const { ready, wanted, protocolVersion, problem } = this.state;
    const cluster = describeCluster(this.#options.config);
    if (ready === wanted && this.#told !== "joined") {
      this.#told = "joined";
      this.#options.log.info(
        { cluster, connections: ready, protocolVersion },
        "mqtt cluster joined",
      );
    } else if (ready === 0 && problem !== null && this.#told !== "away") {
      this.#told = "away";
      this.#options.log.warn({ cluster, reason: problem }, "mqtt cluster is away");
    }
  }

  async #retire(): Promise<void> {
    const { config, dataDir, log } = this.#options;
    const gone = await Promise.all([...this.#retirements].map((one) => one.run(log)));
    if (gone.length === 0 || !gone.every(Boolean) || this.#place === null) return;
    this.#place = { ...this.#place, sessions: config.connections };
    await writePlace(dataDir, this.#place);
  }

  async #stop(): Promise<void> {
    const tooLong = Promise.withResolvers<void>();
    const timer = setTimeout(tooLong.resolve, stopIdleMs);
    await Promise.race([this.intake.stop(), tooLong.promise]);
    clearTimeout(timer);
    await Promise.all([...this.#members, ...this.#retirements].map((one) => one.stop()));
  }
}
