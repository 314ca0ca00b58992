import { storeClosed, storeError } from "./errors.ts";
import { makePrivateFolder } from "./private-files.ts";
import { checkBucketQuery, checkRawQuery, checkSppgId, checkTrackQuery } from "./query-rules.ts";
import { readBuckets } from "./read-buckets.ts";
import { readLatest } from "./read-latest.ts";
import { readRaw, readTrack } from "./read-raw.ts";
import type { History } from "./store.ts";
import { closeReaders, createReaders, type SqliteHistoryOptions } from "./store-readers.ts";

/**
 * Reads what `openSqliteStore` writes, through the files alone: in another thread, or process.
 * Each call does its work before it returns: run it where nobody waits for the thread.
 */
export function openSqliteHistory(options: SqliteHistoryOptions): History {
  makePrivateFolder(options.directory);
  const readers = createReaders(options);
  let isClosed = false;
  const answer = async <Result>(work: () => Result): Promise<Result> => {
    if (isClosed) throw storeClosed();
    try {
      return work();
    } catch (error) {
      throw storeError(error, "reading");
    }
  };
  return {
    buckets: (query) =>
      answer(() => {
        checkBucketQuery(query);
        return readBuckets(readers, query);
      }),
    raw: (query) =>
      answer(() => {
        checkRawQuery(query);
        return readRaw(readers, query);
      }),
    track: (query) =>
      answer(() => {
        checkTrackQuery(query);
        return readTrack(readers, query);
      }),
    latest: (sppgId) =>
      answer(() => {
        checkSppgId(sppgId);
        return readLatest(readers, sppgId);
      }),
    async close() {
      isClosed = true;
      closeReaders(readers);
    },
  };
}
