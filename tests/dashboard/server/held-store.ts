import type { DashboardServices } from "../../../dashboard/server/services.ts";
import type { BucketQuery, RawQuery, RawRow, TrackQuery } from "../../../ingest/index.ts";
import { previewRule } from "../../../ingest/preview/preview.ts";
import type { Bucket, Fix, KitchenSnapshot } from "../../../ingest/index.ts";

/** A store in memory that answers what the test has put in, and remembers what it was asked. */
export interface HeldStore extends Pick<DashboardServices, "history" | "ingest"> {
  buckets: Bucket[];
  rows: RawRow[];
  fixes: Fix[];
  snapshot: KitchenSnapshot | null;
  asked: { buckets: BucketQuery[]; raw: RawQuery[]; track: TrackQuery[] };
  flushes: number;
  /** Called at each flush and at each query; throw or wait here. */
  onFlush: () => Promise<void>;
  onQuery: () => Promise<void>;
}

export function createHeldStore(): HeldStore {
  const store: HeldStore = {
    buckets: [],
    rows: [],
    fixes: [],
    snapshot: null,
    asked: { buckets: [], raw: [], track: [] },
    flushes: 0,
    onFlush: () => Promise.resolve(),
    onQuery: () => Promise.resolve(),
    history: {
      async buckets(query) {
        store.asked.buckets.push(query);
        await store.onQuery();
        return { widthMs: 1_000, buckets: store.buckets };
      },
      async raw(query) {
        store.asked.raw.push(query);
        await store.onQuery();
        const { after, rowsMax } = query;
        const from = after === undefined ? 0 : store.rows.findIndex(({ t }) => t > after.t);
        return from === -1 ? [] : store.rows.slice(from, from + rowsMax);
      },
      async track(query) {
        store.asked.track.push(query);
        await store.onQuery();
        return store.fixes.slice(0, query.fixesMax);
      },
      async preview(query) {
        await store.onQuery();
        return previewRule(heldRows(store), query);
      },
    },
    ingest: {
      async flush() {
        store.flushes += 1;
        await store.onFlush();
      },
      snapshot: (sppgId) =>
        Promise.resolve(store.snapshot ?? { sppgId, offset: 7, latest: [], devices: [] }),
    },
  };
  return store;
}

/** The rows as the history of each series that is asked for. */
function heldRows(store: HeldStore): Parameters<typeof previewRule>[0] {
  return {
    latest: () => Promise.resolve([]),
    raw: ({ fromMs, toMs, rowsMax }) =>
      Promise.resolve(store.rows.filter(({ t }) => t >= fromMs && t < toMs).slice(0, rowsMax)),
  };
}
