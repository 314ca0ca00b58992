import type { QoS } from "./packet-types.ts";
import { Router } from "./router.ts";
import {
  Session,
  type Message,
  type Outlet,
  type SessionCounters,
  type SessionLimits,
} from "./session.ts";
import { encodePublish } from "./encode.ts";

export interface SessionStoreLimits extends SessionLimits {
  /** Kept sessions (clean session 0) of one principal. */
  persistentPerPrincipal: number;
  persistentMax: number;
  /** How long a session outlives its connection. */
  expirySeconds: number;
  filtersPerSession: number;
}

/**
 * All sessions of this process, in memory. They do not survive a restart; telemetry never depends
 * on them, because a PUBACK is the journal's.
 */
export class SessionStore {
  readonly counters: SessionCounters = { delivered: 0, droppedCongested: 0, droppedQueueFull: 0 };
  readonly #limits: SessionStoreLimits;
  readonly #sessions = new Map<string, Session>();
  readonly #router = new Router<Session>();
  /** Kept sessions (clean session 0) by principal. */
  readonly #kept = new Map<string, Set<Session>>();
  #keptCount = 0;
  /** Kept sessions whose clients are away, longest first. */
  readonly #away = new Set<Session>();

  constructor(limits: SessionStoreLimits) {
    this.#limits = limits;
  }

  get count(): number {
    return this.#sessions.size;
  }

  /** The kept session that a CONNECT with clean session 0 would resume, or `null`. */
  findPersistent(id: string): Session | null {
    const session = this.#sessions.get(id);
    return session === undefined || session.isClean ? null : session;
  }

  get(id: string): Session | null {
    return this.#sessions.get(id) ?? null;
  }

  /** Ends whatever session the id had: CONNECT with clean session 1 [MQTT-3.1.2-6]. */
  discard(id: string): void {
    const session = this.#sessions.get(id);
    if (session === undefined) return;
    for (const filter of session.filters.keys()) this.#router.remove(filter, session);
    this.#sessions.delete(id);
    if (session.isClean) return;
    this.#away.delete(session);
    this.#keptCount--;
    const own = this.#kept.get(session.principalName);
    own?.delete(session);
    if (own?.size === 0) this.#kept.delete(session.principalName);
  }

  /** Binds a connection to its session, new or resumed. */
  attach(ids: { id: string; principalName: string; isClean: boolean }, outlet: Outlet): Session {
    const kept = ids.isClean ? null : this.findPersistent(ids.id);
    if (kept !== null) {
      this.#away.delete(kept);
      kept.attach(outlet);
      return kept;
    }
    this.discard(ids.id);
    const session = new Session({ ...ids, limits: this.#limits, counters: this.counters });
    this.#sessions.set(ids.id, session);
    if (!ids.isClean) this.#keep(session);
    session.attach(outlet);
    return session;
  }

  /** The connection has ended: a clean session ends with it, another waits for its client. */
  detach(id: string, outlet: Outlet, nowMs: number): void {
    const session = this.#sessions.get(id);
    if (session === undefined || session.outlet !== outlet) return;
    if (session.isClean) this.discard(id);
    else {
      session.detach(nowMs);
      this.#away.add(session);
      this.#trimKept(session.principalName);
    }
  }

  subscribe(session: Session, filter: string, qos: QoS): void {
    session.filters.set(filter, qos);
    this.#router.add(filter, session, qos);
  }

  unsubscribe(session: Session, filter: string): void {
    if (session.filters.delete(filter)) this.#router.remove(filter, session);
  }

  hasRoomForFilter(session: Session | null, filter: string): boolean {
    if (session === null || session.filters.has(filter)) return true;
    return session.filters.size < this.#limits.filtersPerSession;
  }

  /** Hands a message to every session with a matching filter. Never waits, never fails. */
  route(message: Message): void {
    let encoded: Buffer | null = null;
    const shared = (): Buffer =>
      (encoded ??= encodePublish({ ...message, qos: 0, dup: false, messageId: 0 }));
    for (const { subscriber, qos } of this.#router.match(message.topicName)) {
      subscriber.deliver(message, qos, shared);
    }
  }

  /** Whether anyone here would receive a message on this topic now. */
  hasSubscriber(topicName: string): boolean {
    return this.#router.match(topicName).length > 0;
  }

  /** Discards what has been away for longer than the limit; call it now and then. */
  expire(nowMs: number): void {
    const oldestMs = nowMs - this.#limits.expirySeconds * 1000;
    for (const session of this.#away) {
      if ((session.awaySinceMs ?? nowMs) >= oldestMs) return;
      this.discard(session.id);
    }
  }

  /** Discards a principal's sessions whose clients are away: its rights are gone. */
  discardPrincipal(principalName: string): void {
    const own = [...(this.#kept.get(principalName) ?? [])];
    for (const session of own) {
      if (session.awaySinceMs !== null) this.discard(session.id);
    }
  }

  #keep(session: Session): void {
    const own = this.#kept.get(session.principalName) ?? new Set();
    own.add(session);
    this.#kept.set(session.principalName, own);
    this.#keptCount++;
    this.#trimKept(session.principalName);
  }

  /** The longest away yield to a new one; a session in use is never discarded. */
  #trimKept(principalName: string): void {
    const own = this.#kept.get(principalName) ?? new Set();
    for (const session of this.#away) {
      const isOverOwn =
        own.size > this.#limits.persistentPerPrincipal && session.principalName === principalName;
      if (isOverOwn || this.#keptCount > this.#limits.persistentMax) this.discard(session.id);
      else if (own.size <= this.#limits.persistentPerPrincipal) return;
    }
  }
}
