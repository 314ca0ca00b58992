import { describeRedisUrl } from "../../channels/redis-connection.ts";
import { systemClock } from "../clock.ts";
import { JournalError } from "../errors.ts";
import type { AppendDone, JournalCondition, NewEntry } from "../journal.ts";
import { isEncodable } from "../record.ts";
import { systemTimers } from "../timers.ts";
import { Announcements } from "./announcements.ts";
import { appendRound, type RoundParts } from "./append-round.ts";
import type { RedisDurability } from "./durability.ts";
import { newIdentity } from "./identity.ts";
import { JournalLink, linkLimits } from "./link.ts";
import { PartitionReader } from "./partition-reader.ts";
import { PartitionView } from "./partition-view.ts";
import {
  createRedisStats,
  type JournalAppender,
  type PartitionedJournal,
  type PartitionJournal,
  type RedisJournalOptions,
  type RedisJournalStats,
} from "./partitioned-journal.ts";
import { kitchenOfPrincipal, partitionOf } from "./partitions.ts";
import { Rounds } from "./rounds.ts";
import { SharedClock } from "./shared-clock.ts";
import { SideConnection } from "./side-connection.ts";

const openMsMaxDefault = 15_000;

/** See `openRedisJournal`. */
export async function openStreams(options: RedisJournalOptions): Promise<PartitionedJournal> {
  const journal = new StreamsJournal(options);
  try {
    await journal.opened();
    return journal;
  } catch (error) {
    await journal.close();
    throw error;
  }
}

/** What an owner needs beside the connection that writes. */
interface OwnersParts {
  reading: SideConnection;
  announcements: Announcements;
}

class StreamsJournal implements PartitionedJournal {
  readonly partitions: number;
  readonly appender: JournalAppender;
  readonly #options: Required<RedisJournalOptions>;
  readonly #stats: RedisJournalStats = createRedisStats();
  readonly #link: JournalLink;
  readonly #rounds: Rounds;
  readonly #listeners = new Set<(condition: JournalCondition) => void>();
  readonly #views = new Set<PartitionView>();
  #owners: OwnersParts | null = null;
  #closing: Promise<void> | null = null;

  constructor(given: RedisJournalOptions) {
    const options = {
      isWeakAccepted: false,
      changeSeq: () => 0,
      openMsMax: openMsMaxDefault,
      silentBeatsMax: linkLimits.silentBeatsMax,
      clock: systemClock,
      timers: systemTimers,
      ...given,
    };
    this.#options = options;
    this.partitions = options.partitions;
    this.#link = new JournalLink({
      ...options,
      isProbeWaiting: () => this.#rounds.isTrying,
      onReady: () => {
        this.#rounds.resume();
        for (const view of this.#views) view.lookAgain();
      },
      onCondition: (condition) => {
        for (const listener of this.#listeners) listener(condition);
      },
    });
    const parts: RoundParts = {
      link: this.#link,
      clock: options.clock,
      shared: new SharedClock(),
      producer: newIdentity(),
      stats: this.#stats,
    };
    this.#rounds = new Rounds({
      clock: options.clock,
      timers: options.timers,
      stats: this.#stats,
      canSend: () => this.#link.canSend,
      send: (round) => appendRound(parts, round),
      onFailed: (error) => this.#link.failed(error),
      onAppended: (partition, lastOffset) => this.#grow(partition, lastOffset),
    });
    this.appender = this.#createAppender();
  }

  /** Rejects when what an operator has to decide is found, or the time is over. */
  async opened(): Promise<void> {
    await this.#within(this.#link.opened);
  }

  get durability(): RedisDurability {
    return this.#link.durability;
  }

  get condition(): JournalCondition {
    return this.#closing === null ? this.#link.condition : { kind: "closed" };
  }

  onCondition(listener: (condition: JournalCondition) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  partitionOf(sppgId: string): number {
    return partitionOf(sppgId, this.partitions);
  }

  async partition(partition: number): Promise<PartitionJournal> {
    if (this.#closing !== null) throw closedError();
    if (!Number.isSafeInteger(partition) || partition < 0 || partition >= this.partitions) {
      throw new RangeError(`partition: expected 0 to ${this.partitions - 1}, got ${partition}`);
    }
    if ([...this.#views].some((view) => view.partition === partition)) {
      const message = `partition ${partition} is open already: close that view first`;
      throw new JournalError("JOURNAL_OPEN_FAILED", message);
    }
    const { reading, announcements } = this.#ownersParts();
    const view = new PartitionView({
      partition,
      link: this.#link,
      rounds: this.#rounds,
      reader: new PartitionReader({
        partition,
        connection: reading,
        id: () => this.#link.identity.id,
        stats: this.#stats,
        log: this.#options.log,
      }),
      announcements,
      onCondition: (listener) => this.onCondition(listener),
      changeSeq: this.#options.changeSeq,
      onClosed: (closed) => this.#views.delete(closed),
    });
    this.#views.add(view);
    try {
      await this.#within(reading.ready.then(() => view.open()));
      return view;
    } catch (error) {
      await view.close();
      throw error;
    }
  }

  stats(): RedisJournalStats {
    const { reconnects, withheld } = this.#link;
    return { ...this.#stats, reconnects, withheld };
  }

  close(): Promise<void> {
    this.#closing ??= this.#shutDown();
    return this.#closing;
  }

  #createAppender(): JournalAppender {
    // The getter of the object below has a `this` of its own.
    const condition = (): JournalCondition => this.condition;
    return {
      append: (entry, done) => this.#append(entry, done),
      get condition() {
        return condition();
      },
      onCondition: (listener) => this.onCondition(listener),
      close: () => this.close(),
    };
  }

  #append(entry: NewEntry, done: AppendDone): void {
    if (entry.kind !== "publish" || !isEncodable(entry)) {
      const message = "a broker appends what devices publish, within the format's limits";
      const refusal = new JournalError("JOURNAL_ENTRY_REFUSED", message);
      queueMicrotask(() => done(refusal, 0));
      return;
    }
    const partition = this.partitionOf(kitchenOfPrincipal(entry.principal));
    this.#rounds.add(partition, { entry, changeSeq: this.#options.changeSeq() }, done);
  }

  #grow(partition: number, lastOffset: number): void {
    for (const view of this.#views) if (view.partition === partition) view.grow(lastOffset);
  }

  #ownersParts(): OwnersParts {
    const { url, log, timers } = this.#options;
    this.#owners ??= {
      reading: new SideConnection({
        url,
        log,
        name: "nadi-journal-reader",
        onReady: () => undefined,
      }),
      announcements: new Announcements({ url, log, timers }),
    };
    return this.#owners;
  }

  async #within(work: Promise<void>): Promise<void> {
    const { timers, openMsMax, url } = this.#options;
    const late = Promise.withResolvers<never>();
    const cancel = timers.after(openMsMax, () => {
      const place = `${describeRedisUrl(url)} (NADI_JOURNAL_REDIS_URL)`;
      const message = `the journal's Redis at ${place} can't be used: ${this.#link.message}`;
      late.reject(new JournalError("JOURNAL_OPEN_FAILED", message));
    });
    try {
      await Promise.race([work, late.promise]);
    } finally {
      cancel();
    }
  }

  async #shutDown(): Promise<void> {
    await this.#rounds.close();
    await Promise.all([...this.#views].map((view) => view.close()));
    await Promise.all([this.#owners?.reading.close(), this.#owners?.announcements.close()]);
    await this.#link.close();
    this.#rounds.refuse();
  }
}

function closedError(): JournalError {
  return new JournalError("JOURNAL_CLOSED", "the journal is closed");
}
