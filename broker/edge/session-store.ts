import type { QoS } from "./packet-types.ts";
import { Router } from "./router.ts";
import {
  type Delivery,
  Session,
  type Message,
  type Outlet,
  type SessionCounters,
  type SessionLimits,
} from "./session.ts";
import { encodePublish } from "./encode.ts";
import { forWall } from "./wall.ts";

export interface SessionStoreLimits extends SessionLimits {
  /** Kept sessions (clean session 0) of one principal. */
  persistentPerPrincipal: number;
  persistentMax: number;
  /** How long a session outlives its connection. */
  expirySeconds: number;
  filtersPerSession: number;
}

/** Hears of each filter that a session has from now on, or has no more. */
export interface FilterWatcher {
  added(session: Session, filter: string): void;
  removed(session: Session, filter: string): void;
}

const noFilters: ReadonlySet<string> = new Set();

/** A message, and its QoS 0 encoding that is made once for all who get it. */
interface Shared {
  message: Message;
  encoded: () => Buffer;
}

function share(message: Message): Shared {
  let bytes: Buffer | null = null;
  const encoded = (): Buffer =>
    (bytes ??= encodePublish({ ...message, qos: 0, dup: false, messageId: 0 }));
  return { message, encoded };
}

/**
 * All sessions of this process, in memory. They do not survive a restart; telemetry never depends
 * on them, because a PUBACK is the journal's.
 */
export class SessionStore {
  readonly counters: SessionCounters = {
    delivered: 0,
    droppedCongested: 0,
    droppedQueueFull: 0,
    droppedExpired: 0,
  };
  readonly #limits: SessionStoreLimits;
  readonly #watcher: FilterWatcher | null;
  readonly #monotonicMs: () => number;
  readonly #sessions = new Map<string, Session>();
  readonly #router = new Router<Session>();
  /** Kept sessions (clean session 0) by principal. */
  readonly #kept = new Map<string, Set<Session>>();
  #keptCount = 0;
  /** Kept sessions whose clients are away, longest first. */
  readonly #away = new Set<Session>();

  constructor(
    limits: SessionStoreLimits,
    watcher: FilterWatcher | null = null,
    monotonicMs: () => number = () => performance.now(),
  ) {
    this.#limits = limits;
    this.#watcher = watcher;
    this.#monotonicMs = monotonicMs;
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
    for (const filter of session.filters.keys()) {
      this.#router.remove(filter, session);
      this.#watcher?.removed(session, filter);
    }
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
    const session = new Session({
      ...ids,
      limits: this.#limits,
      counters: this.counters,
      monotonicMs: this.#monotonicMs,
    });
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

  /**
   * `false`: not entered. A session that has ended meanwhile, by a takeover or a close, gets
   * nothing, because nobody would ever take it out of the router again; and the filters of one
   * SUBSCRIBE, which are all judged before the first is entered, may be too many together.
   */
  subscribe(session: Session, filter: string, qos: QoS): boolean {
    if (this.#sessions.get(session.id) !== session) return false;
    if (!this.hasRoomForFilter(session, filter)) return false;
    const isNew = !session.filters.has(filter);
    session.filters.set(filter, qos);
    this.#router.add(filter, session, qos);
    if (isNew) this.#watcher?.added(session, filter);
    return true;
  }

  unsubscribe(session: Session, filter: string): void {
    if (!session.filters.delete(filter)) return;
    this.#router.remove(filter, session);
    this.#watcher?.removed(session, filter);
  }

  /** `pending`: new filters that are granted and not entered yet. */
  hasRoomForFilter(
    session: Session | null,
    filter: string,
    pending: ReadonlySet<string> = noFilters,
  ): boolean {
    if (session === null || session.filters.has(filter) || pending.has(filter)) return true;
    return session.filters.size + pending.size < this.#limits.filtersPerSession;
  }

  /**
   * Hands a message to every session with a matching filter, and answers the best that became of
   * it; `null`: nobody listens. Never waits, never fails.
   */
  route(message: Message): Delivery | null {
    let best: Delivery | null = null;
    let forAll: Shared | null = null;
    let forWalls: Shared | null = null;
    for (const { subscriber, qos } of this.#router.match(message.topicName)) {
      const shared = subscriber.isOnWall
        ? (forWalls ??= share(forWall(message)))
        : (forAll ??= share(message));
      const delivery = subscriber.deliver(shared.message, qos, shared.encoded);
      if (best === null || best === "dropped" || delivery === "sent") best = delivery;
    }
    return best;
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

  /** Whose sessions are kept. */
  keptPrincipals(): string[] {
    return [...this.#kept.keys()];
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
    while (own.size > this.#limits.persistentPerPrincipal) {
      const longest = longestAway(own);
      if (longest === null) break;
      this.discard(longest.id);
    }
    for (const session of this.#away) {
      if (this.#keptCount <= this.#limits.persistentMax) return;
      this.discard(session.id);
    }
  }
}

function longestAway(sessions: Iterable<Session>): Session | null {
  let longest: Session | null = null;
  let longestSinceMs = Number.POSITIVE_INFINITY;
  for (const session of sessions) {
    const sinceMs = session.awaySinceMs;
    if (sinceMs === null || sinceMs >= longestSinceMs) continue;
    longest = session;
    longestSinceMs = sinceMs;
  }
  return longest;
}
