import type { Logger } from "pino";
import type { AuditEvent } from "../devices/index.ts";
import type { AuditSink } from "./ports.ts";

/** Events of a quarter of a second go out together. */
const flushMs = 250;
/** Refusals are limited to one a source, kind and minute, so this is a flood from many sources. */
const pendingMax = 10_000;
const batchMax = 500;

/**
 * Collects audit events and hands them to the registry in batches. It never blocks and never
 * throws: what can't be written is kept up to a bound, then counted and logged.
 */
export class AuditWriter implements AuditSink {
  readonly #append: (events: readonly AuditEvent[]) => Promise<void>;
  readonly #log: Logger;
  #pending: AuditEvent[] = [];
  #timer: NodeJS.Timeout | null = null;
  #flushing: Promise<void> | null = null;
  #dropped = 0;

  constructor(append: (events: readonly AuditEvent[]) => Promise<void>, log: Logger) {
    this.#append = append;
    this.#log = log;
  }

  get dropped(): number {
    return this.#dropped;
  }

  write(event: AuditEvent): void {
    if (this.#pending.length >= pendingMax) {
      if (this.#dropped === 0)
        this.#log.error("audit events are lost: their table is not writable");
      this.#dropped++;
      return;
    }
    this.#pending.push(event);
    this.#timer ??= setTimeout(() => void this.flush(), flushMs);
  }

  /** Resolves when what was pending is written, or could not be; the rest is tried again later. */
  async flush(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#flushing ??= this.#flushAll().finally(() => {
      this.#flushing = null;
    });
    await this.#flushing;
  }

  async #flushAll(): Promise<void> {
    while (this.#pending.length > 0) {
      const batch = this.#pending.slice(0, batchMax);
      try {
        await this.#append(batch);
      } catch (error) {
        this.#log.warn({ err: error, events: this.#pending.length }, "audit log is not writable");
        this.#timer ??= setTimeout(() => void this.flush(), flushMs * 4);
        return;
      }
      this.#pending = this.#pending.slice(batch.length);
    }
  }

  /** Writes what is left, or counts it as lost; call it last. */
  async close(): Promise<void> {
    await this.flush();
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#dropped += this.#pending.length;
    this.#pending = [];
  }
}
