import { RegistryError } from "./errors.ts";
import type { DeviceLogin, RegistryChange } from "./model.ts";
import type { Registry } from "./registry.ts";

/** Four polls a second: a change is heard within a second also when one poll is slow. */
export const changePollIntervalMs = 250;
/** A poll without an answer for this long counts as a log that can't be read. */
export const changePollDeadlineMs = 1_000;
/** A batch of a catch-up: 500 rows of about 100 bytes cross the port at once. */
export const changeBatchMax = 500;

export interface ChangeFeedOptions {
  registry: Pick<Registry, "readChanges" | "lastChangeSeq" | "findDeviceLogin">;
  /** Hears when the log becomes unreadable, and why; for the log of the process. */
  onUnreadable(error: unknown): void;
  onReadable(): void;
  /** A listener threw: it has missed this change; the others have not. */
  onListenerError(error: unknown, change: RegistryChange): void;
  timers?: FeedTimers;
}

export interface FeedTimers {
  setTimeout(callback: () => void, delayMs: number): unknown;
  clearTimeout(timer: unknown): void;
}

const systemTimers: FeedTimers = {
  setTimeout: (callback, delayMs) => setTimeout(callback, delayMs),
  // The handle that setTimeout above gave out.
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
};

/**
 * Follows the change log and delivers each change once, in order, within a second of its commit.
 * It has the shape of the broker's `LoginSource`.
 */
export class ChangeFeed {
  readonly #options: ChangeFeedOptions;
  readonly #timers: FeedTimers;
  readonly #listeners = new Set<(change: RegistryChange) => void>();
  #anchor: RegistryChange | null = null;
  #changeSeq = 0;
  #isReadable = false;
  #isStopped = false;
  #timer: unknown = null;
  #polling: Promise<void> | null = null;
  #starting: Promise<void> | null = null;

  constructor(options: ChangeFeedOptions) {
    this.#options = options;
    this.#timers = options.timers ?? systemTimers;
  }

  get changeSeq(): number {
    return this.#changeSeq;
  }

  get isReadable(): boolean {
    return this.#isReadable;
  }

  /**
   * The login as of now, once every change that it may show has been delivered: the journal has
   * the change that made a device before the first reading of that device. Rejects while the
   * change log can't be read.
   */
  async findDeviceLogin(sppgId: string, deviceId: string): Promise<DeviceLogin | null> {
    const login = await this.#options.registry.findDeviceLogin(sppgId, deviceId);
    await this.poke();
    if (!this.#isReadable) throw unreadable();
    return login;
  }

  onChange(listener: (change: RegistryChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Begins behind the newest change; rejects when the log can't be read at all. */
  start(): Promise<void> {
    this.#starting ??= this.#start();
    return this.#starting;
  }

  /** Idempotent; no listener is called any more, whatever a poll under way brings. */
  stop(): void {
    this.#isStopped = true;
    this.#isReadable = false;
    this.#timers.clearTimeout(this.#timer);
    this.#listeners.clear();
  }

  /** Polls now; resolves when what was committed before the call has been delivered. */
  async poke(): Promise<void> {
    await this.start();
    // A poll under way may have read before the commit that the caller means.
    await this.#polling;
    await this.#poll();
  }

  async #start(): Promise<void> {
    const { registry } = this.#options;
    const lastSeq = await registry.lastChangeSeq();
    const [anchor] = lastSeq === 0 ? [] : await registry.readChanges(lastSeq - 1, 1);
    this.#anchor = anchor ?? null;
    this.#changeSeq = lastSeq;
    this.#isReadable = !this.#isStopped;
    this.#schedule();
  }

  #schedule(): void {
    this.#timers.clearTimeout(this.#timer);
    if (this.#isStopped) return;
    this.#timer = this.#timers.setTimeout(() => void this.#poll(), changePollIntervalMs);
  }

  /** One poll at a time: two could deliver out of order. Never rejects. */
  #poll(): Promise<void> {
    if (this.#isStopped) return Promise.resolve();
    this.#polling ??= this.#pollOnce().finally(() => {
      this.#polling = null;
      this.#schedule();
    });
    return this.#polling;
  }

  async #pollOnce(): Promise<void> {
    const deadline = this.#timers.setTimeout(
      () => this.#setUnreadable(silent()),
      changePollDeadlineMs,
    );
    try {
      await this.#catchUp();
      this.#setReadable();
    } catch (error) {
      this.#setUnreadable(error);
    } finally {
      this.#timers.clearTimeout(deadline);
    }
  }

  async #catchUp(): Promise<void> {
    for (;;) {
      // From one before: the last change delivered must still be there, or the log is another one.
      const fromSeq = this.#anchor === null ? this.#changeSeq : this.#changeSeq - 1;
      const rows = await this.#options.registry.readChanges(fromSeq, changeBatchMax);
      const changes = this.#anchor === null ? rows : this.#withoutAnchor(rows, this.#anchor);
      for (const change of changes) this.#deliver(change);
      if (rows.length < changeBatchMax || this.#isStopped) return;
    }
  }

  #withoutAnchor(rows: RegistryChange[], anchor: RegistryChange): RegistryChange[] {
    const [first, ...rest] = rows;
    const isSame =
      first?.seq === anchor.seq &&
      first.kind === anchor.kind &&
      first.sppgId === anchor.sppgId &&
      first.subject === anchor.subject;
    if (!isSame) throw rewound(anchor.seq);
    return rest;
  }

  #deliver(change: RegistryChange): void {
    // Before the listeners: what they look up is as new as this change.
    this.#changeSeq = change.seq;
    this.#anchor = change;
    for (const listener of this.#listeners) {
      try {
        listener(change);
      } catch (error) {
        this.#options.onListenerError(error, change);
      }
    }
  }

  #setReadable(): void {
    if (this.#isStopped || this.#isReadable) return;
    this.#isReadable = true;
    this.#options.onReadable();
  }

  #setUnreadable(error: unknown): void {
    if (this.#isStopped || !this.#isReadable) return;
    this.#isReadable = false;
    this.#options.onUnreadable(error);
  }
}

function silent(): RegistryError {
  return new RegistryError("REGISTRY_CHANGE_LOG_SILENT", {
    message: `The change log has not answered for ${changePollDeadlineMs} ms.`,
  });
}

function unreadable(): RegistryError {
  return new RegistryError("REGISTRY_CHANGE_LOG_SILENT", {
    message: "The change log can't be read now, so no login can be judged: try again.",
  });
}

function rewound(seq: number): RegistryError {
  return new RegistryError("REGISTRY_CHANGE_LOG_REWOUND", {
    message: `The change log no longer holds change ${seq}: its database was replaced; restart.`,
    facts: { seq },
  });
}
