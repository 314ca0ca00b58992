import { Redis } from "ioredis";
import { describeRedisUrl, redisLimits } from "../../channels/redis-connection.ts";
import { JournalError } from "../errors.ts";
import type { JournalEntry } from "../journal.ts";
import { NameCache } from "../names.ts";
import { decodeBatch, type StoredBatch, type TakeEntry } from "./batch.ts";
import { journalKey, partitionKeys } from "./keys.ts";

/** Batches that are fetched at a time. */
const batchesPerPage = 64;

export interface PartitionReport {
  partition: number;
  /** `null`: it holds nothing. */
  firstOffset: number | null;
  lastOffset: number | null;
  entries: number;
  batches: number;
  /** Of the batches, without what Redis adds. */
  bytes: number;
  damagedBatches: number;
  /** `lag`: entries that are there and were not taken; offsets have gaps. */
  cursors: { name: string; nextOffset: number; lag: number }[];
}

export interface RedisJournalReport {
  /** Of the server, without user and password. */
  redis: string;
  partitions: PartitionReport[];
  entries: number;
  damagedBatches: number;
  bytes: number;
}

export interface RedisJournalRange {
  /** `null`: one after the other. */
  partition: number | null;
  fromOffset: number;
  entriesMax: number;
}

/** Looks, by a connection of its own. */
export async function lookAtRedisJournal<Result>(
  url: string,
  use: (look: RedisJournalLook) => Promise<Result>,
): Promise<Result> {
  const look = new RedisJournalLook(url);
  try {
    return await use(look);
  } finally {
    look.close();
  }
}

/** A connection of somebody who only looks: it founds no journal and joins none. */
export class RedisJournalLook {
  readonly #client: Redis;
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
    this.#client = new Redis(url, {
      lazyConnect: true,
      connectTimeout: redisLimits.connectMsMax,
      maxRetriesPerRequest: 0,
      retryStrategy: () => null,
      connectionName: "nadi-journal-look",
    });
    // What a call was refused for is said by that call.
    this.#client.on("error", () => undefined);
  }

  /** As they stand in Redis; `null`: there is no journal yet. */
  async partitions(): Promise<number | null> {
    const stored = await this.#ask(() => this.#client.hget(journalKey, "partitions"));
    return stored === null ? null : Number(stored);
  }

  /** Reads and checks every batch. */
  async inspect(): Promise<RedisJournalReport> {
    const partitions: PartitionReport[] = [];
    const count = (await this.partitions()) ?? 0;
    for (let partition = 0; partition < count; partition += 1) {
      partitions.push(await this.#inspect(partition));
    }
    const sum = (valueOf: (report: PartitionReport) => number): number =>
      partitions.reduce((total, report) => total + valueOf(report), 0);
    return {
      redis: describeRedisUrl(this.#url),
      partitions,
      entries: sum(({ entries }) => entries),
      damagedBatches: sum(({ damagedBatches }) => damagedBatches),
      bytes: sum(({ bytes }) => bytes),
    };
  }

  /** Entries, each with its partition. A batch that is damaged is left out, as owners do. */
  async *read(range: RedisJournalRange): AsyncGenerator<JournalEntry & { partition: number }> {
    const count = (await this.partitions()) ?? 0;
    const wanted =
      range.partition === null ? Array.from({ length: count }, (_, at) => at) : [range.partition];
    const names = new NameCache();
    let left = range.entriesMax;
    for (const partition of wanted) {
      for await (const batch of this.#batches(partition, range.fromOffset)) {
        const entries: JournalEntry[] = [];
        const take: TakeEntry = (entry) => entries.push(entry) < left;
        decodeBatch(batch, { fromOffset: range.fromOffset, names }, take);
        for (const entry of entries) yield { ...entry, partition };
        left -= entries.length;
        if (left <= 0) return;
      }
    }
  }

  close(): void {
    this.#client.disconnect();
  }

  async #inspect(partition: number): Promise<PartitionReport> {
    const keys = partitionKeys(partition);
    const stored = await this.#ask(() => this.#client.hgetall(keys.cursors));
    const cursors = Object.entries(stored)
      .map(([name, nextOffset]) => ({ name, nextOffset: Number(nextOffset), lag: 0 }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
    const report: PartitionReport = {
      partition,
      firstOffset: null,
      lastOffset: null,
      entries: 0,
      batches: 0,
      bytes: 0,
      damagedBatches: 0,
      cursors,
    };
    const names = new NameCache();
    for await (const batch of this.#batches(partition, 0)) {
      const end = decodeBatch(batch, { fromOffset: 0, names }, ({ offset }) => {
        report.firstOffset ??= offset;
        report.entries += 1;
        for (const cursor of cursors) if (offset >= cursor.nextOffset) cursor.lag += 1;
        return true;
      });
      if (end === "damaged") report.damagedBatches += 1;
      report.lastOffset = batch.lastOffset;
      report.batches += 1;
      report.bytes += batch.bytes.byteLength;
    }
    return report;
  }

  async *#batches(partition: number, fromOffset: number): AsyncGenerator<StoredBatch> {
    const { stream, state } = partitionKeys(partition);
    const gaps = parseGaps((await this.#ask(() => this.#client.hget(state, "gaps"))) ?? "");
    let from = `${fromOffset}`;
    for (;;) {
      const page = await this.#ask(() =>
        this.#client.xrangeBuffer(stream, from, "+", "COUNT", batchesPerPage),
      );
      for (const [id, fields] of page) {
        const batch = batchOf(id, fields);
        if (!gaps.some(({ start, end }) => start <= batch.lastOffset && batch.lastOffset < end)) {
          yield batch;
        }
      }
      const last = page.at(-1)?.[0];
      if (last === undefined || page.length < batchesPerPage) return;
      from = `(${last.toString("latin1")}`;
    }
  }

  async #ask<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    try {
      if (this.#client.status === "wait") await this.#client.connect();
      return await ask();
    } catch (cause) {
      const message =
        `the journal's Redis at ${describeRedisUrl(this.#url)} (NADI_JOURNAL_REDIS_URL) ` +
        `does not answer: ${(cause as Error).message}`;
      throw new JournalError("JOURNAL_OPEN_FAILED", message, { cause });
    }
  }
}

/** As `join.lua` writes them: offsets at which nothing was appended, whatever stands there. */
function parseGaps(text: string): { start: number; end: number }[] {
  return [...text.matchAll(/(\d+)-(\d+)/g)].map(([, start, end]) => ({
    start: Number(start),
    end: Number(end),
  }));
}

/** As `append.lua` writes it: t, k, c, b, each before its value. */
function batchOf(id: Buffer, fields: readonly Buffer[]): StoredBatch {
  const numberAt = (at: number): number => Number(fields[at]?.toString("latin1"));
  return {
    lastOffset: Number(id.toString("latin1").split("-")[0]),
    receivedTimeMs: numberAt(1),
    clockStepMs: numberAt(3),
    changeSeq: numberAt(5),
    bytes: fields[7] ?? Buffer.alloc(0),
  };
}
