import { expect, test, type TestContext } from "vitest";
import { createLocalBusHub } from "../../broker/peers/local-bus.ts";
import { CodedError } from "../../devices/index.ts";
import { ingestError } from "../../ingest/errors.ts";
import type { KitchenSnapshot } from "../../ingest/index.ts";
import { askKitchens, serveKitchens } from "../../ingest/shared-kitchens.ts";
import { join } from "../broker/peers/peers.contract.ts";

const snapshot: KitchenSnapshot = {
  sppgId: "sppg-1",
  offset: 1_764_547_200_000_123,
  latest: [
    {
      kind: "reading",
      deviceId: "probe-1",
      place: "coldStore",
      channel: "0",
      reading: "temperature",
      fields: { celsius: 3.5 },
      eventTimeMs: 1_764_547_200_000,
      batteryPct: 91,
      flags: [],
      receivedTimeMs: 1_764_547_200_100,
    },
  ],
  devices: [
    {
      deviceId: "probe-1",
      receivedTimeMs: 1_764_547_200_100,
      eventTimeMs: 1_764_547_200_000,
      batteryPct: null,
      messagesPerMinute: 1.5,
    },
  ],
};

/** Ingest processes that have some kitchens each, and a dashboard that asks. */
async function createIngests(t: TestContext, kitchensOf: Set<string>[]) {
  const hub = createLocalBusHub();
  const flushed: string[] = [];
  const failures = new Map<number, CodedError>();
  for (const [index, kitchens] of kitchensOf.entries()) {
    const answer = async <Value>(value: Value): Promise<Value> => {
      const failure = failures.get(index);
      if (failure !== undefined) throw failure;
      return value;
    };
    const owner = {
      ownsKitchen: (sppgId: string) => kitchens.has(sppgId),
      snapshot: (sppgId: string) => answer({ ...snapshot, sppgId }),
      flush: async (sppgId: string) => {
        await answer(null);
        flushed.push(`${index} ${sppgId}`);
      },
    };
    const prepare = (peers: Parameters<typeof serveKitchens>[1]) => serveKitchens(owner, peers);
    await join(t, hub.connect(), { roles: ["ingest"], prepare });
  }
  const dashboard = await join(t, hub.connect(), { roles: ["dashboard"] });
  return { ask: askKitchens(dashboard), flushed, failures };
}

test("whoever has the kitchen answers, as it would in the same process", async (t) => {
  const { ask, flushed } = await createIngests(t, [new Set(["sppg-2"]), new Set(["sppg-1"])]);
  expect(await ask.snapshot("sppg-1")).toEqual(snapshot);
  await ask.flush("sppg-2");
  expect(flushed).toEqual(["0 sppg-2"]);
});

test("a partition on its way to another process is waited for", async (t) => {
  const [first, second] = [new Set(["sppg-1"]), new Set<string>()];
  const { ask, failures } = await createIngests(t, [first, second]);
  const elsewhere = ingestError("INGEST_KITCHEN_ELSEWHERE", { message: "it has moved" });
  failures.set(0, elsewhere);
  const asked = ask.snapshot("sppg-1");
  await expect(Promise.race([asked, Promise.resolve("waits")])).resolves.toBe("waits");
  first.clear();
  second.add("sppg-1");
  expect(await asked).toEqual(snapshot);
});

test("what the owner says is told on, and a kitchen that nobody has is away", async (t) => {
  const { ask, failures } = await createIngests(t, [new Set(["sppg-1"])]);
  failures.set(0, ingestError("INGEST_STORE_UNAVAILABLE", { message: "InfluxDB is away" }));
  await expect(ask.flush("sppg-1")).rejects.toMatchObject({
    code: "INGEST_STORE_UNAVAILABLE",
    retryable: true,
  });
  await expect(ask.snapshot("sppg-9")).rejects.toMatchObject({
    code: "INGEST_KITCHEN_ELSEWHERE",
    status: 503,
    retryable: true,
  });
});
