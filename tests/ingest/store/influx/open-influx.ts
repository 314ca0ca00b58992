import type { TestContext } from "vitest";
import type { InfluxConfig, InfluxLimits } from "../../../../ingest/store/influx/influx-config.ts";
import { openInfluxHistory } from "../../../../ingest/store/influx/influx-history.ts";
import { openInfluxStore } from "../../../../ingest/store/influx/influx-store.ts";
import { initInfluxStore } from "../../../../ingest/store/influx/setup.ts";
import type { OpenedStore } from "../store.contract.ts";
import type { InfluxServer } from "../../../support/influx-server.ts";

/** The tests' readings have dates of their own: nothing of them is over. */
export const keepAll = { rawDays: 36_000, minuteDays: 36_000, hourDays: 36_000 };

export interface OpenedInflux extends OpenedStore {
  influx: InfluxConfig;
}

/** A store and its history over a database of their own, or over the given one. */
export async function openInflux(
  t: TestContext,
  server: InfluxServer,
  given: { influx?: InfluxConfig; limits?: Partial<InfluxLimits> } = {},
): Promise<OpenedInflux> {
  const influx = given.influx ?? server.config();
  if (given.influx === undefined) await initInfluxStore(influx, keepAll);
  const limits = given.limits ?? {};
  const store = openInfluxStore({ influx, limits });
  const history = openInfluxHistory({ influx, keep: keepAll, limits });
  t.onTestFinished(async () => {
    await history.close();
    await store.close();
  });
  return { influx, store, history };
}
