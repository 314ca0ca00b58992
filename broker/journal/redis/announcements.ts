import type { JournalTimers } from "../timers.ts";
import { partitionKeys } from "./keys.ts";
import type { RedisJournalLog } from "./partitioned-journal.ts";
import { SideConnection } from "./side-connection.ts";

/** After Redis refused a SUBSCRIBE, which only its operator can mend. */
const retryMs = 1_000;

export interface AnnouncementListener {
  /** The partition can be read up to this offset. */
  onGrown: (lastOffset: number) => void;
  /** Announcements may have been missed: look for yourself. */
  onGap: () => void;
}

/** Hears from all brokers that a partition has grown: a hint, which may be late or missing. */
export class Announcements {
  readonly #connection: SideConnection;
  readonly #timers: JournalTimers;
  readonly #log: RedisJournalLog;
  readonly #listeners = new Map<string, AnnouncementListener>();
  #cancelRetry: (() => void) | null = null;
  #isClosed = false;

  constructor(options: { url: string; log: RedisJournalLog; timers: JournalTimers }) {
    this.#timers = options.timers;
    this.#log = options.log;
    this.#connection = new SideConnection({
      ...options,
      name: "nadi-journal-hints",
      onReady: () => void this.#subscribe([...this.#listeners.keys()]),
    });
    this.#connection.client.on("message", (channel: string, text: string) => {
      const offset = Number(text);
      if (Number.isSafeInteger(offset)) this.#listeners.get(channel)?.onGrown(offset);
    });
  }

  /** Resolves when it hears; one listener a partition. Returns its removal. */
  async watch(partition: number, listener: AnnouncementListener): Promise<() => void> {
    const { channel } = partitionKeys(partition);
    await this.#connection.ready;
    this.#listeners.set(channel, listener);
    await this.#subscribe([channel]);
    return () => {
      if (this.#listeners.get(channel) !== listener) return;
      this.#listeners.delete(channel);
      if (!this.#connection.isReady || this.#isClosed) return;
      this.#connection.client.unsubscribe(channel).catch((error: unknown) => this.#refused(error));
    };
  }

  close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelRetry?.();
    return this.#connection.close();
  }

  /** Never rejects: what was not subscribed is tried again. */
  async #subscribe(channels: readonly string[]): Promise<void> {
    if (channels.length === 0) return;
    try {
      await this.#connection.client.subscribe(...channels);
    } catch (error) {
      this.#refused(error);
      return;
    }
    for (const channel of channels) this.#listeners.get(channel)?.onGap();
  }

  /** A connection that is lost begins anew by itself. */
  #refused(error: unknown): void {
    if (this.#isClosed || !this.#connection.isReady) return;
    this.#log.warn({ err: error }, "the journal's redis refuses a subscription");
    this.#cancelRetry ??= this.#timers.after(retryMs, () => {
      this.#cancelRetry = null;
      void this.#subscribe([...this.#listeners.keys()]);
    });
  }
}
