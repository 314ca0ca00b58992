import type { CrashPoint } from "../../broker/journal/crash-points.ts";

/** How a life ends. */
export type Ending =
  /** `kill -9` after a random time. */
  | { kind: "random" }
  /** At the n-th passage of a place, while the load goes on. */
  | { kind: "point"; point: CrashPoint; count: number; withinMs: number }
  /** The same while it stops: what happens each few seconds happens then at once. */
  | { kind: "stopping"; point: CrashPoint; count: number }
  /** `kill -9` once both consumers are level with the load. */
  | { kind: "caughtUp" };

const journalPoints: readonly CrashPoint[] = [
  "before-journal-write",
  "after-journal-write",
  "after-sync",
  "after-ack",
  "segment-created",
  "segment-sealed",
];
const consumerPoints: readonly CrashPoint[] = [
  "store-written",
  "alert-row-written",
  "outbox-published",
];
/** Between what is written and the checkpoint that says so. */
const checkpointPoints: readonly CrashPoint[] = [
  "store-synced",
  "state-row-written",
  "before-checkpoint",
  "after-checkpoint",
];

/** How long a life waits for its crash point before it is killed like the others. */
const withinMs = { soon: 3_000, checkpoint: 9_000 } as const;
/** Every so many-th of the lives that end around a checkpoint ends at one that comes by itself. */
const unaskedEvery = 4;
const caughtUpEvery = 8;

/**
 * Each kind in turn, and within it each point in turn, at a random one of its passages.
 * @param isHeld whether the journal is held, so that no segment is ever removed
 */
export function planEnding(
  round: number,
  { random, isHeld }: { random: () => number; isHeld: boolean },
): Ending {
  const turn = Math.floor(round / 4);
  const upTo = (most: number): number => 1 + Math.floor(random() * most);
  const pick = (points: readonly CrashPoint[]): CrashPoint =>
    points[turn % points.length] ?? "after-sync";
  if (round % 4 === 0)
    return turn % caughtUpEvery === 1 ? { kind: "caughtUp" } : { kind: "random" };
  if (round % 4 === 1) {
    const point = pick(journalPoints);
    const count = upTo(point.startsWith("segment-") ? 2 : 200);
    return { kind: "point", point, count, withinMs: withinMs.soon };
  }
  if (round % 4 === 2) {
    const point = pick(consumerPoints);
    // Writes come once a second, alerts a few times.
    return { kind: "point", point, count: upTo(2), withinMs: withinMs.soon };
  }
  if (!isHeld && turn % 2 === 0) return { kind: "stopping", point: "segment-unlinked", count: 1 };
  const point = pick(checkpointPoints);
  const isOfCursor = point.endsWith("-checkpoint");
  if (turn % unaskedEvery === unaskedEvery - 1) {
    return { kind: "point", point, count: 1, withinMs: withinMs.checkpoint };
  }
  // Two consumers, each with a cursor of its own.
  return { kind: "stopping", point, count: isOfCursor ? upTo(2) : 1 };
}
