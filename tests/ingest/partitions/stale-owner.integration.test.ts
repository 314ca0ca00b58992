import { setTimeout as delay } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { startDurableRedis } from "../../broker/journal/redis/harness.ts";
import { fixedPort, tempFolder } from "../../support/nadi-process.ts";
import {
  kitchensApart,
  partitions,
  type PartitionedHost,
  provision,
  startPartitionedHost,
  untilOwned,
} from "./support.ts";

// 16 s were measured on a machine with ten times its work.
vi.setConfig({ testTimeout: 90_000 });

const waiting = { timeout: 30_000 };
const thief = { processId: "thief", partitions, store: "shared", isAlone: false } as const;

/** As another process does when this one has frozen: all leases have ended, and it takes them. */
async function stealLeases({ services }: PartitionedHost): Promise<void> {
  for (;;) {
    // No lease lasts longer than whoever asks would have it.
    await services.ingest.keepLeases({ ...thief, ttlMs: 1 });
    await delay(2);
    const { leases } = await services.ingest.keepLeases({ ...thief, ttlMs: 600_000 });
    // Else the other one has kept its own just in between.
    if (leases.length === partitions) return;
  }
}

test("an owner that does not know yet that it is none writes nothing, and begins anew later", async (t) => {
  const redis = await startDurableRedis(t);
  // Somewhere else than in files, of which a process would have to be the only writer; it is away.
  const env = {
    NADI_INFLUX_URL: `http://127.0.0.1:${await fixedPort()}`,
    NADI_INFLUX_VERSION: "1",
  };
  const host = await startPartitionedHost(t, { dataDir: tempFolder(t), redis, env });
  const kitchens = kitchensApart(8);
  await provision(host, kitchens);
  await untilOwned(host);
  const alerts = async () => {
    const { desk } = host.services;
    const lists = kitchens.map((sppgId) => desk.listAlerts({ sppgId, state: "all", limit: 10 }));
    return (await Promise.all(lists)).flat();
  };

  await stealLeases(host);
  const ts = Date.now();
  await Promise.all(kitchens.map((sppgId) => host.publish(sppgId, { ts, celsius: 12 })));
  const owned = () => host.ingest.status().partitions?.owned ?? [];
  await expect.poll(() => owned().length, waiting).toBe(0);
  expect(await alerts()).toEqual([]);
  const [first = ""] = kitchens;
  expect(host.ingest.ownsKitchen(first)).toBe(false);
  const elsewhere = { code: "INGEST_KITCHEN_ELSEWHERE", retryable: true };
  await expect(host.ingest.snapshot(first)).rejects.toMatchObject(elsewhere);
  await expect(host.ingest.flush(first)).rejects.toMatchObject(elsewhere);

  await host.services.ingest.leaveIngest(thief.processId);
  await untilOwned(host);
  await expect.poll(async () => (await alerts()).length, waiting).toBe(kitchens.length);
  // The thief's was in between, once or more.
  expect(Math.min(...owned().map(({ epoch }) => epoch))).toBeGreaterThanOrEqual(3);
});
