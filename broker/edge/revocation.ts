import type { RegistryChange } from "../../devices/index.ts";
import type { LoginSource } from "../ports.ts";
import type { Connection } from "./connection.ts";
import type { CredentialCache } from "./credential-cache.ts";
import { devicePrincipal } from "./principal.ts";
import type { PrincipalIndex } from "./principal-index.ts";
import { findSecret } from "./sign-in.ts";

/** How soon a judgement that could not be made is tried again. */
export const retryMs = 250;
/** Node's timers hold no more; a later end is looked at again then. */
const timerMsMax = 2 ** 31 - 1;

interface Planned {
  timer: NodeJS.Timeout;
  dueMs: number;
}

/**
 * Judges connections again after a change. A connection stands in the index before its credential
 * is read, so a change either comes before the read, or finds the connection here.
 */
export class Revocation {
  readonly #source: LoginSource;
  readonly #cache: CredentialCache;
  readonly #index: PrincipalIndex<Connection>;
  readonly #wallMs: () => number;
  readonly #revoke: (connection: Connection) => void;
  readonly #stopListening: () => void;
  readonly #planned = new Map<Connection, Planned>();
  #isStopped = false;

  constructor(options: {
    source: LoginSource;
    cache: CredentialCache;
    index: PrincipalIndex<Connection>;
    wallMs: () => number;
    revoke: (connection: Connection) => void;
  }) {
    this.#source = options.source;
    this.#cache = options.cache;
    this.#index = options.index;
    this.#wallMs = options.wallMs;
    this.#revoke = options.revoke;
    this.#stopListening = this.#source.onChange((change) => this.#apply(change));
  }

  /** Looks again when the secret's life ends. */
  watchExpiry(connection: Connection, expiresAtMs: number | null): void {
    if (expiresAtMs === null) return;
    this.#schedule(connection, Math.min(timerMsMax, Math.max(0, expiresAtMs - this.#wallMs())));
  }

  forget(connection: Connection): void {
    clearTimeout(this.#planned.get(connection)?.timer);
    this.#planned.delete(connection);
  }

  /** Connections that will be judged again by time. */
  get plannedCount(): number {
    return this.#planned.size;
  }

  /** Idempotent. */
  stop(): void {
    this.#isStopped = true;
    this.#stopListening();
    for (const { timer } of this.#planned.values()) clearTimeout(timer);
    this.#planned.clear();
  }

  #apply(change: RegistryChange): void {
    // What people, rules and alerts are is no device's business.
    if (!["kitchen", "device", "credential"].includes(change.kind)) return;
    this.#cache.apply(change);
    for (const connection of this.#touchedBy(change)) void this.#judge(connection);
  }

  #touchedBy(change: RegistryChange): readonly Connection[] {
    if (change.sppgId === null) return this.#index.all();
    if (change.subject === null || change.kind === "kitchen") {
      return this.#index.ofKitchen(change.sppgId);
    }
    return this.#index.ofPrincipal(`${change.sppgId}.${change.subject}`);
  }

  /** Never rejects: what can't be judged now is judged soon, and the socket stays until then. */
  async #judge(connection: Connection): Promise<void> {
    const { principal } = connection;
    if (principal === null) {
      // Its sign-in may have had its answer before the change and not have come to its end.
      this.#schedule(connection, retryMs);
      return;
    }
    if (principal.kind !== "device") return;
    let login;
    try {
      login = await this.#cache.find(principal.sppgId, principal.deviceId);
    } catch {
      // The source has reported why it can't be read.
      this.#schedule(connection, retryMs);
      return;
    }
    if (connection.conn.destroyed || this.#isStopped) return;
    if (login === null || !login.enabled) {
      this.#revoke(connection);
      return;
    }
    if (connection.secretHash !== null) {
      const secret = findSecret(login, connection.secretHash, this.#wallMs());
      if (secret === null) {
        this.#revoke(connection);
        return;
      }
      this.watchExpiry(connection, secret.expiresAtMs);
    }
    // The codec may be another one.
    connection.principal = devicePrincipal(login);
  }

  /** An earlier look stays planned: it plans the next one itself. */
  #schedule(connection: Connection, delayMs: number): void {
    if (this.#isStopped || connection.conn.destroyed) return;
    const dueMs = this.#wallMs() + delayMs;
    const planned = this.#planned.get(connection);
    if (planned !== undefined && planned.dueMs <= dueMs) return;
    this.forget(connection);
    const timer = setTimeout(() => {
      this.#planned.delete(connection);
      void this.#judge(connection);
    }, delayMs);
    this.#planned.set(connection, { timer, dueMs });
  }
}
