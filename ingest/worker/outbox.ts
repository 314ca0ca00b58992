import type { ChannelMessage } from "../../broker/index.ts";
import type { IngestRecords, OutboxMessage } from "../desk/desk.ts";
import type { CrashPoint } from "./crash.ts";
import type { Pace } from "./pace.ts";
import { backoff, isRetryable } from "./retry.ts";

/** What one publish and one marking take. */
const messagesPerCall = 256;
/** More than this waits in the records alone, where it is kept anyway. */
const queuedMax = 1_024;

export interface OutboxOptions {
  records: Pick<IngestRecords, "unpublished" | "markPublished">;
  /** The entry that the monitor stands at: the position of what a person did. */
  position: () => number;
  publish: (messages: readonly ChannelMessage[]) => Promise<void>;
  pace: Pace;
  signal: AbortSignal;
  crashPoint: CrashPoint;
  onFailure: (error: unknown, failures: number) => void;
  onFatal: (error: unknown) => void;
}

/**
 * Publishes the messages of alerts, each at least once. They come straight from the effects; what
 * a person caused, and what a failure or an end left open, comes from the records (`drain`).
 */
export class Outbox {
  readonly #options: OutboxOptions;
  #queue: OutboxMessage[] = [];
  #isDrainDue = false;
  #working: Promise<void> | null = null;
  published = 0;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  add(messages: readonly OutboxMessage[]): void {
    if (messages.length === 0) return;
    // What stands in the records is older, and goes first.
    if (this.#isDrainDue || this.#queue.length + messages.length > queuedMax) {
      this.drain();
      return;
    }
    this.#queue.push(...messages);
    this.#start();
  }

  /** Looks into the records for messages whose publishing is not known. */
  drain(): void {
    this.#isDrainDue = true;
    this.#queue = [];
    this.#start();
  }

  /** Resolves when nothing is left to do, or trying has been given up. */
  async idle(): Promise<void> {
    while (this.#working !== null) await this.#working;
  }

  #start(): void {
    if (this.#working !== null || this.#options.signal.aborted) return;
    this.#working = this.#work()
      .catch((error: unknown) => this.#options.onFatal(error))
      .finally(() => {
        this.#working = null;
      });
  }

  async #work(): Promise<void> {
    const { pace, signal } = this.#options;
    let failures = 0;
    while (!signal.aborted && (this.#isDrainDue || this.#queue.length > 0)) {
      try {
        await (this.#isDrainDue ? this.#drainSome() : this.#sendQueued());
        failures = 0;
      } catch (error) {
        if (!isRetryable(error)) throw error;
        failures += 1;
        this.#options.onFailure(error, failures);
        // Whether they went out is not known: the records say what has to go out again.
        this.#isDrainDue = true;
        this.#queue = [];
        const ceilingMs = Math.min(backoff.maxMs, backoff.firstMs * 2 ** Math.min(failures, 10));
        await pace.sleep(pace.random() * ceilingMs, signal);
      }
    }
  }

  async #drainSome(): Promise<void> {
    // Set again by whatever is added from here on, since this answer may lack it.
    this.#isDrainDue = false;
    const { records, position } = this.#options;
    const messages = await records.unpublished(messagesPerCall, position());
    if (messages.length === messagesPerCall) this.#isDrainDue = true;
    await this.#send(messages);
  }

  async #sendQueued(): Promise<void> {
    const messages = this.#queue.slice(0, messagesPerCall);
    this.#queue = this.#queue.slice(messages.length);
    await this.#send(messages);
  }

  async #send(messages: readonly OutboxMessage[]): Promise<void> {
    if (messages.length === 0) return;
    const { records, crashPoint } = this.#options;
    await this.#options.publish(messages.map(({ channel, text }) => ({ channel, text, qos: 1 })));
    crashPoint("outbox-published");
    this.published += messages.length;
    await records.markPublished(messages.map(({ id }) => id));
  }
}
