import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openInfluxHistory } from "../../../../ingest/store/influx/influx-history.ts";
import { openInfluxStore } from "../../../../ingest/store/influx/influx-store.ts";
import { initInfluxStore } from "../../../../ingest/store/influx/setup.ts";
import { type InfluxServer, startInfluxServer } from "../../../support/influx-server.ts";
import { type ModelledStore, storeModel } from "../model.contract.ts";
import { describeStoreContract } from "../store.contract.ts";
import { keepAll, openInflux } from "./open-influx.ts";
import { countReadings, findWrongSums } from "./recount-influx.ts";

let server: InfluxServer;
beforeAll(async () => {
  server = await startInfluxServer();
});
afterAll(() => server.stop());

describeStoreContract("InfluxDB 1.6", (t) => openInflux(t, server));

test("any order of writes, repeats, restarts and upkeep answers as a recount does", async () => {
  const result = await fc.check(storeModel(createInflux), { numRuns: 25 });
  expect(fc.defaultReportMessage(result)).toBeUndefined();
}, 60_000);

async function createInflux(): Promise<ModelledStore> {
  const influx = server.config();
  await initInfluxStore(influx, keepAll);
  return {
    history: openInfluxHistory({ influx, keep: keepAll }),
    open: () => openInfluxStore({ influx }),
    maintain: (store, nowMs) => store.maintain(nowMs),
    async verify(readings) {
      expect(await countReadings(server, influx.bucket)).toBe(readings);
      expect(await findWrongSums(server, influx.bucket)).toEqual([]);
    },
    async remove() {
      await server.query(`DROP DATABASE ${influx.bucket}`);
    },
  };
}
