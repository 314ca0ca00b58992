import type { Logger } from "pino";
import { backoffMs } from "./backoff.ts";
import { ClusterConnection, type ConnectionOptions, type EndReason } from "./connection.ts";
import type { Intake, IntakeInlet } from "./intake.ts";

export interface MemberContext {
  /** All of a connection but what belongs to one attempt. */
  connection: Omit<
    ConnectionOptions,
    "clientId" | "protocolVersion" | "mayRead" | "onMessage" | "onReady" | "onEnd"
  >;
  /** What the cluster speaks, as found out by now: all members share it. */
  protocol: { version: ConnectionOptions["protocolVersion"] };
  intake: Intake;
  log: Logger;
  random: () => number;
  /** This client id has had a session before: then it should still be there. */
  isKnown: boolean;
  onChange: () => void;
}

/**
 * One place in the pool: a client id that stays the same over restarts, so that the cluster keeps
 * its session, and a connection that is made again and again.
 */
export class Member {
  readonly #clientId: string;
  readonly #context: MemberContext;
  #connection: ClusterConnection | null = null;
  #inlet: IntakeInlet | null = null;
  #retryTimer: NodeJS.Timeout | null = null;
  #attempts = 0;
  #isStopped = false;
  #wasReady: boolean;
  #problem: EndReason | null = null;
  #messages = 0;

  constructor(clientId: string, context: MemberContext) {
    this.#clientId = clientId;
    this.#context = context;
    this.#wasReady = context.isKnown;
  }

  /** The connection that takes messages by now. */
  get connection(): ClusterConnection | null {
    return this.#connection?.isReady === true ? this.#connection : null;
  }

  /** Why there is none, as the last attempt has found. */
  get problem(): EndReason | null {
    return this.connection === null ? this.#problem : null;
  }

  /** How many messages it has taken. */
  get messages(): number {
    return this.#messages;
  }

  /** Messages of its connection that wait for their acknowledgement. */
  get owed(): number {
    return this.#inlet?.owed() ?? 0;
  }

  start(): void {
    if (this.#isStopped || this.#connection !== null) return;
    const { connection: common, protocol, intake } = this.#context;
    const inlet = intake.connect({
      acknowledge: (messageId) => connection.acknowledge(messageId),
      failed: (error) => connection.reset(`the journal has failed: ${error.message}`),
    });
    const connection = new ClusterConnection({
      ...common,
      clientId: this.#clientId,
      protocolVersion: protocol.version,
      mayRead: () => intake.mayRead,
      onMessage: (message) => {
        this.#messages += 1;
        inlet.take(message);
      },
      onReady: (facts) => this.#ready(facts),
      onEnd: (reason) => this.#ended(reason),
    });
    this.#connection = connection;
    this.#inlet = inlet;
  }

  resume(): void {
    this.#connection?.resume();
  }

  /** Says goodbye; the cluster keeps the session. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    if (this.#retryTimer !== null) clearTimeout(this.#retryTimer);
    this.#retryTimer = null;
    const connection = this.#connection;
    this.#connection = null;
    await connection?.close();
  }

  #ready({ hasSession }: { hasSession: boolean }): void {
    const { log, onChange } = this.#context;
    if (this.#wasReady && !hasSession) {
      log.warn(
        { clientId: this.#clientId },
        "the cluster has forgotten our session: what it took while we were away is lost",
      );
    }
    this.#wasReady = true;
    this.#attempts = 0;
    this.#problem = null;
    onChange();
  }

  #ended(reason: EndReason): void {
    const { protocol, onChange } = this.#context;
    this.#connection = null;
    if (this.#isStopped) return;
    if (reason.kind === "version") {
      protocol.version = 4;
      this.start();
      return;
    }
    this.#problem = reason;
    const waitMs = backoffMs(this.#attempts, this.#context.random);
    this.#attempts += 1;
    this.#retryTimer = setTimeout(() => this.start(), waitMs);
    onChange();
  }
}
