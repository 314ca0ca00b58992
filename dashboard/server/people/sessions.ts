import type { IncomingHttpHeaders } from "node:http";
import type { Logger } from "pino";
import type { RegistryChange } from "../../../devices/index.ts";
import { dashboardError } from "../errors.ts";
import type { SessionCookie } from "./cookie.ts";
import { type Live, makeLive, type PersonSession } from "./live-session.ts";
import type { People, StoredSession } from "./people.ts";
import { hashToken } from "./token.ts";

export interface SessionsOptions {
  people: Pick<People, "findSession" | "endSession" | "endScreen" | "sweepSessions">;
  changes: { onChange(listener: (change: RegistryChange) => void): () => void };
  cookie: SessionCookie;
  log: Logger;
  monotonicMs?: () => number;
}

/** A process that misses a change still hears of it by then. */
export const trustMs = 60_000;
/** The records could not be read: sockets stay, and are checked again this much later. */
const retryMs = 5_000;
const sweepMs = 60_000;
/** 10,000 sessions are about 6 MB; those with a socket are kept beyond it. */
const cachedMax = 10_000;
/**
 * Cookies that nobody knows cost a look-up each, and devices that sign in wait for it: 256 are some
 * 50 ms of the records worker. After a restart as many browsers come back at once.
 */
const lookUpsMax = 256;

/**
 * Sessions in memory, of this process: the records know them, the change log empties this. What is
 * asked before a change and answered after it is asked again.
 */
export class Sessions {
  readonly #options: SessionsOptions;
  readonly #monotonicMs: () => number;
  readonly #live = new Map<string, Live>();
  readonly #asking = new Map<string, Promise<PersonSession | null>>();
  /** Raised by each change of people: an answer from before it is worthless. */
  #generation = 0;
  #sweeper: NodeJS.Timeout | null = null;
  #unsubscribe: (() => void) | null = null;

  constructor(options: SessionsOptions) {
    this.#options = options;
    this.#monotonicMs = options.monotonicMs ?? (() => performance.now());
  }

  /** Idempotent. */
  start(): void {
    this.#unsubscribe ??= this.#options.changes.onChange((change) => {
      if (change.kind === "user") this.#distrust(change.subject);
    });
    this.#sweeper ??= setInterval(() => void this.#sweep(), sweepMs);
  }

  /** Idempotent; no listener is called any more: sockets are closed by who stops. */
  stop(): void {
    this.#unsubscribe?.();
    if (this.#sweeper !== null) clearInterval(this.#sweeper);
    for (const live of this.#live.values()) live.forget();
    this.#live.clear();
  }

  /**
   * Who the request's cookie belongs to, or `null`. For a WebSocket's upgrade as well; rejects when
   * the records can't be read and the session is not known here.
   */
  async authenticate(request: { headers: IncomingHttpHeaders }): Promise<PersonSession | null> {
    const token = this.#options.cookie.read(request.headers.cookie);
    if (token === null) return null;
    const hash = hashToken(token);
    const live = this.#live.get(hash);
    if (live !== undefined && this.#monotonicMs() < live.trustedUntilMs) return live.session;
    const asked = this.#asking.get(hash);
    if (asked !== undefined) return asked;
    // Who is known stays welcome while strangers knock.
    if (live === undefined && this.#asking.size >= lookUpsMax) {
      throw dashboardError("DASHBOARD_BUSY", { message: "Too many sessions are looked up." });
    }
    const asking = this.#ask(hash, true).finally(() => this.#asking.delete(hash));
    this.#asking.set(hash, asking);
    return asking;
  }

  /** The hash of the request's token, for what a new sign-in replaces. */
  tokenHashOf(request: { headers: IncomingHttpHeaders }): string | null {
    const token = this.#options.cookie.read(request.headers.cookie);
    return token === null ? null : hashToken(token);
  }

  /** Ends a session of this person here at once, elsewhere within a second. */
  async end(
    target: { email: string; sessionId: string },
    by: { actor: string; address: string | null },
  ): Promise<boolean> {
    const isEnded = await this.#options.people.endSession(target, by);
    if (isEnded) this.#drop((session) => session.sessionId === target.sessionId);
    return isEnded;
  }

  /** The same for a wall screen of this kitchen. */
  async endScreen(
    target: { sppgId: string; sessionId: string },
    by: { actor: string; address: string | null },
  ): Promise<boolean> {
    const isEnded = await this.#options.people.endScreen(target, by);
    if (isEnded) this.#drop((session) => session.sessionId === target.sessionId);
    return isEnded;
  }

  /** This process has changed the person: what it knows of their sessions is asked again. */
  distrust(email: string): void {
    this.#distrust(email);
  }

  /** A new sign-in has replaced it in the records. */
  dropReplaced(tokenSha256Hex: string): void {
    const live = this.#live.get(tokenSha256Hex);
    if (live !== undefined) this.#drop((session) => session === live.session);
  }

  async #ask(hash: string, isUse: boolean): Promise<PersonSession | null> {
    for (;;) {
      const generation = this.#generation;
      const stored = await this.#options.people.findSession(hash, isUse);
      if (generation === this.#generation) return this.#keep(hash, stored);
    }
  }

  #keep(hash: string, stored: StoredSession | null): PersonSession | null {
    const known = this.#live.get(hash);
    this.#live.delete(hash);
    if (stored === null) {
      known?.end();
      return null;
    }
    const live = known ?? makeLive(stored, () => this.#schedule(hash));
    live.trustedUntilMs = this.#monotonicMs() + Math.min(trustMs, stored.remainingMs);
    this.#live.set(hash, live);
    this.#makeRoom();
    this.#schedule(hash);
    return live.session;
  }

  /** A session that somebody listens to is looked at again when it may end, and by then at most. */
  #schedule(hash: string): void {
    const live = this.#live.get(hash);
    if (live === undefined) return;
    const delayMs = Math.max(0, live.trustedUntilMs - this.#monotonicMs());
    live.watch(delayMs, () => void this.#recheck(hash));
  }

  async #recheck(hash: string): Promise<void> {
    const live = this.#live.get(hash);
    if (live === undefined || !live.hasListeners) return;
    try {
      await this.#ask(hash, false);
    } catch (error) {
      this.#options.log.warn({ err: error }, "a session could not be checked again");
      live.watch(retryMs, () => void this.#recheck(hash));
    }
  }

  #distrust(email: string | null): void {
    this.#generation++;
    for (const [hash, live] of this.#live) {
      if (email !== null && live.session.userId !== email) continue;
      live.trustedUntilMs = Number.NEGATIVE_INFINITY;
      void this.#recheck(hash);
    }
  }

  #drop(isMeant: (session: PersonSession) => boolean): void {
    this.#generation++;
    for (const [hash, live] of this.#live) {
      if (!isMeant(live.session)) continue;
      this.#live.delete(hash);
      live.end();
    }
  }

  #makeRoom(): void {
    if (this.#live.size <= cachedMax) return;
    for (const [hash, live] of this.#live) {
      if (live.hasListeners) continue;
      this.#live.delete(hash);
      return;
    }
  }

  /** Once seen as ended, a session is gone: no clock that is set back revives it. */
  async #sweep(): Promise<void> {
    try {
      const swept = await this.#options.people.sweepSessions();
      if (swept > 0) this.#options.log.debug({ swept }, "sessions have ended by their time");
    } catch (error) {
      this.#options.log.warn({ err: error }, "ended sessions could not be removed");
    }
  }
}
