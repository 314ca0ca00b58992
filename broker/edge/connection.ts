import type { Duplex } from "node:stream";
import type { PersonSession } from "../ports.ts";
import type { AedesClient } from "./aedes-private.ts";
import { type FrozenLimits, FrozenWatch } from "./frozen.ts";
import { type Principal, mayPublish, mayReceive } from "./principal.ts";
import type { Pump } from "./pump.ts";
import type { Outlet, Session } from "./session.ts";
import type { Throttle } from "./throttle.ts";

export type Transport = "tcp" | "tls" | "websocket";

/** Where a connection comes from, as its listener knows it. */
export interface ConnectionOrigin {
  address: string;
  transport: Transport;
  /** A client certificate's device, `{sppgId}.{deviceId}`, if one was shown and verified. */
  certificateName: string | null;
  /** Whose cookie came with the upgrade: such a connection is a person's and no device's. */
  person?: PersonSession;
}

let lastConnectionId = 0;

/** One network connection: what Nadi knows about it beside Aedes' client. */
export class Connection implements Outlet {
  readonly id = ++lastConnectionId;
  readonly origin: ConnectionOrigin;
  readonly conn: Duplex;
  /** Bytes towards the client above which live messages are dropped. */
  readonly #congestedBytes: number;
  principal: Principal | null = null;
  /** SHA-256 of the secret that it signed in with, to judge it again after a change. */
  secretHash: Uint8Array | null = null;
  /** Where it stands in the principal index, from before its credential is read. */
  indexed: { sppgId: string; name: string } | null = null;
  client: AedesClient | null = null;
  pump: Pump | null = null;
  session: Session | null = null;
  /** CONNACK is out: messages may follow it. */
  isOpen = false;
  /** The filters of the SUBSCRIBE that is being judged, as they were sent. */
  requested: readonly { topic: string }[] = [];
  /** Filters that a SUBSCRIBE under way has been granted. */
  readonly pendingFilters = new Set<string>();
  /** Counted as present. */
  isPresent = false;
  /** The device's and the kitchen's. */
  throttles: readonly Throttle[] = [];
  /** The topic that was judged last, and with what result: devices repeat theirs. */
  #judgedTopic = "";
  #mayPublishJudged = false;
  #judgedPrincipal: Principal | null = null;
  /** Runs until CONNACK, or until a refusal is answered. */
  deadline: NodeJS.Timeout | null = null;
  readonly frozen: FrozenWatch;

  constructor(
    conn: Duplex,
    origin: ConnectionOrigin,
    limits: { congestedBytes: number; congestedBytesOfPerson: number; frozen: FrozenLimits },
  ) {
    this.conn = conn;
    this.origin = origin;
    this.#congestedBytes =
      origin.person === undefined ? limits.congestedBytes : limits.congestedBytesOfPerson;
    this.frozen = new FrozenWatch(conn, limits.frozen);
  }

  /** Ends it without a word. */
  destroy(): void {
    this.client?.close();
    this.conn.destroy();
  }

  mayPublish(topicName: string): boolean {
    if (topicName !== this.#judgedTopic || this.principal !== this.#judgedPrincipal) {
      this.#judgedTopic = topicName;
      this.#judgedPrincipal = this.principal;
      this.#mayPublishJudged = this.principal !== null && mayPublish(this.principal, topicName);
    }
    return this.#mayPublishJudged;
  }

  get isCongested(): boolean {
    return !this.isOpen || this.conn.writableLength > this.#congestedBytes;
  }

  get isSpent(): boolean {
    for (const throttle of this.throttles) if (throttle.isSpent) return true;
    return false;
  }

  /** Until all of its throttles let it go on. */
  waitMs(nowMs: number): number {
    return Math.max(0, ...this.throttles.map((throttle) => throttle.waitMs(nowMs)));
  }

  spend(messages: number, bytes: number): void {
    for (const throttle of this.throttles) throttle.spend(messages, bytes);
  }

  write(bytes: Buffer): void {
    if (!this.conn.destroyed && this.conn.writable) this.conn.write(bytes);
  }

  get isOnWall(): boolean {
    return (this.origin.person?.screenName ?? null) !== null;
  }

  mayReceive(topicName: string): boolean {
    return this.principal !== null && mayReceive(this.principal, topicName);
  }

  /** Ends it in order: what was written reaches the client, unless it takes too long. */
  async end(withinMs: number): Promise<void> {
    const { client, conn } = this;
    if (client !== null) client.will = null;
    if (conn.destroyed) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => conn.destroy(), withinMs);
      conn.once("close", () => {
        clearTimeout(timer);
        resolve();
      });
      conn.end();
      // What the client still sends is read and dropped: bytes left in the kernel would turn the
      // close into a reset, which can cost the client our last acknowledgements.
      conn.removeAllListeners("readable");
      conn.resume();
    });
  }
}
