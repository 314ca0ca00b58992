import type { Redis } from "ioredis";
import { RedisConnection } from "../../channels/redis-connection.ts";
import { linkLimits } from "./link.ts";
import type { RedisJournalLog } from "./partitioned-journal.ts";

/** A connection beside the one that writes: for an owner's reads, or for what it listens to. */
export class SideConnection {
  readonly #connection: RedisConnection;
  readonly #first = Promise.withResolvers<void>();

  constructor(options: { url: string; name: string; log: RedisJournalLog; onReady: () => void }) {
    this.#connection = new RedisConnection({
      ...options,
      silentBeatsMax: linkLimits.silentBeatsMax,
      onReady: () => {
        this.#first.resolve();
        options.onReady();
      },
      // Calls under way are rejected; the next ones are, until it is back.
      onLost: () => undefined,
    });
  }

  get client(): Redis {
    return this.#connection.client;
  }

  get isReady(): boolean {
    return this.#connection.isReady;
  }

  /** Resolves when it has been ready once. */
  get ready(): Promise<void> {
    return this.#first.promise;
  }

  close(): Promise<void> {
    return this.#connection.close();
  }
}
