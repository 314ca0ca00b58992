import { expect, test } from "vitest";
import { ingestChecks } from "../../ingest/readiness.ts";
import { type PartitionsStatus, startingStatus } from "../../ingest/worker/status.ts";

function channelsAway(awayMs: number) {
  const status = { ...startingStatus, channels: { ...startingStatus.channels, awayMs } };
  const check = ingestChecks({ status: () => status }).find(({ name }) => name === "channels");
  return check?.check();
}

test("lost channels are told of and stay ready: readings are stored and judged without them", () => {
  expect(channelsAway(0)).toEqual({ ok: true, detail: "live values and alerts go out" });
  expect(channelsAway(61_000)).toEqual({
    ok: true,
    detail: "degraded: away for 61 s, live values are dropped, alerts wait",
  });
});

function partitionsAt(changes: Partial<PartitionsStatus>) {
  const partitions: PartitionsStatus = {
    count: 16,
    owned: [{ partition: 3, epoch: 2, state: "live", recorderLag: 0, monitorLag: 0 }],
    missing: 0,
    liveProcesses: 2,
    leaseAgeMs: 400,
    durability: "",
    isJournalAvailable: true,
    ...changes,
  };
  const status = { ...startingStatus, partitions };
  return ingestChecks({ status: () => status })
    .find(({ name }) => name === "partitions")
    ?.check();
}

test("leases that the records do not keep are red, and waiting for partitions is not", () => {
  expect(partitionsAt({})).toEqual({ ok: true, detail: "has 1 of 16, one of 2 processes" });
  expect(partitionsAt({ owned: [], missing: 8 })).toMatchObject({ ok: true });
  expect(partitionsAt({ leaseAgeMs: 6_100 })).toEqual({
    ok: false,
    detail: "the records have not kept the leases for 6 s",
  });
  expect(partitionsAt({ isJournalAvailable: false })).toMatchObject({ ok: false });
});
