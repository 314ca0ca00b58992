import type { ServerName } from "../../../../support/aof.ts";
import { withScope } from "../../../../support/nadi-process.ts";
import { backWithinMs } from "../harness.ts";
import type { Floor, MachineCounts } from "./machine.ts";
import type { Member } from "./members.ts";
import {
  consumers,
  type LastMoments,
  type LifePlan,
  partitions,
  planWorld,
  type Step,
} from "./plan.ts";
import { World, type WorldOptions } from "./world.ts";

export interface Outcome {
  seed: number;
  server: ServerName;
  /** Empty when every promise was kept. */
  violations: readonly string[];
  counts: Counts;
}

export type Counts = Readonly<
  World["counts"] & MachineCounts & { acknowledged: number; entriesRead: number }
>;

/** Starts after the last cut: what it has left in the file is run by the second. */
const lastStarts = 3;

/** Lives one seed's world, on a real server, from its founding to its verdict. */
export function live(seed: number, options: WorldOptions): Promise<Outcome> {
  return withScope(async (scope) => {
    const world = await World.make(scope, options);
    const { oracle, machine } = world;
    try {
      for (const [at, life] of planWorld(seed).lives.entries()) {
        world.trace(`life ${at + 1}${life.isShort ? ", short" : ""}`);
        await liveOnce(world, life);
        if (oracle.violations.length > 0) break;
      }
      if (oracle.violations.length === 0) await comeToRest(world);
    } catch (error) {
      oracle.broken("all comes to rest by itself", String(error));
    }
    world.noteAll();
    const { acknowledged, entriesRead } = oracle;
    return {
      seed,
      server: options.server,
      violations: oracle.violations,
      counts: { ...world.counts, ...machine.counts, acknowledged, entriesRead },
    };
  });
}

async function liveOnce(world: World, life: LifePlan): Promise<void> {
  const { machine, gate } = world;
  await machine.start();
  world.counts.lives += 1;
  for (const [producer, lives] of world.parted) {
    if (lives > 0) world.parted.set(producer, lives - 1);
    else {
      world.parted.delete(producer);
      producer.way.rejoin();
    }
  }
  if (!life.isShort) {
    gate.open();
    await within("back", Promise.all(world.present.map((member) => member.settled())));
    for (const step of life.steps) {
      world.trace(`  ${JSON.stringify(step)}`);
      await within(step.kind, take(world, step));
    }
    await world.deliver();
  }
  const floor = await within("end", endLife(world, life));
  world.trace(`  ${machine.lose(life.loss, floor)}`);
}

async function take(world: World, step: Step): Promise<void> {
  const { machine, surroundings, counts } = world;
  switch (step.kind) {
    case "append":
      return world.append(step);
    case "read":
      return world.read(step, step.limits);
    case "commit":
      return world.commit(step);
    case "tick":
      return world.tick(step.partition);
    case "change":
      surroundings.registry.changeSeq += 1;
      return;
    case "take over":
      return world.takeOver(step.partition);
    case "commit late":
      return world.commitLate(step.partition, step.consumer, step.share);
    case "replace":
      return world.replace(step.producer);
    case "lose answer":
    case "hold back":
      world.producer(step.append.producer).way.befall(step.kind);
      return world.append(step.append);
    case "deliver":
      return world.deliver();
    case "part":
      return part(world, step);
    case "rewrite":
      counts.rewrites += 1;
      return machine.rewrite(step);
    case "weaken":
      return weaken(world, step);
    case "fill":
      return fill(world, step);
    case "look at settings":
      for (const member of world.present) member.lookAtSettings();
      return;
  }
}

async function part(world: World, step: Extract<Step, { kind: "part" }>): Promise<void> {
  const producer = world.producer(step.producer);
  if (producer.way.isParted) return;
  producer.way.part();
  world.parted.set(producer, step.lives);
  if (producer.journal !== null) await producer.reaches("withheld");
}

/** Nothing is acknowledged while it is known that the server syncs too late. */
async function weaken(world: World, step: Extract<Step, { kind: "weaken" }>): Promise<void> {
  const { machine, present, oracle } = world;
  const look = async (kind: "open" | "withheld"): Promise<void> => {
    await Promise.all(present.map((member) => member.looksUntil(kind)));
  };
  await Promise.all(present.map((member) => member.settled()));
  await machine.set("appendfsync", step.to);
  await look("withheld");
  const { acknowledged } = oracle;
  await world.append(step.append);
  await machine.settle();
  if (oracle.acknowledged > acknowledged) oracle.broken("weak acknowledges nothing", step.to);
  await machine.set("appendfsync", "always");
  await look("open");
  world.counts.weakened += 1;
}

/** Cursors go on, and nothing is lost of what waits for room. */
async function fill(world: World, step: Extract<Step, { kind: "fill" }>): Promise<void> {
  const { machine } = world;
  await machine.set("maxmemory", "1");
  await world.append(step.append);
  await world.commit(step.commit);
  await machine.set("maxmemory", "0");
  await Promise.all(world.present.map((member) => member.settled()));
  world.counts.filled += 1;
}

/** What it does last is heard of by nobody; resolves to what was safe before. */
async function endLife(world: World, { isShort, last }: LifePlan): Promise<Floor> {
  const { machine, gate, present } = world;
  let floor = machine.floor();
  if (last.by === "no-sync" && machine.name === "valkey" && !isShort) {
    await machine.set("appendfsync", "no");
    floor = machine.floor();
    gate.becomeSyncless();
  } else {
    // Unless it is over before: then all was heard, and is safe.
    gate.fallSilentAfter(last.answered, () => (floor = machine.floor()));
  }
  gate.open();
  await takeLast(world, last);
  const hasEnded = (member: Member): Promise<void> => {
    const ends = [member.settled(), member.way.unheard];
    // One that has come back since has looked, and sends nothing.
    return Promise.race(gate.isSyncless ? [...ends, member.findsWeak()] : ends);
  };
  await Promise.all(present.map(hasEnded));
  if (!gate.isSilent && !gate.isSyncless) floor = machine.floor();
  await machine.settle();
  await machine.kill();
  gate.shut();
  const opened = world.members.filter(({ journal }) => journal !== null);
  await Promise.all(opened.map((member) => member.reaches("withheld")));
  return floor;
}

async function takeLast(world: World, { steps }: LastMoments): Promise<void> {
  for (const step of steps) {
    world.trace(`  at last ${JSON.stringify(step)}`);
    if (step.kind === "append") {
      // One that is not joined yet has nobody to take it.
      const isJoined = world.producer(step.producer).journal !== null;
      if (isJoined) await world.append(step);
      continue;
    }
    const owner = world.owned(step.partition);
    if (owner === null) continue;
    if (step.kind === "tick") void owner.tick(step.partition);
    else void owner.track(world.commit(step));
  }
}

/** Without any more trouble everything is there; and so it stays. */
async function comeToRest(world: World): Promise<void> {
  const { machine, gate, oracle, producers } = world;
  for (let start = 1; start <= lastStarts && oracle.violations.length === 0; start += 1) {
    world.trace(`at rest, start ${start}`);
    await machine.start();
    gate.open();
    for (const { way } of producers) way.rejoin();
    await within("rest", Promise.all(world.members.map((member) => member.settled())));
    const sending = producers.flatMap((producer) =>
      Array.from({ length: partitions }, (_, partition) => producer.append(partition, 30)),
    );
    await within("last entries", Promise.all(sending));
    for (let partition = 0; partition < partitions; partition += 1) {
      await within("reading to the end", readToEnd(world, partition));
    }
    oracle.checkEnd();
    if (start % 2 === 1) await machine.rewrite({ isAwaited: start > 1 });
    await machine.kill();
    gate.shut();
    await Promise.all(world.members.map((member) => member.reaches("withheld")));
  }
}

async function readToEnd(world: World, partition: number): Promise<void> {
  const { oracle } = world;
  await world.takeOver(partition);
  const owner = await world.ownerOf(partition);
  for (const consumer of consumers) {
    const limits = { entriesMax: 100, bytesMax: 10_000 };
    await world.read({ partition, consumer, times: Number.POSITIVE_INFINITY }, limits);
    await world.commit({ kind: "commit", partition, consumer, share: 0.7 });
  }
  await world.readAgain(owner, partition);
  const end = oracle.endOf(partition);
  const synced = owner.view(partition)?.syncedOffset ?? 0;
  if (synced < end) oracle.broken("acknowledged is read", `${partition} ends at ${synced}`);
}

/** Who waits in vain is told of, and the world ends. */
async function within<Result>(what: string, work: Promise<Result>): Promise<Result> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    late.reject(new Error(`${what}: not within ${backWithinMs} ms`));
  }, backWithinMs);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
