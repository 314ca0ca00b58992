import type { PartitionLeaseRow } from "./tables.ts";

export interface ShareQuestion {
  /** Of those that live. */
  processIds: readonly string[];
  /** Every partition's. */
  leases: readonly PartitionLeaseRow[];
  /** Who asks. */
  processId: string;
  nowMs: number;
}

export interface Share {
  /** Leases of the one who asks, also beyond its share: it gives them back when it has stopped. */
  kept: PartitionLeaseRow[];
  /** Of nobody, and now of the one who asks. */
  taken: PartitionLeaseRow[];
  surplus: number;
  missing: number;
}

/**
 * Who gets how many partitions: all the same, one more for those that have the most already, so
 * that as few as can be move. Everybody who asks comes to the same answer.
 */
export function shareOut({ processIds, leases, processId, nowMs }: ShareQuestion): Share {
  const held = new Map(processIds.map((id) => [id, 0]));
  const kept: PartitionLeaseRow[] = [];
  const free: PartitionLeaseRow[] = [];
  for (const lease of leases) {
    const { owner } = lease;
    // Its own stay its own until somebody has taken them.
    if (owner === processId) kept.push(lease);
    const count = owner === null ? undefined : held.get(owner);
    const isHeld = count !== undefined && (owner === processId || lease.expires_at_ms > nowMs);
    if (owner !== null && isHeld) held.set(owner, count + 1);
    else free.push(lease);
  }
  const share = shareOf(processId, held, leases.length);
  const taken = free.slice(0, Math.max(0, share - kept.length));
  return {
    kept,
    taken,
    surplus: Math.max(0, kept.length - share),
    missing: Math.max(0, share - kept.length - taken.length),
  };
}

function shareOf(processId: string, held: ReadonlyMap<string, number>, partitions: number): number {
  const order = [...held].toSorted(([idA, a], [idB, b]) => b - a || (idA < idB ? -1 : 1));
  const place = order.findIndex(([id]) => id === processId);
  const isOneMore = place < partitions % order.length;
  return Math.floor(partitions / order.length) + (isOneMore ? 1 : 0);
}
