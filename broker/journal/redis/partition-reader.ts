import { JournalError } from "../errors.ts";
import type { JournalBatch, JournalEntry } from "../journal.ts";
import { NameCache } from "../names.ts";
import type { ReadLimits } from "../reader.ts";
import { decodeBatch, type StoredBatch } from "./batch.ts";
import { journalKey, partitionKeys } from "./keys.ts";
import type { RedisJournalLog, RedisJournalStats } from "./partitioned-journal.ts";
import { runScript, scripts } from "./scripts.ts";
import type { SideConnection } from "./side-connection.ts";

/** Batches that were fetched and not read to their end, for each consumer that there may be. */
const restsMax = 2;

export interface PartitionReaderOptions {
  partition: number;
  connection: SideConnection;
  /** Of the journal that was joined. */
  id: () => string;
  stats: RedisJournalStats;
  log: RedisJournalLog;
}

/** Serves the consumers of one partition. */
export class PartitionReader {
  readonly #options: PartitionReaderOptions;
  readonly #names = new NameCache();
  readonly #rests = new Map<number, readonly StoredBatch[]>();

  constructor(options: PartitionReaderOptions) {
    this.#options = options;
  }

  /** Entries from an offset on, up to what is known to be durable. */
  async read(
    fromOffset: number,
    limits: ReadLimits & { syncedOffset: number },
  ): Promise<JournalBatch> {
    const { syncedOffset } = limits;
    const collector = new Collector(limits);
    let offset = fromOffset;
    while (offset <= syncedOffset) {
      const batches =
        this.#takeRest(offset) ?? (await this.#fetch(offset, collector, syncedOffset));
      if (batches.length === 0) break;
      for (const [at, batch] of batches.entries()) {
        const end = this.#decode(batch, fromOffset, collector);
        if (end !== null) {
          this.#keepRest(end, batches.slice(at));
          return { entries: collector.entries, nextOffset: end };
        }
        offset = batch.lastOffset + 1;
      }
      if (collector.isFull) return { entries: collector.entries, nextOffset: offset };
    }
    return { entries: collector.entries, nextOffset: Math.max(fromOffset, syncedOffset + 1) };
  }

  #decode(batch: StoredBatch, fromOffset: number, collector: Collector): number | null {
    const { names, options } = { names: this.#names, options: this.#options };
    const end = decodeBatch(batch, { fromOffset, names }, (entry, bytes) =>
      collector.take(entry, bytes),
    );
    if (end !== "damaged") return end;
    options.stats.damagedBatches++;
    const { partition } = options;
    const { lastOffset } = batch;
    options.log.error({ partition, lastOffset }, "a batch of the journal can't be read");
    return null;
  }

  async #fetch(
    offset: number,
    collector: Collector,
    syncedOffset: number,
  ): Promise<readonly StoredBatch[]> {
    const { partition, connection, id } = this.#options;
    const { stream, state } = partitionKeys(partition);
    try {
      const [word, ...words] = await runScript(connection.client, scripts.read, {
        keys: [journalKey, stream, state],
        args: [id(), offset, syncedOffset, collector.bytesLeft],
        isBinary: true,
      });
      if (String(word) !== "ok") throw new Error("the journal in Redis is gone or another one");
      return parseBatches(words);
    } catch (cause) {
      const message = `partition ${partition} can't be read`;
      throw new JournalError("JOURNAL_READ_FAILED", message, { cause });
    }
  }

  #takeRest(offset: number): readonly StoredBatch[] | null {
    const rest = this.#rests.get(offset) ?? null;
    this.#rests.delete(offset);
    return rest;
  }

  #keepRest(offset: number, rest: readonly StoredBatch[]): void {
    this.#rests.set(offset, rest);
    const oldest = this.#rests.keys().next();
    if (this.#rests.size > restsMax && !oldest.done) this.#rests.delete(oldest.value);
  }
}

/** Collects entries until a limit is met; the first one is taken whatever its size. */
class Collector {
  readonly entries: JournalEntry[] = [];
  readonly #limits: ReadLimits;
  #bytes = 0;

  constructor(limits: ReadLimits) {
    this.#limits = limits;
  }

  get isFull(): boolean {
    const { entriesMax, bytesMax } = this.#limits;
    return this.entries.length >= entriesMax || this.#bytes >= bytesMax;
  }

  get bytesLeft(): number {
    return Math.max(1, this.#limits.bytesMax - this.#bytes);
  }

  take(entry: JournalEntry, bytes: number): boolean {
    const isOver =
      this.entries.length >= this.#limits.entriesMax || this.#bytes + bytes > this.#limits.bytesMax;
    if (isOver && this.entries.length > 0) return false;
    this.entries.push(entry);
    this.#bytes += bytes;
    return true;
  }
}

function parseBatches(words: readonly unknown[]): StoredBatch[] {
  const batches: StoredBatch[] = [];
  for (let at = 0; at + 4 < words.length; at += 5) {
    const bytes = words[at + 4];
    batches.push({
      lastOffset: Number(String(words[at])),
      receivedTimeMs: Number(String(words[at + 1])),
      clockStepMs: Number(String(words[at + 2])),
      changeSeq: Number(String(words[at + 3])),
      bytes: Buffer.isBuffer(bytes) ? bytes : Buffer.alloc(0),
    });
  }
  return batches;
}
