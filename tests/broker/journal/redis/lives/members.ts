import type { JournalBatch, JournalCondition } from "../../../../../broker/journal/journal.ts";
import { linkLimits } from "../../../../../broker/journal/redis/link.ts";
import { openRedisJournal } from "../../../../../broker/journal/redis/open-redis-journal.ts";
import type {
  PartitionedJournal,
  PartitionJournal,
} from "../../../../../broker/journal/redis/partitioned-journal.ts";
import { type JournalTimers, systemTimers } from "../../../../../broker/journal/timers.ts";
import { reading } from "../../harness.ts";
import { backWithinMs, createLog } from "../harness.ts";
import type { Way } from "./gate.ts";
import type { Oracle } from "./oracle.ts";
import { partitions } from "./plan.ts";

/** A kitchen of each partition. */
export const kitchens = ["sppg-solo-001", "sppg-solo-000", "sppg-solo-002"] as const;

/** Longer than any pause that a life makes. */
const openMsMax = 60_000;

/** What all processes of a world have in common. */
export interface Surroundings {
  oracle: Oracle;
  /** The newest change of the registry. */
  registry: { changeSeq: number };
}

/** A process with a journal of its own, behind its own way to the server. */
export class Member {
  readonly name: string;
  readonly way: Way;
  readonly surroundings: Surroundings;
  readonly #settingsLooks = new Set<() => void>();
  readonly #opening: Promise<PartitionedJournal>;
  readonly #pending = new Set<Promise<void>>();
  #journal: PartitionedJournal | null = null;
  #isHasty = false;

  constructor(name: string, way: Way, surroundings: Surroundings) {
    this.name = name;
    this.way = way;
    this.surroundings = surroundings;
    this.#opening = openRedisJournal({
      url: way.url,
      partitions,
      log: createLog(),
      changeSeq: () => surroundings.registry.changeSeq,
      timers: this.#timers(),
      openMsMax,
    });
    this.#opening.then(
      (journal) => (this.#journal = journal),
      // Whoever waits for it hears the same.
      () => null,
    );
  }

  /** Resolves once it is joined. */
  get opening(): Promise<PartitionedJournal> {
    return this.#opening;
  }

  /** `null`: not joined yet, or it was closed before. */
  get journal(): PartitionedJournal | null {
    return this.#journal;
  }

  /** Resolves when nothing of it waits for the server. */
  async settled(): Promise<void> {
    await this.reaches("open");
    await Promise.all(this.#pending);
  }

  /** Looks at the settings now, as it does by itself each 10 s; a look under way is this one. */
  lookAtSettings(): void {
    for (const look of this.#settingsLooks) look();
  }

  /** Looks again and again until it is there. */
  async looksUntil(kind: JournalCondition["kind"]): Promise<void> {
    this.#isHasty = true;
    this.lookAtSettings();
    await this.reaches(kind).finally(() => (this.#isHasty = false));
  }

  /** Resolves when it has seen that the server keeps too little. */
  async findsWeak(): Promise<void> {
    await this.#untilCondition(
      (condition) => condition.kind === "withheld" && condition.reason === "redis-weak",
    );
  }

  async reaches(kind: JournalCondition["kind"]): Promise<void> {
    await this.#untilCondition((condition) => condition.kind === kind);
  }

  async #untilCondition(fits: (condition: JournalCondition) => boolean): Promise<void> {
    const journal = await this.opening;
    const reached = Promise.withResolvers<void>();
    const look = (): void => {
      if (fits(journal.condition)) reached.resolve();
    };
    const remove = journal.onCondition(look);
    look();
    await reached.promise.finally(remove);
  }

  /** Waits for this work too, when asked whether it is settled. */
  track<Result>(work: Promise<Result>): Promise<Result> {
    const pending = work.then(
      () => void this.#pending.delete(pending),
      () => void this.#pending.delete(pending),
    );
    this.#pending.add(pending);
    return work;
  }

  async close(): Promise<void> {
    // One that never opened has nothing to close: whoever waited for it has heard why.
    const journal = await this.opening.catch(() => null);
    await journal?.close();
  }

  #timers(): JournalTimers {
    return {
      after: (delayMs, callback) => {
        if (delayMs !== linkLimits.recheckMs) {
          // Retries are for servers that take long.
          const isRetry = delayMs <= linkLimits.retryMsMax;
          return systemTimers.after(isRetry ? delayMs / 10 : delayMs, callback);
        }
        if (this.#isHasty) return systemTimers.after(5, callback);
        this.#settingsLooks.add(callback);
        return () => this.#settingsLooks.delete(callback);
      },
      soon: (callback) => systemTimers.soon(callback),
    };
  }
}

/** A broker's journal: it appends, and waits. */
export class Producer extends Member {
  #number = 0;

  /** Resolves when it is acknowledged, or given up with its process. */
  append(partition: number, bytes: number): Promise<void> {
    const { oracle, registry } = this.surroundings;
    this.#number += 1;
    const number = this.#number;
    const text = `${this.name}#${number} `.padEnd(bytes, ".");
    const { changeSeq } = registry;
    oracle.sent({ text, partition, producer: this.name, number, changeSeq });
    const principal = `${kitchens[partition]}.probe-1`;
    const journal = this.journal;
    if (journal === null) throw new Error(`${this.name} is not open`);
    return this.track(
      new Promise((resolve) => {
        journal.appender.append(reading(text, { principal }), (error, offset) => {
          if (error === null) oracle.acknowledge(partition, { text, offset });
          else oracle.givenUp(text);
          resolve();
        });
      }),
    );
  }
}

/** The ingest process' journal: it owns partitions, until another does. */
export class Owner extends Member {
  readonly #views = new Map<number, PartitionJournal>();

  view(partition: number): PartitionJournal | null {
    return this.#views.get(partition) ?? null;
  }

  /** Opens the partition anew. */
  async own(partition: number): Promise<PartitionJournal> {
    const journal = await this.opening;
    await this.#views.get(partition)?.close();
    this.#views.delete(partition);
    const view = await again(() => journal.partition(partition), "JOURNAL_OPEN_FAILED");
    this.#views.set(partition, view);
    return view;
  }

  read(
    partition: number,
    from: number,
    limits: { entriesMax: number; bytesMax: number },
  ): Promise<JournalBatch> {
    const view = this.view(partition);
    if (view === null) throw new Error(`${this.name} does not own ${partition}`);
    return again(() => view.read(from, limits), "JOURNAL_READ_FAILED");
  }

  tick(partition: number): Promise<void> {
    const { oracle } = this.surroundings;
    const view = this.view(partition);
    return this.track(
      new Promise((resolve) => {
        view?.append({ kind: "tick" }, (error, offset) => {
          if (error === null) oracle.acknowledge(partition, { text: "tick", offset });
          resolve();
        });
      }),
    );
  }
}

/** Tries again as long as its connection is on its way back, of which the port does not tell. */
async function again<Result>(attempt: () => Promise<Result>, code: string): Promise<Result> {
  const endMs = performance.now() + backWithinMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!hasCode(error, code) || performance.now() > endMs) throw error;
      await new Promise<void>((resolve) => systemTimers.after(5, resolve));
    }
  }
}

export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
