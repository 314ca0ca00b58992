import { expect, test } from "vitest";
import type { IngestRecords } from "../../../ingest/desk/desk.ts";
import type { Lease } from "../../../ingest/desk/leases.ts";
import { alertEffect, head, openDesk, otherSppgId, sppgId } from "./factories.ts";

async function takeLeases(ingest: IngestRecords, partitions: number): Promise<Lease[]> {
  const request = { processId: "a", partitions, ttlMs: 600_000, store: "shared" } as const;
  return (await ingest.keepLeases({ ...request, isAlone: false })).leases;
}

test("each partition has its own state, alerts by entry and messages", async (t) => {
  const { ingest, desk } = await openDesk(t);
  const [first, second] = await takeLeases(ingest, 2);
  if (first === undefined || second === undefined) throw new Error("no leases");
  const row = { sppgId, key: "k", offset: 5, body: "first" };
  const otherRow = { sppgId: otherSppgId, key: "k", offset: 900, body: "second" };
  await ingest.asOwner(first, "saveState", [[row], { offset: 5, body: "one" }]);
  await ingest.asOwner(second, "saveState", [[otherRow], { offset: 900, body: "two" }]);
  await ingest.asOwner(first, "applyEffects", [[alertEffect({}, 4)]]);
  const otherAlert = { alertId: "b1", sppgId: otherSppgId };
  await ingest.asOwner(second, "applyEffects", [[alertEffect(otherAlert, 4)]]);

  expect(await ingest.asOwner(first, "loadMonitorMeta", [])).toEqual({ offset: 5, body: "one" });
  expect(await ingest.asOwner(second, "loadMonitorMeta", [])).toMatchObject({ offset: 900 });
  expect(await ingest.asOwner(second, "loadStateRows", [null, 10])).toEqual([otherRow]);
  const range = { afterOffset: 0, uptoOffset: 10 };
  const moved = await ingest.asOwner(first, "alertsMovedBetween", [range, null, 10]);
  expect(moved.map(({ alertId }) => alertId)).toEqual(["a1"]);

  // What a person does goes out by the owner of the alert's kitchen.
  await desk.acknowledgeAlert({ sppgId: otherSppgId, alertId: "b1", note: null }, head);
  const idsOf = async (lease: Lease) =>
    (await ingest.asOwner(lease, "unpublished", [10, 950])).map(({ id }) => id);
  expect(await idsOf(first)).toEqual(["a1.1"]);
  expect(await idsOf(second)).toEqual(["b1.1", "b1.p2"]);
  await ingest.asOwner(second, "markPublished", [["b1.1", "b1.p2"]]);
  expect(await ingest.asOwner(first, "pruneOutbox", [1_000])).toBe(0);
  expect(await ingest.asOwner(second, "pruneOutbox", [1_000])).toBe(2);
});

test("another journal divides the rows anew, and nothing is forgotten but the place", async (t) => {
  const { ingest, desk } = await openDesk(t);
  const rows = [sppgId, otherSppgId].map((id) => ({ sppgId: id, key: "k", offset: 7, body: id }));
  await ingest.saveState(rows, { offset: 8, body: "{}" });
  await ingest.applyEffects([alertEffect({}, 11)]);
  await desk.acknowledgeAlert({ sppgId, alertId: "a1", note: null }, head);
  expect(await ingest.highestOffset()).toBe(11);
  expect(await ingest.kitchensWithRows(null)).toEqual([sppgId, otherSppgId]);
  expect(await ingest.kitchensWithRows(sppgId)).toEqual([otherSppgId]);

  await ingest.changeLayout(4, [
    [sppgId, 3],
    [otherSppgId, 1],
  ]);
  expect(await ingest.readLayout()).toBe(4);
  const leases = await takeLeases(ingest, 4);
  const [, second, , fourth] = leases;
  if (second === undefined || fourth === undefined) throw new Error("no leases");
  expect(await ingest.asOwner(fourth, "loadMonitorMeta", [])).toBeNull();
  expect(await ingest.asOwner(fourth, "loadStateRows", [null, 10])).toEqual([rows[0]]);
  expect(await ingest.asOwner(second, "loadStateRows", [null, 10])).toEqual([rows[1]]);
  expect(await ingest.asOwner(fourth, "unpublished", [10, 20])).toHaveLength(2);
  expect(await ingest.asOwner(second, "unpublished", [10, 20])).toEqual([]);

  // Not under a process that works with them; and back to a journal of files.
  const back = [
    [sppgId, 0],
    [otherSppgId, 0],
  ] as const;
  await expect(ingest.changeLayout(1, back)).rejects.toMatchObject({
    code: "INGEST_LAYOUT_IN_USE",
  });
  await ingest.leaveIngest("a");
  await ingest.changeLayout(1, back);
  expect(await ingest.loadStateRows(null, 10)).toHaveLength(2);
  // An epoch is never given twice.
  expect((await takeLeases(ingest, 4)).map(({ epoch }) => epoch)).toEqual([2, 2, 2, 2]);
});
