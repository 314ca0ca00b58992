import { expect, test, vi } from "vitest";
import { readingsDirectory } from "../../../ingest/readings-directory.ts";
import { openSqliteHistory } from "../../../ingest/store/sqlite-history.ts";
import { startDurableRedis } from "../../broker/journal/redis/harness.ts";
import { tempFolder } from "../../support/nadi-process.ts";
import {
  deviceId,
  kitchensApart,
  type PartitionedHost,
  provision,
  startPartitionedHost,
  untilOwned,
} from "./support.ts";

// Threads and servers start twice; 19 s were measured on a machine with ten times its work.
vi.setConfig({ testTimeout: 90_000 });

const kitchens = kitchensApart(3);
const [first = "", second = ""] = kitchens;
const waiting = { timeout: 30_000 };

test("one process has all partitions: what is acknowledged is stored, shown and judged", async (t) => {
  const dataDir = tempFolder(t);
  const redis = await startDurableRedis(t);
  const host = await startPartitionedHost(t, { dataDir, redis });
  await provision(host, kitchens);
  await untilOwned(host);
  expect(kitchens.map((sppgId) => host.ingest.ownsKitchen(sppgId))).toEqual([true, true, true]);
  const ts = Date.now();
  for (const sppgId of kitchens) await host.publish(sppgId, { ts, celsius: 12 });
  await host.ingest.flush(first);
  await host.ingest.flush();
  const history = openSqliteHistory({ directory: readingsDirectory(dataDir) });
  t.onTestFinished(() => history.close());
  const rawValues = async (sppgId: string) => {
    const series = { sppgId, deviceId, channel: "0", reading: "temperature", field: "celsius" };
    const range = { fromMs: 0, toMs: ts + 86_400_000, rowsMax: 100 };
    return (await history.raw({ ...series, ...range })).map(({ value }) => value);
  };
  for (const sppgId of kitchens) expect(await rawValues(sppgId)).toEqual([12]);
  const listAlerts = async (sppgId: string, { services }: PartitionedHost = host) =>
    services.desk.listAlerts({ sppgId, state: "all", limit: 10 });
  for (const sppgId of kitchens) {
    await expect.poll(() => listAlerts(sppgId), waiting).toMatchObject([{ value: 12, deviceId }]);
  }
  expect(await host.ingest.snapshot(second)).toMatchObject({
    sppgId: second,
    latest: [{ deviceId, fields: { celsius: 12 } }],
  });

  // A graceful end gives everything back: the next one begins at once, and shows nothing twice.
  await host.stop();
  expect(host.ingest.status().state).toBe("stopped");
  const next = await startPartitionedHost(t, { dataDir, redis });
  await untilOwned(next);
  await next.publish(first, { ts, celsius: 12 });
  await next.publish(first, { ts: ts + 1, celsius: 4 });
  await next.ingest.flush(first);
  expect(await rawValues(first)).toEqual([12, 4]);
  expect(await rawValues(second)).toEqual([12]);
  await expect
    .poll(() => listAlerts(first, next), waiting)
    .toMatchObject([{ condition: "cleared", value: 12, worstValue: 12 }]);
  expect(await listAlerts(second, next)).toMatchObject([{ condition: "active" }]);
});
