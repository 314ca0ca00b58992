import { storeClosed } from "../errors.ts";
import { checkBucketQuery, checkRawQuery, checkSppgId, checkTrackQuery } from "../query-rules.ts";
import type { History } from "../store.ts";
import { influxLimits, type InfluxHistoryOptions } from "./influx-config.ts";
import { storeAway } from "./influx-errors.ts";
import { connectInflux } from "./influx-http.ts";
import { createBucketReader } from "./read-buckets.ts";
import { readLatest } from "./read-latest.ts";
import { readRaw, readTrack } from "./read-raw.ts";

/** Reads by InfluxQL what `openInfluxStore` writes, in any process. */
export function openInfluxHistory(options: InfluxHistoryOptions): History {
  const http = connectInflux(options.influx, { ...influxLimits, ...options.limits });
  const readBuckets = createBucketReader(http, options);
  let isClosed = false;
  const answer = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    if (isClosed) throw storeClosed();
    try {
      return await work();
    } catch (error) {
      throw storeAway(error, "reading");
    }
  };
  return {
    buckets: (query) =>
      answer(() => {
        checkBucketQuery(query);
        return readBuckets(query);
      }),
    raw: (query) =>
      answer(() => {
        checkRawQuery(query);
        return readRaw(http, query);
      }),
    track: (query) =>
      answer(() => {
        checkTrackQuery(query);
        return readTrack(http, query);
      }),
    latest: (sppgId) =>
      answer(() => {
        checkSppgId(sppgId);
        return readLatest(http, sppgId);
      }),
    async close() {
      isClosed = true;
      http.close();
    },
  };
}
