import fc from "fast-check";
import { expect, test } from "vitest";
import { shareOut } from "../../../ingest/desk/fair-share.ts";
import type { PartitionLeaseRow } from "../../../ingest/desk/tables.ts";

const nowMs = 1_000;

/** Leases that end behind or before now, of processes that live, have died, or of nobody. */
const world = fc
  .record({
    processIds: fc.uniqueArray(fc.constantFrom("a", "b", "c", "d", "e"), { minLength: 1 }),
    owners: fc.array(
      fc.record({
        owner: fc.constantFrom(null, "a", "b", "c", "d", "e", "dead"),
        expires_at_ms: fc.constantFrom(0, nowMs, 2 * nowMs),
      }),
      { minLength: 1, maxLength: 20 },
    ),
  })
  .map(({ processIds, owners }) => ({
    processIds,
    leases: owners.map((lease, partition) => ({ partition, epoch: 1, ...lease })),
  }));

/** One process asks, holds on to what it has, gives back its surplus, and takes what is free. */
function askOnce(
  leases: readonly PartitionLeaseRow[],
  processIds: readonly string[],
  processId: string,
): PartitionLeaseRow[] {
  const { kept, taken, surplus } = shareOut({ processIds, leases, processId, nowMs });
  const givenBack = new Set(kept.slice(kept.length - surplus).map(({ partition }) => partition));
  const held = new Set([...kept, ...taken].map(({ partition }) => partition));
  return leases.map((lease) => {
    if (givenBack.has(lease.partition)) return { ...lease, owner: null };
    if (!held.has(lease.partition)) return lease;
    return { ...lease, owner: processId, expires_at_ms: 2 * nowMs };
  });
}

test("whoever asks in whatever order: soon all is owned in fair shares, and then nothing moves", () => {
  fc.assert(
    fc.property(world, fc.infiniteStream(fc.nat()), ({ processIds, leases }, order) => {
      let current: PartitionLeaseRow[] = leases;
      for (let round = 0; round < 4; round++) {
        const turns = [...processIds];
        while (turns.length > 0) {
          const at = (order.next().value ?? 0) % turns.length;
          const [processId = ""] = turns.splice(at, 1);
          current = askOnce(current, processIds, processId);
        }
      }
      const counts = processIds.map((id) => current.filter(({ owner }) => owner === id).length);
      expect(counts.reduce((sum, count) => sum + count, 0)).toBe(current.length);
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
      for (const processId of processIds) {
        expect(askOnce(current, processIds, processId)).toEqual(current);
        const share = shareOut({ processIds, leases: current, processId, nowMs });
        expect(share).toMatchObject({ taken: [], surplus: 0, missing: 0 });
      }
    }),
    { numRuns: 2_000 },
  );
});

test("what another process holds is never taken", () => {
  fc.assert(
    fc.property(world, ({ processIds, leases }) => {
      const [processId = ""] = processIds;
      const { taken } = shareOut({ processIds, leases, processId, nowMs });
      for (const { owner, expires_at_ms } of taken) {
        const lives = processIds.some((id) => id === owner);
        expect(lives && expires_at_ms > nowMs).toBe(false);
      }
    }),
  );
});
