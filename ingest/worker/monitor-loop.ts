import type { Live } from "../live/live.ts";
import { fetchedEntries } from "../monitor/fetch.ts";
import type { ChangeFacts, Monitor } from "../monitor/monitor.ts";
import type { Batches, DecodedBatch } from "./batches.ts";
import type { Changes } from "./changes.ts";
import type { Checkpoints } from "./checkpoints.ts";
import type { Effects } from "./effects.ts";
import type { Outbox } from "./outbox.ts";
import type { Bell, Pace } from "./pace.ts";
import { isRetryable, retry } from "./retry.ts";
import { Settlement, type SettlementOptions } from "./settlement.ts";
import type { Turns } from "./turns.ts";

export interface MonitorLoopOptions {
  monitor: Monitor;
  batches: Batches;
  changes: Pick<Changes, "factsBetween">;
  effects: Effects;
  outbox: Outbox;
  ports: SettlementOptions["ports"];
  live: Live;
  checkpoints: Checkpoints;
  turns: Turns;
  startOffset: number;
  bell: Bell;
  pace: Pace;
  signal: AbortSignal;
  onFailure: (error: unknown, failures: number) => void;
}

/** The consumer that thinks: it feeds the fold and carries away what comes out of it. */
export class MonitorLoop {
  readonly #options: MonitorLoopOptions;
  readonly #settlement: Settlement;
  #nextOffset: number;
  folded = 0;

  constructor(options: MonitorLoopOptions) {
    this.#options = options;
    this.#settlement = new Settlement(options);
    this.#nextOffset = options.startOffset;
  }

  get nextOffset(): number {
    return this.#nextOffset;
  }

  /** Ends when the signal is aborted, between two batches. */
  async run(): Promise<void> {
    const { batches, checkpoints, effects, bell, pace, signal } = this.#options;
    // What an end has left between row and channel.
    this.#options.outbox.drain();
    try {
      while (!signal.aborted) {
        const batch = await this.#read();
        if (batch !== null) await this.#fold(batch);
        await this.#held(this.#retried(() => this.#settlement.step()));
        checkpoints.step();
        await this.#held(effects.room(signal));
        // The bell may have rung for the end since the last look: it does not ring again.
        if (signal.aborted) return;
        if (batches.read(this.#nextOffset) === null) await bell.wait(this.#idleMs());
        else await pace.yieldTurn();
      }
    } catch (error) {
      // Given up at a stop: the next start folds the same again.
      if (!signal.aborted || !isRetryable(error)) throw error;
    }
  }

  async #fold(batch: DecodedBatch): Promise<void> {
    const { monitor, batches, effects, outbox, live, checkpoints } = this.#options;
    let hasCommands = false;
    for (const [at, entry] of batch.entries.entries()) {
      if (at % fetchedEntries === 0) monitor.expect(batch.entries.slice(at, at + fetchedEntries));
      if (entry.kind !== "tick") checkpoints.noteNews();
      if (entry.kind !== "change") {
        monitor.apply(entry, null);
        continue;
      }
      const facts = await this.#factsOf(entry.changeSeq);
      hasCommands ||= facts.commands.length > 0;
      monitor.apply(entry, facts);
    }
    this.#nextOffset = batch.nextOffset;
    batches.passed("monitor", batch.nextOffset);
    this.folded += batch.entries.length;
    effects.add(monitor.takeEffects());
    live.offer(monitor.takeLive());
    // What a person did to an alert stands in the outbox already.
    if (hasCommands) outbox.drain();
    this.#options.turns.monitorFolded(this.#nextOffset);
  }

  #factsOf(changeSeq: number): Promise<ChangeFacts> {
    const { changes, monitor } = this.#options;
    return this.#held(this.#retried(() => changes.factsBetween(monitor.changeSeq, changeSeq)));
  }

  /** The journal's announcements tell that it is there again. */
  #read(): Promise<DecodedBatch | null> {
    const { batches, bell, pace, signal, onFailure } = this.#options;
    const read = async () => await batches.read(this.#nextOffset);
    return retry(read, { bell, pace, signal, onFailure });
  }

  async #held<Result>(work: Promise<Result>): Promise<Result> {
    this.#options.turns.monitorHeld(true);
    try {
      return await work;
    } finally {
      this.#options.turns.monitorHeld(false);
    }
  }

  #retried<Result>(work: () => Promise<Result>): Promise<Result> {
    const { pace, signal, onFailure } = this.#options;
    return retry(work, { pace, signal, onFailure });
  }

  #idleMs(): number {
    return Math.max(1, this.#options.checkpoints.dueInMs());
  }
}
