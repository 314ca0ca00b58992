import type { Connection } from "./connection.ts";

export interface PeopleOptions {
  /** Sockets of one person, over all of their sessions. */
  connectionsPerPerson: number;
  /** Their session has ended, or their rights have changed. */
  revoke: (connection: Connection) => void;
  /** The longest open one yields to a new one, as a forgotten tab does. */
  yield: (connection: Connection) => void;
}

/** Some thousand pages that come back in one moment would keep the others from being served. */
const reconnectSpreadMs = 1_000;
const reconnectStepMs = 50;

/** The connections of people: each ends with its session, and nobody has too many. */
export class People {
  readonly #options: PeopleOptions;
  readonly #stopListening = new Map<Connection, () => void>();
  /** By user, oldest first. A Map, because people choose their names. */
  readonly #byUser = new Map<string, Set<Connection>>();
  /** Those that `reconnectAll` has not ended yet. */
  readonly #leaving: Connection[] = [];
  #reconnectTimer: NodeJS.Timeout | null = null;

  constructor(options: PeopleOptions) {
    this.#options = options;
  }

  get connectionCount(): number {
    return this.#stopListening.size;
  }

  /** Watches the session from the first moment on; `false`: it has ended already. */
  arrive(connection: Connection): boolean {
    const { person } = connection.origin;
    if (person === undefined) return true;
    if (person.isEnded) return false;
    const stop = person.onEnd(() => this.#options.revoke(connection));
    this.#stopListening.set(connection, stop);
    return true;
  }

  signedIn(connection: Connection): void {
    const { person } = connection.origin;
    if (person === undefined) return;
    const own = this.#byUser.get(person.userId) ?? new Set();
    this.#byUser.set(person.userId, own.add(connection));
    const surplus = own.size - this.#options.connectionsPerPerson;
    for (const oldest of [...own].slice(0, Math.max(0, surplus))) this.#options.yield(oldest);
  }

  /**
   * Ends all of them, spread over a second: what they show may lack something, and a page that
   * comes back reads a snapshot first. What is left of a running spread goes
   * with the new one.
   */
  reconnectAll(): void {
    this.#leaving.push(...this.#stopListening.keys());
    const stepCount = reconnectSpreadMs / reconnectStepMs;
    const perStep = Math.ceil(this.#leaving.length / stepCount);
    this.#reconnectTimer ??= setInterval(() => {
      for (const connection of this.#leaving.splice(0, perStep)) this.#options.yield(connection);
      if (this.#leaving.length === 0) this.stop();
    }, reconnectStepMs);
  }

  /** Idempotent. */
  stop(): void {
    if (this.#reconnectTimer !== null) clearInterval(this.#reconnectTimer);
    this.#reconnectTimer = null;
    this.#leaving.length = 0;
  }

  /** Idempotent. */
  leave(connection: Connection): void {
    this.#stopListening.get(connection)?.();
    this.#stopListening.delete(connection);
    const userId = connection.origin.person?.userId ?? "";
    const own = this.#byUser.get(userId);
    own?.delete(connection);
    if (own?.size === 0) this.#byUser.delete(userId);
  }
}
