import { seededRandom } from "../../../../support/seeded-random.ts";

export const producers = 3;
/** Processes that can own partitions. */
export const owners = 2;
export const partitions = 3;
/** As ingest names them. */
export const consumers = ["recorder", "monitor"] as const;
export type ConsumerName = (typeof consumers)[number];

export interface PlannedEntry {
  partition: number;
  /** Of its text, at least. */
  bytes: number;
}

/** A share of what there is, as the seed fixes it: how much that is depends on the lives before. */
type Share = number;

export interface Commit {
  kind: "commit";
  partition: number;
  consumer: ConsumerName;
  /** Of what was read and not committed. */
  share: Share;
}

export interface Append {
  kind: "append";
  producer: number;
  entries: readonly PlannedEntry[];
  /** The step ends when all are acknowledged. */
  isAwaited: boolean;
}

export interface Read {
  kind: "read";
  partition: number;
  consumer: ConsumerName;
  limits: { entriesMax: number; bytesMax: number };
  /** Reads at most so often. */
  times: number;
}

export type Step =
  | Append
  | Read
  | Commit
  /** The partition's owner appends, as its timekeeper does. */
  | { kind: "tick"; partition: number }
  /** The registry changes; whoever appends knows it. */
  | { kind: "change" }
  /** The other process opens the partition; this one is not told. */
  | { kind: "take over"; partition: number }
  /** By an owner that has lost the partition and does not know. */
  | { kind: "commit late"; partition: number; consumer: ConsumerName; share: Share }
  /** The process ends, without an answer to what waits; another takes its place. */
  | { kind: "replace"; producer: number }
  /** The round is stored, and the answer lost with the connection. */
  | { kind: "lose answer"; append: Append }
  /** The round stays somewhere in the network while it is sent again. */
  | { kind: "hold back"; append: Append }
  /** Whatever is held back arrives. */
  | { kind: "deliver" }
  /** A producer is cut off from Redis for the rest of this life and so many more. */
  | { kind: "part"; producer: number; lives: number }
  | { kind: "rewrite"; isAwaited: boolean }
  /** CONFIG SET appendfsync, which is seen; then back. */
  | { kind: "weaken"; to: "no" | "everysec"; append: Append }
  /** CONFIG SET maxmemory, and back after a commit. */
  | { kind: "fill"; append: Append; commit: Commit }
  | { kind: "look at settings" };

/** What is under way when the server ends, of which nobody hears. */
export interface LastMoments {
  /** So many scripts are answered before nothing is any more. */
  answered: number;
  /**
   * `no-sync`: with WAITAOF, answers go on, but Redis has been told to sync nothing (CONFIG SET
   * appendfsync no), and nobody has seen that yet. Without it as `silence`.
   */
  by: "silence" | "no-sync";
  steps: readonly (Append | Commit | { kind: "tick"; partition: number })[];
}

/** What the file system makes of what was written and not synced. */
export interface Loss {
  /**
   * Where the file ends: in all that was unsynced, in or behind one of its commands, or in one that
   * ends a transaction, of which then all else stands.
   */
  cut: { kind: "none" } | { kind: "byte" | "within" | "behind" | "within end"; at: Share };
  /** Sectors that were not written, though what lies behind them was. */
  hole: Hole | null;
  /** Bytes by which the file had grown before anything was written there. */
  zeros: number;
}

export interface Hole {
  at: Share;
  sectors: number;
  /** A sector of one long word, if there is any: the server starts with it. */
  isInWord: boolean;
}

export interface LifePlan {
  /** It ends while processes come back: nothing is waited for. */
  isShort: boolean;
  steps: readonly Step[];
  last: LastMoments;
  loss: Loss;
}

export interface WorldPlan {
  seed: number;
  lives: readonly LifePlan[];
}

class Chance {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  hits(probability: number): boolean {
    return this.#random() < probability;
  }

  share(): number {
    return this.#random();
  }

  /** From 0 to `count` - 1. */
  below(count: number): number {
    return Math.floor(this.#random() * count);
  }

  from(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  pick<Item>(items: readonly [Item, ...Item[]]): Item {
    return items[this.below(items.length)] ?? items[0];
  }

  list<Item>(count: number, make: () => Item): Item[] {
    return Array.from({ length: count }, make);
  }
}

/** More sectors than are ever unsynced. */
const toTheEnd = 1_000;

const livesOf = { least: 6, most: 10 };

/** The same at each call: each life has numbers of its own, whatever became of those before. */
export function planWorld(seed: number): WorldPlan {
  const chance = new Chance(seed);
  const count = chance.from(livesOf.least, livesOf.most);
  const lives: LifePlan[] = [];
  for (let at = 1; at <= count; at += 1) {
    const own = new Chance(Math.imul(seed, 0x9e3779b1) + 7_919 * at);
    const cut = lives.at(-1)?.loss.cut.kind ?? "none";
    const isTorn = cut === "within" || cut === "within end";
    lives.push(isTorn && own.hits(0.5) ? planPassing(own) : planLife(own));
  }
  return { seed, lives };
}

/**
 * It ends when the first has joined, and nothing is lost of what that wrote: the next start runs
 * what a crash before has left in the file.
 */
function planPassing(chance: Chance): LifePlan {
  const last = planLast(chance, { isShort: true, isOfOwners: false });
  const loss: Loss = { cut: { kind: "none" }, hole: null, zeros: 0 };
  return { isShort: true, steps: [], last: { ...last, answered: 0, by: "silence" }, loss };
}

function planLife(chance: Chance): LifePlan {
  const isShort = chance.hits(0.4);
  const isOfOwners = !isShort && chance.hits(0.3);
  const steps = isShort ? [] : chance.list(chance.below(9), () => planStep(chance));
  // Then there is something to commit.
  if (isOfOwners) steps.push(...readings());
  return {
    isShort,
    steps,
    last: planLast(chance, { isShort, isOfOwners }),
    loss: planLoss(chance),
  };
}

/** Both consumers come to the end. */
function readings(): Read[] {
  const limits = { entriesMax: 50, bytesMax: 100_000 };
  return Array.from({ length: partitions }, (_, partition) =>
    consumers.map((consumer): Read => ({ kind: "read", partition, consumer, limits, times: 100 })),
  ).flat();
}

/** How often each comes, of all. */
const weights: readonly (readonly [number, (chance: Chance) => Step])[] = [
  [30, planAppend],
  [22, planRead],
  [14, planCommit],
  [3, (chance) => ({ kind: "tick", partition: chance.below(partitions) })],
  [4, () => ({ kind: "change" })],
  [6, (chance) => ({ kind: "take over", partition: chance.below(partitions) })],
  [3, (chance) => ({ ...planCommit(chance), kind: "commit late" })],
  [2, (chance) => ({ kind: "replace", producer: chance.below(producers) })],
  [4, (chance) => ({ kind: "lose answer", append: planAppend(chance) })],
  [5, (chance) => ({ kind: "hold back", append: planAppend(chance) })],
  [7, () => ({ kind: "deliver" })],
  [4, (chance) => ({ kind: "part", producer: chance.below(producers), lives: chance.below(4) })],
  [5, (chance) => ({ kind: "rewrite", isAwaited: chance.hits(0.6) })],
  [1, planWeaken],
  [1, planFill],
  [2, () => ({ kind: "look at settings" })],
];

function planStep(chance: Chance): Step {
  let left = chance.share() * weights.reduce((sum, [weight]) => sum + weight, 0);
  const found = weights.find(([weight]) => {
    left -= weight;
    return left < 0;
  });
  return (found?.[1] ?? planAppend)(chance);
}

function planAppend(chance: Chance): Append {
  return {
    kind: "append",
    producer: chance.below(producers),
    entries: chance.list(chance.from(1, 5), () => planEntry(chance)),
    isAwaited: chance.hits(0.5),
  };
}

/** Some are longer than a sector or two, so that a hole can lie within one. */
function planEntry(chance: Chance): PlannedEntry {
  const partition = chance.below(partitions);
  const bytes = chance.hits(0.3) ? chance.from(600, 2_400) : chance.below(60);
  return { partition, bytes };
}

function planRead(chance: Chance): Read {
  const limits = { entriesMax: chance.from(1, 7), bytesMax: chance.pick([1, 300, 5_000, 100_000]) };
  return {
    kind: "read",
    partition: chance.below(partitions),
    consumer: chance.pick(consumers),
    limits,
    times: chance.pick([1, 2, 100]),
  };
}

function planCommit(chance: Chance): Commit {
  const share = chance.hits(0.3) ? 1 : chance.share();
  const partition = chance.below(partitions);
  return { kind: "commit", partition, consumer: chance.pick(consumers), share };
}

function planWeaken(chance: Chance): Step {
  const append = { ...planAppend(chance), isAwaited: false };
  return { kind: "weaken", to: chance.pick(["no", "everysec"]), append };
}

function planFill(chance: Chance): Step {
  return {
    kind: "fill",
    append: { ...planAppend(chance), isAwaited: false },
    commit: planCommit(chance),
  };
}

function planLast(
  chance: Chance,
  { isShort, isOfOwners }: { isShort: boolean; isOfOwners: boolean },
): LastMoments {
  const steps: LastMoments["steps"][number][] = [];
  for (let producer = 0; producer < producers; producer += 1) {
    if (chance.hits(isOfOwners ? 0.1 : 0.6)) {
      steps.push({ ...planAppend(chance), producer, isAwaited: false });
    }
  }
  // A process that comes back has nothing to commit yet.
  if (!isShort) steps.push(...planOwnersLast(chance, isOfOwners));
  // To come back takes a process two scripts or more.
  const answered = chance.hits(0.5) ? 0 : chance.below(isShort ? 12 : 4);
  return { answered, by: chance.hits(0.15) ? "no-sync" : "silence", steps };
}

function planOwnersLast(chance: Chance, isOfOwners: boolean): LastMoments["steps"] {
  const steps: LastMoments["steps"][number][] = [];
  for (let partition = 0; partition < partitions; partition += 1) {
    const isBoth = isOfOwners && chance.hits(0.5);
    if (isBoth) {
      // The second moves what lies below every cursor.
      for (const consumer of consumers)
        steps.push({ kind: "commit", partition, consumer, share: 1 });
    } else if (chance.hits(0.2)) {
      steps.push({ ...planCommit(chance), partition });
    }
    if (chance.hits(0.1)) steps.push({ kind: "tick", partition });
  }
  return steps;
}

const cuts = [
  ...(["none", "byte", "behind"] as const),
  ...(["within", "within", "within end", "within end"] as const),
] as const;

function planLoss(chance: Chance): Loss {
  const kind = chance.pick(cuts);
  const sectors = chance.pick([1, 1, 2, 3, toTheEnd]);
  return {
    cut: kind === "none" ? { kind } : { kind, at: chance.share() },
    hole: chance.hits(0.25) ? { at: chance.share(), sectors, isInWord: chance.hits(0.6) } : null,
    zeros: chance.hits(0.1) ? chance.from(1, 3) * 512 : 0,
  };
}
