import { readingIdentity } from "../../devices/index.ts";
import type { JournaledReading } from "../../ingest/decode/decoded.ts";
import { ingestError } from "../../ingest/errors.ts";
import type { TelemetryStore, WriteOutcome } from "../../ingest/store/store.ts";
import type { Owner, Scheduler } from "./scheduler.ts";
import type { Weather } from "./weather.ts";

/** The same identity twice is one reading. */
export function identityOf(reading: JournaledReading): string {
  const { originalTimeMs: deviceTimeMs, seq } = reading;
  return readingIdentity(reading, { reading: reading.reading, deviceTimeMs, seq }, reading);
}

/** What of a reading must be the same however often it came. */
export function contentOf(reading: JournaledReading): string {
  return JSON.stringify([reading.fields, reading.originalTimeMs, reading.seq]);
}

/**
 * The telemetry store's port as its contract allows it to be: idempotent by identity, and durable
 * only by `sync`. It outlives processes; what a dead one has sent may still arrive.
 */
export class ModelStore {
  readonly kept = new Map<string, JournaledReading>();
  readonly #unsynced = new Set<string>();
  readonly #scheduler: Scheduler;
  readonly #weather: Weather;

  constructor(scheduler: Scheduler, weather: Weather) {
    this.#scheduler = scheduler;
    this.#weather = weather;
  }

  /** The port as one process has it. */
  attach(owner: Owner): TelemetryStore {
    return {
      write: (readings) => this.#write(readings, owner),
      sync: () => this.#sync(owner),
      maintain: () => Promise.resolve(),
      giveUp: () => undefined,
      close: () => Promise.resolve(),
    };
  }

  /** Of what was not synced each reading is kept or lost by itself. */
  cutPower(): void {
    for (const identity of this.#unsynced) {
      if (this.#weather.random() < 0.5) this.kept.delete(identity);
    }
    this.#unsynced.clear();
  }

  async #write(readings: readonly JournaledReading[], owner: Owner): Promise<WriteOutcome> {
    await this.#arrival("store write", owner);
    const outcome = this.#isFailing() ? null : this.#take(readings);
    await this.#scheduler.delay(this.#weather.latencyMs(), "store answers", owner);
    if (outcome === null) throw unavailable();
    return outcome;
  }

  /** `null`: it is not known what has become of them. */
  #take(readings: readonly JournaledReading[]): WriteOutcome | null {
    if (this.#weather.hits("storeDoubt")) {
      const part = this.#weather.random();
      this.#apply(part < 0.5 ? readings : readings.slice(0, Math.ceil(readings.length * part)));
      return null;
    }
    if (this.#weather.hits("storeTwice")) this.#applyLater(readings);
    return this.#apply(readings);
  }

  async #sync(owner: Owner): Promise<void> {
    const covered = [...this.#unsynced];
    await this.#arrival("store sync", owner);
    const isFailing = this.#isFailing();
    if (!isFailing) for (const identity of covered) this.#unsynced.delete(identity);
    await this.#scheduler.delay(this.#weather.latencyMs(), "store synced", owner);
    if (isFailing) throw unavailable();
  }

  /** A request that is on its way when its process dies arrives all the same, or never. */
  async #arrival(label: string, owner: Owner): Promise<void> {
    const isOrphan = this.#weather.random() < 0.3;
    await this.#scheduler.delay(this.#weather.latencyMs(), label, isOrphan ? null : owner);
  }

  #isFailing(): boolean {
    return this.#weather.isAway("store") || this.#weather.hits("storeFail");
  }

  #applyLater(readings: readonly JournaledReading[]): void {
    const run = (): void => void this.#apply(readings);
    const delayMs = this.#weather.random() * 3_000;
    this.#scheduler.after(delayMs, { label: "store applies again", run, owner: null });
  }

  #apply(readings: readonly JournaledReading[]): WriteOutcome {
    let stored = 0;
    let collisions = 0;
    for (const reading of readings) {
      const identity = identityOf(reading);
      const known = this.kept.get(identity);
      if (known === undefined) {
        stored += 1;
        this.kept.set(identity, reading);
        this.#unsynced.add(identity);
      } else if (contentOf(known) !== contentOf(reading)) collisions += 1;
    }
    return { stored, duplicates: readings.length - stored, collisions, rejected: [] };
  }
}

function unavailable(): Error {
  return ingestError("INGEST_STORE_UNAVAILABLE", { message: "The modelled store is away." });
}
