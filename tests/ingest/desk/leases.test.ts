import { expect, test } from "vitest";
import { tablesOf } from "../../../devices/records/records.ts";
import type { IngestRecords, PartitionRecords } from "../../../ingest/desk/desk.ts";
import type { KeepRequest, Lease } from "../../../ingest/desk/leases.ts";
import type { IngestTables } from "../../../ingest/desk/tables.ts";
import { alertEffect, deadLetter, dump, openDesk, sppgId } from "./factories.ts";

const partitions = 16;
const longMs = 600_000;

function ask(processId: string, changes: Partial<KeepRequest> = {}): KeepRequest {
  return { processId, partitions, ttlMs: longMs, store: "shared", isAlone: false, ...changes };
}

/** What a process does whose share has become smaller: it stops some, and gives them back. */
async function keepShare(ingest: IngestRecords, request: KeepRequest): Promise<Lease[]> {
  const { leases, surplus } = await ingest.keepLeases(request);
  await ingest.giveBackLeases(leases.slice(leases.length - surplus));
  return leases.slice(0, leases.length - surplus);
}

const numbers = (leases: readonly Lease[]): number[] => leases.map(({ partition }) => partition);
const allPartitions = Array.from({ length: partitions }, (_, partition) => partition);

test("the first process has all partitions, and shares them with those that come", async (t) => {
  const { ingest } = await openDesk(t);
  const first = await ingest.keepLeases(ask("a"));
  expect(numbers(first.leases)).toEqual(allPartitions);
  expect(first).toMatchObject({ surplus: 0, missing: 0, liveProcesses: 1 });
  expect(await ingest.keepLeases(ask("b"))).toEqual({
    leases: [],
    surplus: 0,
    missing: 8,
    liveProcesses: 2,
  });
  expect(await keepShare(ingest, ask("a"))).toHaveLength(8);
  const second = await ingest.keepLeases(ask("b"));
  expect(numbers(second.leases)).toEqual([8, 9, 10, 11, 12, 13, 14, 15]);
  // A third: 6, 5 and 5, whoever asks first.
  expect(await ingest.keepLeases(ask("c"))).toMatchObject({ leases: [], missing: 5 });
  const shares = [await keepShare(ingest, ask("b")), await keepShare(ingest, ask("a"))];
  shares.push((await ingest.keepLeases(ask("c"))).leases);
  expect(shares.map(({ length }) => length)).toEqual([5, 6, 5]);
  expect(numbers(shares.flat()).toSorted((x, y) => x - y)).toEqual(allPartitions);
});

test("an epoch grows with each owner, and stays while one holds on", async (t) => {
  const { ingest } = await openDesk(t);
  const first = await ingest.keepLeases(ask("a", { partitions: 1 }));
  expect(first.leases).toEqual([{ partition: 0, epoch: 1 }]);
  expect((await ingest.keepLeases(ask("a", { partitions: 1 }))).leases).toEqual(first.leases);
  await ingest.leaveIngest("a");
  await ingest.leaveIngest("a");
  const second = await ingest.keepLeases(ask("b", { partitions: 1 }));
  expect(second).toMatchObject({ leases: [{ partition: 0, epoch: 2 }], liveProcesses: 1 });
  // Too late: it has another owner since.
  await ingest.giveBackLeases(first.leases);
  expect((await ingest.keepLeases(ask("b", { partitions: 1 }))).leases).toEqual(second.leases);
});

test("who is not heard of for the time of a lease loses all, and comes back to a share", async (t) => {
  const { ingest } = await openDesk(t);
  await ingest.keepLeases(ask("dead", { ttlMs: 50 }));
  const takenOver = async () => (await ingest.keepLeases(ask("a"))).leases.length;
  await expect.poll(takenOver).toBe(partitions);
  expect(await ingest.keepLeases(ask("dead"))).toMatchObject({ leases: [], missing: 8 });
});

test("one that is late keeps what nobody has taken", async (t) => {
  const { ingest, records } = await openDesk(t);
  const { leases } = await ingest.keepLeases(ask("a"));
  await tablesOf<IngestTables>(records)
    .updateTable("partition_lease")
    .set({ expires_at_ms: 1 })
    .execute();
  expect((await ingest.keepLeases(ask("a"))).leases).toEqual(leases);
});

test("a database clock that was put back lets nobody live for longer than a lease", async (t) => {
  const { ingest, records } = await openDesk(t);
  await ingest.keepLeases(ask("dead"));
  const db = tablesOf<IngestTables>(records);
  const farMs = 4_000_000_000_000;
  await db.updateTable("partition_lease").set({ expires_at_ms: farMs }).execute();
  await db.updateTable("ingest_process").set({ expires_at_ms: farMs }).execute();
  const takenOver = async () => (await ingest.keepLeases(ask("a", { ttlMs: 50 }))).leases.length;
  await expect.poll(takenOver).toBe(partitions);
});

test("processes that ask at the same time never have the same partition", async (t) => {
  const { ingest } = await openDesk(t);
  const ids = ["a", "b", "c", "d", "e"];
  const owners = new Map<string, Lease[]>();
  for (let round = 0; round < 6; round++) {
    await Promise.all(ids.map(async (id) => owners.set(id, await keepShare(ingest, ask(id)))));
    const held = numbers([...owners.values()].flat());
    expect(new Set(held).size).toBe(held.length);
  }
  expect([...owners.values()].map(({ length }) => length).toSorted((x, y) => x - y)).toEqual([
    3, 3, 3, 3, 4,
  ]);
});

test("who has locked the records takes the leases of the dead at once, each with a new epoch", async (t) => {
  const { ingest } = await openDesk(t);
  const dead = await ingest.keepLeases(ask("dead", { store: "local", isAlone: true }));
  const request = ask("a", { store: "local", isAlone: true });
  await expect(ingest.keepLeases({ ...request, isAlone: false })).rejects.toMatchObject({
    code: "INGEST_STORE_NOT_SHARED",
  });
  const { leases, missing, liveProcesses } = await ingest.keepLeases(request);
  expect({ missing, liveProcesses }).toEqual({ missing: 0, liveProcesses: 1 });
  expect(leases).toEqual(dead.leases.map(({ partition }) => ({ partition, epoch: 2 })));
  // A write of the dead one that is still on its way, and its own end, change nothing any more.
  const [stale] = dead.leases;
  if (stale === undefined) throw new Error("no lease");
  await expect(ingest.asOwner(stale, "saveState", [[row], null])).rejects.toMatchObject({
    code: "INGEST_LEASE_LOST",
  });
  await ingest.leaveIngest("dead");
  expect((await ingest.keepLeases(request)).leases).toEqual(leases);
});

test("a process with a store of its own has to be alone", async (t) => {
  const { ingest } = await openDesk(t);
  await ingest.keepLeases(ask("a", { store: "local" }));
  const refusal = { code: "INGEST_STORE_NOT_SHARED", message: /NADI_INFLUX_URL/ };
  await expect(ingest.keepLeases(ask("b"))).rejects.toMatchObject({ code: refusal.code });
  await expect(ingest.keepLeases(ask("c", { store: "local" }))).rejects.toThrow(refusal.message);
  // They have left no trace.
  expect(await ingest.keepLeases(ask("a", { store: "local" }))).toMatchObject({
    liveProcesses: 1,
    surplus: 0,
  });
});

const row = { sppgId, key: "k", offset: 9, body: "{}" };
/** Everything that writes for a partition. */
const writes: { [Name in keyof PartitionRecords]?: Parameters<PartitionRecords[Name]> } = {
  saveState: [[row], { offset: 9, body: "{}" }],
  applyEffects: [[alertEffect({ revision: 2 }, 120), deadLetter(2)]],
  markPublished: [["a1.1"]],
  pruneOutbox: [1_000],
  unpublished: [10, 130],
};

test("what an earlier owner still writes is refused, all of it", async (t) => {
  const { ingest, desk, records } = await openDesk(t);
  const [stale] = (await ingest.keepLeases(ask("a", { partitions: 1 }))).leases;
  if (stale === undefined) throw new Error("no lease");
  await ingest.asOwner(stale, "applyEffects", [[alertEffect()]]);
  const by = { email: "head@example.org", address: null };
  // Waits for its place in the journal.
  await desk.acknowledgeAlert({ sppgId, alertId: "a1", note: null }, by);
  await ingest.leaveIngest("a");
  const [current] = (await ingest.keepLeases(ask("b", { partitions: 1 }))).leases;
  if (current === undefined) throw new Error("no lease");
  const before = await dump(records);
  for (const [name, args] of Object.entries(writes)) {
    // The table above has pairs of a name and its arguments.
    const call = (tenure: Lease) =>
      ingest.asOwner(tenure, name as "saveState", args as Parameters<IngestRecords["saveState"]>);
    await expect(call(stale), name).rejects.toMatchObject({
      code: "INGEST_LEASE_LOST",
      retryable: false,
    });
    expect(await dump(records)).toEqual(before);
  }
  expect(await ingest.asOwner(current, "loadStateRows", [null, 10])).toEqual([]);
  await ingest.asOwner(current, "saveState", [[row], null]);
  expect(await ingest.asOwner(current, "loadStateRows", [null, 10])).toEqual([row]);
  expect(await ingest.asOwner(current, "unpublished", [10, 130])).toHaveLength(2);
});
