import type { Logger } from "pino";
import { formatPrincipal } from "../../devices/index.ts";
import type { LoginSource, PersonSession } from "../ports.ts";
import type { AddressGuard } from "./address-limits.ts";
import type { Arrivals } from "./arrivals.ts";
import {
  type AedesClient,
  type AedesPublish,
  type Callback,
  pendingWill,
} from "./aedes-private.ts";
import type { AppendDone } from "../journal/journal.ts";
import type { Backlog } from "./backlog.ts";
import type { Connection } from "./connection.ts";
import type { CredentialCache } from "./credential-cache.ts";
import type { EdgeClock, EdgeCounters, EdgeLimits } from "./limits.ts";
import { conformancePrincipal, maySubscribe } from "./principal.ts";
import type { People } from "./people.ts";
import type { PrincipalIndex } from "./principal-index.ts";
import { sessionMarker } from "./persistence.ts";
import { markedIndex, markerPrefix } from "./pump.ts";
import type { Refusals } from "./refusals.ts";
import type { Revocation } from "./revocation.ts";
import type { Message } from "./session.ts";
import type { SessionStore } from "./session-store.ts";
import { signIn, signInPerson, type SignInResult } from "./sign-in.ts";
import type { Throttles } from "./throttles.ts";

export interface AccessParts {
  logins: LoginSource;
  log: Logger;
  clock: EdgeClock;
  limits: EdgeLimits;
  isConformance: boolean;
  sessions: SessionStore;
  refusals: Refusals;
  counters: EdgeCounters;
  backlog: Backlog;
  cache: CredentialCache;
  guard: AddressGuard<Connection>;
  arrivals: Arrivals;
  index: PrincipalIndex<Connection>;
  people: People;
  throttles: Throttles;
  revocation: Revocation;
  /** Hands on what a conformance run publishes. */
  route(message: Message): void;
}

interface Credentials {
  userName: string | undefined;
  password: Buffer | undefined;
}

/** Who may come in, publish and subscribe: the decisions at Aedes' hooks. */
export class Access {
  readonly #parts: AccessParts;
  #acceptingVersion: 3 | 4 | null = null;

  constructor(parts: AccessParts) {
    this.#parts = parts;
  }

  /** The protocol level of the client that is being accepted at this moment. */
  get acceptingVersion(): 3 | 4 | null {
    return this.#acceptingVersion;
  }

  authenticate(client: AedesClient, credentials: Credentials, callback: Callback<boolean>): void {
    const { isConformance, logins, log } = this.#parts;
    const connection = client.req;
    // Aedes comes here a turn after the CONNECT: what has ended meanwhile must not be indexed.
    if (client.closed || connection.conn.destroyed) return;
    if (isConformance) {
      connection.principal = conformancePrincipal;
      this.#accept(client, callback);
      return;
    }
    if (connection.origin.person !== undefined) {
      this.#personSignsIn(client, connection.origin.person, callback);
      return;
    }
    const request = {
      ...credentials,
      clientId: client.id,
      willTopic: pendingWill(client)?.topic ?? null,
    };
    const register = (sppgId: string, deviceId: string): void => {
      connection.indexed = { sppgId, name: formatPrincipal(sppgId, deviceId) };
      this.#parts.index.add(sppgId, connection.indexed.name, connection);
    };
    signIn(connection, request, { ...this.#parts, source: logins, register })
      .then((result) => this.#signedIn(client, { result, credentials }, callback))
      .catch((error: unknown) => {
        log.error({ err: error }, "sign-in failed");
        client.close();
      });
  }

  /** Calls back when the message is on disk: the PUBACK or PUBREC comes next. */
  authorizePublish(client: AedesClient | null, packet: AedesPublish, callback: Callback): void {
    const { backlog, counters, refusals } = this.#parts;
    const connection = client?.req ?? null;
    const principal = connection?.principal ?? null;
    if (connection === null || principal === null) {
      callback(new Error("nobody has signed in"));
      return;
    }
    const { topic: topicName, payload, messageId, qos } = packet;
    if (!connection.mayPublish(topicName)) {
      refusals.record("publish-topic", connection, topicName);
      callback(new Error("topic not allowed"));
      return;
    }
    if (principal.kind === "device") packet.retain = false;
    counters.received++;
    const entry = { kind: "publish", principal: principal.name, topicName, payload, qos } as const;
    const store = (done: AppendDone): void =>
      backlog.append(entry, (error, offset) => {
        if (error === null) {
          counters.journaled++;
          if (principal.kind === "conformance") this.#route(packet);
        }
        done(error, offset);
      });
    const { session } = connection;
    if (qos !== 2 || messageId === undefined || session === null) {
      store(callback);
      return;
    }
    const isDup = packet.dup === true;
    const message = { messageId, isDup, owner: connection.id, topicName, payload };
    if (!session.incoming.receive(message, store, callback)) {
      refusals.record("too-many-unreleased", connection);
      callback(new Error("too many QoS 2 messages await PUBREL"));
    }
  }

  authorizeSubscribe(client: AedesClient, filter: string): boolean {
    const connection = client.req;
    const { principal, session, pendingFilters } = connection;
    // Before there is a session only what it held is judged, its marker among it.
    if (session === null && filter === sessionMarker) return true;
    const isMarked = filter.startsWith(markerPrefix);
    const wanted = isMarked ? (connection.requested[markedIndex(filter)]?.topic ?? "") : filter;
    const { refusals, sessions } = this.#parts;
    const isAllowed =
      principal !== null &&
      maySubscribe(principal, wanted) &&
      sessions.hasRoomForFilter(session, wanted, pendingFilters);
    if (!isAllowed) refusals.record("subscribe-filter", connection, wanted);
    else if (!isMarked && session?.filters.has(wanted) === false) pendingFilters.add(wanted);
    return isAllowed;
  }

  /** Only a conformance run routes what clients publish; wills come here too. */
  #route({ topic, payload, qos, retain }: AedesPublish): void {
    this.#parts.route({ topicName: topic, payload: Buffer.from(payload), qos, retain });
  }

  #signedIn(
    client: AedesClient,
    outcome: { result: SignInResult; credentials: Credentials },
    callback: Callback<boolean>,
  ): void {
    const { arrivals, cache, clock, refusals, revocation, throttles } = this.#parts;
    const connection = client.req;
    if (client.closed || connection.conn.destroyed) return;
    const { result, credentials } = outcome;
    if (!result.isAccepted) {
      refusals.record(result.refusal, connection, credentials.userName ?? null);
      this.#refuse(client, result, callback);
      return;
    }
    const { principal, login } = result;
    if (cache.peek(login.sppgId, login.deviceId) !== login) {
      // A change came between the answer and here: judge anew.
      this.authenticate(client, credentials, callback);
      return;
    }
    arrivals.signedIn(principal.name);
    connection.principal = principal;
    connection.secretHash = result.secretHash;
    connection.throttles = throttles.forPrincipal(principal, clock.monotonicMs());
    client.id = `${principal.name}:${client.id}`;
    const will = pendingWill(client);
    if (will !== null) will.retain = false;
    revocation.watchExpiry(connection, result.expiresAtMs);
    this.#yieldOldest(client, principal.name);
    this.#accept(client, callback);
  }

  #personSignsIn(client: AedesClient, person: PersonSession, callback: Callback<boolean>): void {
    const { clock, people, refusals, throttles } = this.#parts;
    const connection = client.req;
    const willTopic = pendingWill(client)?.topic ?? null;
    const result = signInPerson(person, { clientId: client.id, willTopic });
    if (!result.isAccepted) {
      refusals.record(result.refusal, connection, person.userId);
      this.#refuse(client, result, callback);
      return;
    }
    const { principal } = result;
    connection.principal = principal;
    connection.throttles = throttles.forPrincipal(principal, clock.monotonicMs());
    client.id = `${principal.name}:${client.id}`;
    // What a browser has missed it reads from the API: nothing is kept for it.
    client.clean = true;
    people.signedIn(connection);
    this.#accept(client, callback);
  }

  #refuse(
    client: AedesClient,
    { refusal, returnCode }: Extract<SignInResult, { isAccepted: false }>,
    callback: Callback<boolean>,
  ): void {
    this.#parts.arrivals.refuse(client.req, () => {
      if (returnCode === null) client.close();
      else callback(Object.assign(new Error(refusal), { returnCode }));
    });
  }

  #accept(client: AedesClient, callback: Callback<boolean>): void {
    this.#acceptingVersion = client.version;
    callback(null, true);
    this.#acceptingVersion = null;
  }

  /** At most so many connections a device; the oldest yields, as after a network change. */
  #yieldOldest(client: AedesClient, name: string): void {
    const { index, limits } = this.#parts;
    const others = index
      .ofPrincipal(name)
      // One with the same client id is taken over by Aedes and so does not count.
      .filter(({ principal, client: held }) => {
        const isHere = principal !== null && held !== null && !held.closed;
        return isHere && held.id !== client.id;
      });
    const surplus = others.length + 1 - limits.connectionsPerPrincipal;
    for (const other of others.slice(0, Math.max(0, surplus))) other.client?.close();
  }
}
