import type { PartitionJournal } from "../../../../../broker/journal/redis/partitioned-journal.ts";
import type { ServerName } from "../../../../support/aof.ts";
import type { Scope } from "../../../../support/nadi-process.ts";
import { Gate } from "./gate.ts";
import { Machine } from "./machine.ts";
import { hasCode, type Member, Owner, Producer, type Surroundings } from "./members.ts";
import { Oracle } from "./oracle.ts";
import {
  type Append,
  type Commit,
  type ConsumerName,
  consumers,
  owners,
  producers,
} from "./plan.ts";
import { type Plant, swapsOf } from "./plants.ts";

export interface WorldOptions {
  server: ServerName;
  plant?: Plant | undefined;
  onTrace?: ((line: string) => void) | undefined;
}

/** An owner that was not told that another has the partition. */
interface Stale {
  owner: Owner;
  view: PartitionJournal;
}

/** What outlives the server: processes, consumers, and what they know. */
export class World {
  readonly options: WorldOptions;
  readonly machine: Machine;
  readonly gate: Gate;
  readonly surroundings: Surroundings = { oracle: new Oracle(), registry: { changeSeq: 0 } };
  readonly producers: Producer[] = [];
  readonly owners: Owner[] = [];
  /** Lives for which a producer stays cut off. */
  readonly parted = new Map<Producer, number>();
  readonly counts = {
    lives: 0,
    takeovers: 0,
    replaced: 0,
    commits: 0,
    commitsInDoubt: 0,
    late: 0,
    rewrites: 0,
    weakened: 0,
    filled: 0,
    known: 0,
    repeated: 0,
  };
  readonly #owned = new Map<number, Owner>();
  readonly #stale = new Map<number, Stale>();

  private constructor(options: WorldOptions, machine: Machine, gate: Gate) {
    this.options = options;
    this.machine = machine;
    this.gate = gate;
  }

  static async make(scope: Scope, options: WorldOptions): Promise<World> {
    const swaps = swapsOf(options.plant);
    const machine = await Machine.make(scope, options.server, swaps.sources);
    const gate = new Gate({
      port: machine.server.port,
      swaps: swaps.shas,
      isRoundHeard: options.plant?.isRoundHeard ?? false,
    });
    const world = new World(options, machine, gate);
    for (let index = 0; index < producers; index += 1) {
      const way = await gate.addWay(scope);
      world.producers.push(new Producer(`p${index}`, way, world.surroundings));
    }
    for (let index = 0; index < owners; index += 1) {
      const way = await gate.addWay(scope);
      world.owners.push(new Owner(`o${index}`, way, world.surroundings));
    }
    scope.onTestFinished(async () => {
      // A process that was never joined would wait for its server: its way is gone.
      for (const { way } of world.members) way.part();
      await Promise.all(world.members.map((member) => member.close()));
    });
    return world;
  }

  get oracle(): Oracle {
    return this.surroundings.oracle;
  }

  get members(): readonly Member[] {
    return [...this.producers, ...this.owners];
  }

  /** Who can reach the server. */
  get present(): readonly Member[] {
    return this.members.filter(({ way }) => !way.isParted);
  }

  trace(line: string): void {
    this.options.onTrace?.(line);
  }

  producer(index: number): Producer {
    const found = this.producers[index];
    if (found === undefined) throw new Error(`no producer ${index}`);
    return found;
  }

  /** The process that owns it; opens the partition where none does. */
  async ownerOf(partition: number): Promise<Owner> {
    const owner = this.#owned.get(partition) ?? this.owners[partition % owners];
    if (owner === undefined) throw new Error("no owner");
    if (owner.view(partition) === null) await this.#own(owner, partition);
    return owner;
  }

  /** Who owns it now, if anybody does. */
  owned(partition: number): Owner | null {
    return this.#owned.get(partition) ?? null;
  }

  /** By the other process. It reads again what the one before has read and not committed. */
  async takeOver(partition: number): Promise<void> {
    const before = await this.ownerOf(partition);
    const view = before.view(partition);
    const after = this.owners.find((owner) => owner !== before) ?? before;
    if (view !== null) this.#stale.set(partition, { owner: before, view });
    await this.#own(after, partition);
    this.counts.takeovers += 1;
  }

  async append({ producer: index, entries, isAwaited }: Append): Promise<void> {
    const producer = this.producer(index);
    const isAway = producer.way.isParted;
    if (producer.journal === null && isAway) return;
    await producer.opening;
    const all = entries.map(({ partition, bytes }) => producer.append(partition, bytes));
    if (isAwaited && !isAway) await Promise.all(all);
  }

  async commit({ partition, consumer, share }: Commit): Promise<void> {
    const { view } = await this.#viewOf(partition);
    const places = this.oracle.commitPlaces(consumer, partition);
    const offset = places[Math.ceil(share * places.length) - 1];
    if (offset !== undefined) await this.#commit(view, consumer, offset);
  }

  /** By who has lost the partition: behind, its commit is refused or changes nothing. */
  async commitLate(partition: number, consumer: ConsumerName, share: number): Promise<void> {
    const stale = this.#stale.get(partition);
    if (stale === undefined || stale.owner.view(partition) !== stale.view) return;
    const known = this.oracle.knownFrom(partition, 0);
    const place = this.oracle.placeOf(consumer, partition);
    const read = known.map(([offset]) => offset + 1).filter((offset) => offset <= place);
    const offset = read[Math.floor(share * read.length)];
    if (offset !== undefined) await this.#commit(stale.view, consumer, offset);
  }

  /** Reads on, at most so often, until nothing is left. */
  async read(
    at: { partition: number; consumer: ConsumerName; times: number },
    limits: { entriesMax: number; bytesMax: number },
  ): Promise<void> {
    const { partition, consumer, times } = at;
    const { owner, view } = await this.#viewOf(partition);
    for (let left = times; left > 0; left -= 1) {
      const from = this.oracle.placeOf(consumer, partition);
      if (from > view.syncedOffset) return;
      this.oracle.read(consumer, partition, await owner.read(partition, from, limits));
    }
  }

  /** The process ends without a word to whoever waits for it. */
  async replace(index: number): Promise<void> {
    const producer = this.producer(index);
    if (producer.journal === null) return;
    producer.way.part();
    await producer.reaches("withheld");
    this.#note(producer);
    await producer.close();
    this.parted.delete(producer);
    this.counts.replaced += 1;
    producer.way.rejoin();
    const name = `${producer.name.split(".")[0]}.${this.counts.replaced}`;
    const next = new Producer(name, producer.way, this.surroundings);
    this.producers[index] = next;
    await next.opening;
  }

  /** What is held back of any producer's rounds arrives. */
  async deliver(): Promise<void> {
    for (const { way } of this.producers) if (await way.deliver()) this.counts.late += 1;
  }

  /** What its journals have counted, before they are gone. */
  noteAll(): void {
    for (const member of this.members) this.#note(member);
  }

  async tick(partition: number): Promise<void> {
    const { owner } = await this.#viewOf(partition);
    void owner.tick(partition);
  }

  #note({ journal }: Member): void {
    const stats = journal?.stats();
    this.counts.known += stats?.batchesKnown ?? 0;
    this.counts.repeated += stats?.batchesRepeated ?? 0;
  }

  async #viewOf(partition: number): Promise<{ owner: Owner; view: PartitionJournal }> {
    const owner = await this.ownerOf(partition);
    const view = owner.view(partition);
    if (view === null) throw new Error(`${owner.name} does not own ${partition}`);
    return { owner, view };
  }

  async #own(owner: Owner, partition: number): Promise<void> {
    const acknowledged = this.oracle.lastAcknowledged(partition);
    const view = await owner.own(partition);
    this.#owned.set(partition, owner);
    this.oracle.found(partition, {
      acknowledged,
      firstOffset: view.firstOffset,
      syncedOffset: view.syncedOffset,
      cursor: (name) => view.cursor(name),
    });
    // As `registerCursors` of ingest: one that is unknown holds nothing.
    for (const name of consumers) {
      if (view.cursor(name) === null) await this.#commit(view, name, view.firstOffset);
    }
    await this.readAgain(owner, partition);
  }

  /** From the lowest cursor up to where a consumer has been: nothing may have changed. */
  async readAgain(owner: Owner, partition: number): Promise<void> {
    const end = Math.max(...consumers.map((name) => this.oracle.placeOf(name, partition)));
    let from = this.oracle.keptFrom(partition);
    while (from < end) {
      const batch = await owner.read(partition, from, { entriesMax: 50, bytesMax: 4_000 });
      this.oracle.readAgain(partition, from, batch);
      from = batch.nextOffset;
    }
  }

  async #commit(view: PartitionJournal, name: ConsumerName, offset: number): Promise<void> {
    const at = { name, partition: view.partition, offset };
    this.oracle.commit(at, "begins");
    try {
      await view.commitCursor(name, offset);
      this.counts.commits += 1;
      this.oracle.commit(at, "done");
    } catch (error) {
      if (hasCode(error, "JOURNAL_CURSOR_REFUSED")) this.oracle.commit(at, "refused");
      else if (hasCode(error, "JOURNAL_CURSOR_FAILED")) this.counts.commitsInDoubt += 1;
      else throw error;
    }
  }
}
