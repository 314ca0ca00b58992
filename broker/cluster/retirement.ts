import type { Logger } from "pino";
import { ClusterConnection } from "./connection.ts";
import { allFilters, type FilterPlan } from "./filters.ts";
import { Member, type MemberContext } from "./member.ts";

const noFilters: FilterPlan = { wanted: [], unwanted: allFilters };

/**
 * Ends a session that a smaller pool has no place for: takes back its subscriptions, takes what
 * waits in it, and has the cluster forget it.
 */
export class Retirement {
  readonly #clientId: string;
  readonly #context: MemberContext;
  readonly #member: Member;
  readonly #done = Promise.withResolvers<boolean>();
  readonly #lookMs: number;
  #timer: NodeJS.Timeout | null = null;
  #messagesSeen = -1;
  #last: ClusterConnection | null = null;
  #isStopped = false;

  /** Quiet for two looks: then nothing waits in the session any more. */
  constructor(clientId: string, context: MemberContext, lookMs: number) {
    this.#clientId = clientId;
    this.#lookMs = lookMs;
    this.#context = {
      ...context,
      connection: { ...context.connection, filters: noFilters },
      onChange: () => undefined,
    };
    this.#member = new Member(clientId, this.#context);
  }

  /** `true`: the session is gone. `false`: we stopped before, and the next start goes on. */
  run(log: Logger): Promise<boolean> {
    this.#member.start();
    this.#timer = setInterval(() => this.#look(log), this.#lookMs);
    return this.#done.promise;
  }

  resume(): void {
    this.#member.resume();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#stopLooking();
    await Promise.all([this.#member.stop(), this.#last?.close()]);
    this.#done.resolve(false);
  }

  #look(log: Logger): void {
    if (this.#member.connection === null) return;
    const isQuiet = this.#member.messages === this.#messagesSeen;
    this.#messagesSeen = this.#member.messages;
    if (!isQuiet || this.#member.owed > 0) return;
    this.#stopLooking();
    void this.#member.stop().finally(() => {
      if (!this.#isStopped) this.#forget(log);
    });
  }

  /** A clean session in place of the old one, which ends with its connection. */
  #forget(log: Logger): void {
    const { connection: common, protocol } = this.#context;
    const connection: ClusterConnection = new ClusterConnection({
      ...common,
      clientId: this.#clientId,
      protocolVersion: protocol.version,
      keepsSession: false,
      mayRead: () => true,
      onMessage: () => undefined,
      onReady: () => void this.#leave(connection, log),
      onEnd: () => this.#done.resolve(false),
    });
    this.#last = connection;
  }

  async #leave(connection: ClusterConnection, log: Logger): Promise<void> {
    await connection.close();
    log.info({ clientId: this.#clientId }, "a session of the cluster is given up");
    this.#done.resolve(true);
  }

  #stopLooking(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }
}
