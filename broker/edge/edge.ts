import type { Duplex } from "node:stream";
import type { Logger } from "pino";
import type { Journal } from "../journal/journal.ts";
import type { AuditSink, LoginSource } from "../ports.ts";
import { AcceptBrake } from "./accept-brake.ts";
import { Access } from "./access.ts";
import { AddressGuard } from "./address-limits.ts";
import { Arrivals } from "./arrivals.ts";
import { listenToAedes } from "./aedes-events.ts";
import type { AedesClient } from "./aedes-private.ts";
import { AwaySessions } from "./away-sessions.ts";
import { Backlog } from "./backlog.ts";
import { Connection, type ConnectionOrigin } from "./connection.ts";
import { CredentialCache } from "./credential-cache.ts";
import { type ArrivedConnect, Entrance } from "./entrance.ts";
import { FairShare } from "./fair-share.ts";
import { Interest, type InterestListener } from "./interest.ts";
import type { EdgeClock, EdgeCounters, EdgeLimits } from "./limits.ts";
import { NadiAedes } from "./nadi-aedes.ts";
import type { GateFault } from "./packet-types.ts";
import { People } from "./people.ts";
import { createPersistence } from "./persistence.ts";
import { Presence, type PresenceChange } from "./presence.ts";
import { maySubscribe } from "./principal.ts";
import { PrincipalIndex } from "./principal-index.ts";
import { Pump, type PumpHost, type PumpLimits } from "./pump.ts";
import { type Refusal, Refusals } from "./refusals.ts";
import { RetainedMessages } from "./retained.ts";
import { Revocation } from "./revocation.ts";
import type { Message } from "./session.ts";
import { SessionStore } from "./session-store.ts";
import { Throttles } from "./throttles.ts";

/** Hears of each connection of a device that has signed in, and of its end. */
export interface DeviceWatcher {
  arrived(connection: Connection): void;
  left(connection: Connection): void;
}

export interface EdgeOptions {
  /** Where what devices publish is put down before it is acknowledged. */
  journal: Pick<Journal, "append">;
  logins: LoginSource;
  audit: AuditSink;
  log: Logger;
  clock: EdgeClock;
  limits: EdgeLimits;
  /** Anonymous, free topics, for outside test suites only. */
  isConformance: boolean;
}

const sweepMs = 500;
/** How long a client may take for its last bytes when we stop. */
const endWithinMs = 500;
/** How long a stop waits for the disk; what is not synced then is not acknowledged. */
const stopIdleMs = 2_500;

/**
 * The hardened front: gate, pump, sign-in, rights, sessions and presence around one Aedes.
 * `handle` takes any Duplex, so that TCP, TLS and, later, WebSockets share it.
 */
export class Edge implements PumpHost {
  readonly refusals: Refusals;
  readonly sessions: SessionStore;
  readonly retained: RetainedMessages;
  readonly presence: Presence;
  readonly counters: EdgeCounters = { accepted: 0, signedIn: 0, received: 0, journaled: 0 };
  readonly #options: EdgeOptions;
  readonly #access: Access;
  readonly shares: FairShare;
  readonly #aedes: NadiAedes;
  readonly #arrivals: Arrivals;
  readonly #awaySessions: AwaySessions;
  readonly #backlog: Backlog;
  readonly #cache: CredentialCache;
  readonly #guard: AddressGuard<Connection>;
  readonly #index = new PrincipalIndex<Connection>();
  readonly #interest = new Interest();
  readonly #people: People;
  readonly #revocation: Revocation;
  readonly #throttles: Throttles;
  readonly #connections = new Set<Connection>();
  readonly #deviceWatchers = new Set<DeviceWatcher>();
  readonly #heldBack = new Set<Pump>();
  #sweepTimer: NodeJS.Timeout | null = null;
  #isStopping = false;

  constructor(options: EdgeOptions) {
    const { limits, journal, logins, audit, log, clock } = options;
    this.#options = options;
    this.refusals = new Refusals({ audit, log, clock });
    this.sessions = new SessionStore(limits.sessions, this.#interest, clock.monotonicMs);
    this.shares = new FairShare(limits.shares);
    this.#guard = new AddressGuard(limits.address);
    this.#arrivals = new Arrivals({
      brake: new AcceptBrake(),
      guard: this.#guard,
      limits,
      monotonicMs: clock.monotonicMs,
      refusals: this.refusals,
      drop: (connection, refusal) => this.#drop(connection, refusal),
    });
    this.#cache = new CredentialCache(logins, limits.credentialsCached);
    this.retained = new RetainedMessages(limits.retained);
    this.#throttles = new Throttles(limits.rates);
    this.presence = new Presence((message) => this.publish(message), clock.wallMs);
    this.#backlog = new Backlog({
      journal,
      bytesMax: limits.pendingJournalBytes,
      onRelieved: () => this.#runHeldBack(),
    });
    this.#people = new People({
      connectionsPerPerson: limits.connectionsPerPerson,
      revoke: (connection) => this.#revoke(connection),
      yield: (connection) => connection.destroy(),
    });
    this.#revocation = new Revocation({
      source: logins,
      cache: this.#cache,
      index: this.#index,
      wallMs: clock.wallMs,
      revoke: (connection) => this.#revoke(connection),
    });
    const { sessions } = this;
    this.#awaySessions = new AwaySessions({ source: logins, cache: this.#cache, sessions });
    this.#access = new Access({
      ...options,
      sessions,
      refusals: this.refusals,
      counters: this.counters,
      backlog: this.#backlog,
      cache: this.#cache,
      guard: this.#guard,
      arrivals: this.#arrivals,
      index: this.#index,
      people: this.#people,
      throttles: this.#throttles,
      revocation: this.#revocation,
      route: (message) => this.publish(message),
    });
    this.#aedes = new NadiAedes(
      {
        authenticate: (client, credentials, callback) =>
          this.#access.authenticate(client, credentials, callback),
        authorizePublish: (client, packet, callback) =>
          this.#access.authorizePublish(client, packet, callback),
        authorizeSubscribe: (client, filter) => this.#access.authorizeSubscribe(client, filter),
      },
      {
        persistence: createPersistence(this.sessions, () => this.#access.acceptingVersion),
        connectDeadlineMs: limits.connectDeadlineMs,
        incomingMax: limits.sessions.incomingMax,
      },
    );
  }

  get limits(): PumpLimits {
    return this.#options.limits.pump;
  }

  get isSaturated(): boolean {
    return this.#backlog.isSaturated || this.#isStopping;
  }

  /** Of one device; the oldest yields. */
  get connectionsPerPrincipal(): number {
    return this.#options.limits.connectionsPerPrincipal;
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  get backlog(): { entries: number; bytes: number } {
    return { entries: this.#backlog.entries, bytes: this.#backlog.bytes };
  }

  get onlineCount(): number {
    return this.presence.onlineCount;
  }

  async start(): Promise<void> {
    await this.#aedes.listen();
    listenToAedes(this.#aedes, {
      log: this.#options.log,
      sessions: this.sessions,
      retained: this.retained,
      registered: (client) => this.#registered(client),
      opened: (connection) => this.#opened(connection),
    });
    this.#sweepTimer = setInterval(() => this.#sweep(), sweepMs);
  }

  /** Takes a new connection of any transport. */
  handle(conn: Duplex, origin: ConnectionOrigin): void {
    const connection = new Connection(conn, origin, this.#options.limits);
    this.counters.accepted++;
    if (this.#isStopping || !this.#hasRoom()) {
      if (!this.#isStopping) this.refusals.record("too-many-connections", connection);
      conn.on("error", () => conn.destroy());
      conn.destroy();
      return;
    }
    this.#connections.add(connection);
    conn.once("close", () => this.#closed(connection));
    const entrance: Entrance = new Entrance(conn, {
      limits: this.limits,
      onConnect: (arrived) => this.#connects(connection, entrance, arrived),
      onFault: ({ fault, returnCode }) => {
        this.onFault(connection, fault);
        this.#arrivals.refuse(connection, () => entrance.close(returnCode));
      },
    });
    entrance.open();
    this.#arrivals.admit(connection);
    if (!this.#people.arrive(connection)) this.#drop(connection, "session-ended");
  }

  /** Its CONNECT is well formed: when it may be judged, Aedes drives it from there on. */
  #connects(connection: Connection, entrance: Entrance, arrived: ArrivedConnect): void {
    const { conn, origin } = connection;
    const isDevice = origin.person === undefined && !this.#options.isConformance;
    this.#arrivals.attempt(connection, {
      name: isDevice ? (arrived.userName ?? origin.certificateName) : null,
      hold: () => entrance.hold(),
      pass: () => {
        entrance.release();
        if (conn.destroyed || this.#isStopping) return;
        const client = this.#aedes.accept(conn, connection);
        connection.client = client;
        connection.pump = new Pump(connection, { client, ...arrived }, this);
      },
    });
  }

  /** When full, the longest waiting one that has not signed in yields: real devices are quick. */
  #hasRoom(): boolean {
    if (this.#connections.size < this.#options.limits.connectionsMax) return true;
    const oldest = this.#arrivals.yieldOldest();
    if (oldest === null) return false;
    this.#closed(oldest);
    return true;
  }

  /** Publishes in Nadi's own name: presence now; live values, alerts and commands later. */
  publish(message: Message): void {
    if (message.retain && !this.retained.store(message)) {
      this.#options.log.warn({ topicName: message.topicName }, "no room for a retained message");
    }
    // [MQTT-3.3.1-9]: the flag is for those who subscribe later.
    this.sessions.route({ ...message, retain: false });
  }

  onInterest(listener: InterestListener): () => void {
    return this.#interest.onChange(listener);
  }

  /** People's connections end within a second, so that their pages read anew. */
  reconnectPeople(): void {
    if (!this.#isStopping) this.#people.reconnectAll();
  }

  watchDevices(watcher: DeviceWatcher): void {
    this.#deviceWatchers.add(watcher);
  }

  onPresence(listener: (change: PresenceChange) => void): () => void {
    return this.presence.onChange(listener);
  }

  /**
   * Stops reading, waits until what is under way is on disk and acknowledged, and ends the
   * connections. Wills are not sent: the devices did not fail, we stop.
   */
  async stop(): Promise<void> {
    this.#isStopping = true;
    const tooLong = Promise.withResolvers<void>();
    const timer = setTimeout(tooLong.resolve, stopIdleMs);
    await Promise.race([this.#backlog.idle(), tooLong.promise]);
    clearTimeout(timer);
    // Aedes writes an acknowledgement in one turn of the loop and the socket takes it in the next.
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    this.#people.stop();
    this.#revocation.stop();
    this.#awaySessions.stop();
    if (this.#sweepTimer !== null) clearInterval(this.#sweepTimer);
    this.#sweepTimer = null;
    await Promise.all([...this.#connections].map((connection) => connection.end(endWithinMs)));
    await new Promise<void>((resolve) => this.#aedes.close(resolve));
  }

  waitMs(connection: Connection): number {
    return connection.waitMs(this.#options.clock.monotonicMs());
  }

  onFault(connection: Connection, fault: GateFault): void {
    this.refusals.record(fault, connection);
  }

  onAcknowledged(connection: Connection, type: 4 | 5 | 7, messageId: number): void {
    if (connection.session?.acknowledge(type, messageId) === false) {
      this.#drop(connection, "unexpected-acks");
    }
  }

  setHeldBack(pump: Pump, isHeldBack: boolean): void {
    if (isHeldBack) this.#heldBack.add(pump);
    else this.#heldBack.delete(pump);
  }

  // --- Aedes' hooks and events.

  /** The former holder of the id is closed, CONNACK comes next. */
  #registered(client: AedesClient): void {
    const connection = client.req;
    const { principal } = connection;
    if (principal === null) return;
    if (client.closed || !this.#connections.has(connection)) {
      // It ended between sign-in and here; nothing would ever take it out again.
      this.#aedes.unregisterClient(client);
      return;
    }
    const ids = { id: client.id, principalName: principal.name, isClean: client.clean };
    connection.session = this.sessions.attach(ids, connection);
    // What the principal may not read any more is not restored.
    for (const filter of connection.session.filters.keys()) {
      if (!maySubscribe(principal, filter)) this.sessions.unsubscribe(connection.session, filter);
    }
    this.counters.signedIn++;
    if (principal.kind === "device") {
      this.presence.connected(principal);
      connection.isPresent = true;
      for (const watcher of this.#deviceWatchers) watcher.arrived(connection);
    }
  }

  #opened(connection: Connection): void {
    if (connection.conn.destroyed) return;
    this.#arrivals.leave(connection);
    connection.isOpen = true;
    connection.conn.on("drain", () => connection.session?.flush());
    connection.session?.resume();
    connection.pump?.open();
  }

  // --- Ends.

  #revoke(connection: Connection): void {
    const { client } = connection;
    if (client !== null) client.will = null;
    if (connection.principal !== null) {
      this.sessions.discard(client?.id ?? "");
      this.sessions.discardPrincipal(connection.principal.name);
    }
    this.#drop(connection, "revoked");
  }

  #drop(connection: Connection, refusal: Refusal): void {
    this.refusals.record(refusal, connection);
    connection.destroy();
  }

  #closed(connection: Connection): void {
    if (!this.#connections.delete(connection)) return;
    const { client, principal, session, indexed } = connection;
    this.#arrivals.leave(connection);
    connection.pump?.stop();
    this.#revocation.forget(connection);
    this.#people.leave(connection);
    if (indexed !== null) this.#index.remove(indexed.sppgId, indexed.name, connection);
    if (session !== null) {
      this.sessions.detach(session.id, connection, this.#options.clock.monotonicMs());
    }
    if (principal !== null && principal.kind !== "conformance") this.#throttles.release(principal);
    if (principal?.kind === "device" && connection.isPresent) {
      this.presence.disconnected(principal);
      for (const watcher of this.#deviceWatchers) watcher.left(connection);
    }
    client?.close();
  }

  #runHeldBack(): void {
    // A copy: a pump that runs may be held back again at once.
    const waiting = [...this.#heldBack];
    for (const pump of waiting) pump.run();
  }

  #sweep(): void {
    const nowMs = this.#options.clock.monotonicMs();
    for (const pump of this.#heldBack) pump.refreshKeepAlive();
    for (const connection of this.#connections) {
      if (connection.frozen.isFrozen(nowMs)) this.#drop(connection, "frozen");
    }
    this.#awaySessions.retry();
    this.sessions.expire(nowMs);
    this.#arrivals.sweep(nowMs);
    this.shares.turn();
  }
}
