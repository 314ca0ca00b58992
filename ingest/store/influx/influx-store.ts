import { setTimeout as sleep } from "node:timers/promises";
import type { JournaledReading } from "../../decode/decoded.ts";
import { storeClosed } from "../errors.ts";
import { createExclusive } from "../exclusive.ts";
import { findFault } from "../reading-fault.ts";
import type { TelemetryStore, WriteOutcome } from "../store.ts";
import { type BatchLines, toBatchLines } from "./batch-lines.ts";
import {
  type InfluxEvent,
  influxLimits,
  type InfluxLimits,
  type InfluxStoreOptions,
  type LevelName,
} from "./influx-config.ts";
import { InfluxError, storeAway } from "./influx-errors.ts";
import { connectInflux, type InfluxHttp } from "./influx-http.ts";
import { influxTimeMsMax } from "./lines.ts";
import { KnownPoints, place, type Placed, Prefixes, settleSuspects } from "./placing.ts";
import { Rollups } from "./rollups.ts";
import { type RejectedLine, sendLines } from "./send-lines.ts";
import { Watermarks } from "./watermarks.ts";

/**
 * The store of a deployment that has InfluxDB. One process writes a kitchen. What is new is told
 * from what is known by each series' watermark; only readings at or before it are looked up, so
 * that repeats are counted and the first value stays, as in the SQLite store.
 */
export function openInfluxStore(options: InfluxStoreOptions): TelemetryStore {
  return new InfluxStore(options);
}

class InfluxStore implements TelemetryStore {
  readonly #limits: InfluxLimits;
  readonly #log: (event: InfluxEvent) => void;
  readonly #http: InfluxHttp;
  readonly #rollups: Rollups;
  readonly #watermarks = new Watermarks();
  readonly #prefixes = new Prefixes();
  readonly #exclusive = createExclusive();
  readonly #closed = new AbortController();
  #waiting = new AbortController();
  /** InfluxDB has asked not to be asked before: monotonic ms. */
  #notBeforeMs = 0;
  /** Of the newest batch: what is over follows it. */
  #receivedMs = 0;
  /** Windows wait that a write could not sum up. */
  #isRollDue = false;

  constructor({ influx, part, limits, log = () => undefined }: InfluxStoreOptions) {
    this.#log = log;
    this.#limits = { ...influxLimits, ...limits };
    this.#http = connectInflux(influx, this.#limits);
    this.#rollups = new Rollups({
      http: this.#http,
      ...(part === undefined ? {} : { part }),
      send: async (level, lines) => this.#tellRefused(await this.#send(level, lines)),
      onSkipped: (field, detail) => this.#log({ kind: "sumsRefused", lines: 0, field, detail }),
    });
  }

  write(readings: readonly JournaledReading[]): Promise<WriteOutcome> {
    return this.#run("writing", () => this.#write(readings));
  }

  /** A 2xx of InfluxDB means its log is on disk; sums that could not be written are left. */
  sync(): Promise<void> {
    return this.#run("summing up", async () => {
      if (this.#isRollDue) await this.#roll();
    });
  }

  /** Retention is InfluxDB's own, as `nadi store init` has set it. */
  async maintain(): Promise<void> {
    if (this.#closed.signal.aborted) throw storeClosed();
  }

  giveUp(): void {
    this.#waiting.abort();
    this.#waiting = new AbortController();
    this.#http.abort();
  }

  async close(): Promise<void> {
    if (this.#closed.signal.aborted) return;
    this.#closed.abort();
    this.giveUp();
    await this.#exclusive.run(async () => undefined);
    this.#http.close();
  }

  #run<Result>(doing: string, task: () => Promise<Result>): Promise<Result> {
    return this.#exclusive.run(async () => {
      if (this.#closed.signal.aborted) throw storeClosed();
      try {
        await this.#waitAsAsked();
        return await task();
      } catch (error) {
        if (error instanceof InfluxError) this.#noteRetryAfter(error);
        throw storeAway(error, doing);
      }
    });
  }

  #noteRetryAfter({ retryAfterMs }: InfluxError): void {
    const waitMs = Math.min(retryAfterMs, this.#limits.retryAfterMsMax);
    this.#notBeforeMs = performance.now() + waitMs;
  }

  /** Retry-After: before the next request, since the caller has begun to back off by itself. */
  async #waitAsAsked(): Promise<void> {
    const waitMs = this.#notBeforeMs - performance.now();
    if (waitMs <= 0) return;
    try {
      await sleep(waitMs, undefined, { signal: this.#waiting.signal });
    } catch (cause) {
      throw new InfluxError("given up while it waited as InfluxDB had asked", { cause });
    }
  }

  async #write(readings: readonly JournaledReading[]): Promise<WriteOutcome> {
    const rejected: { reading: JournaledReading; detail: string }[] = [];
    const placed: Placed[] = [];
    for (const reading of readings) {
      const fault = findFault(reading) ?? findInfluxFault(reading);
      if (fault !== null) rejected.push({ reading, detail: fault });
      else placed.push(place(reading, this.#prefixes.of(reading)));
    }
    if (placed.length === 0) return { stored: 0, duplicates: 0, collisions: 0, rejected };
    const receivedMs = Math.max(...placed.map(({ reading }) => reading.receivedTimeMs));
    await this.#rollups.load(receivedMs);
    const batch = toBatchLines(placed, await this.#look(placed));
    const refused = await this.#send("raw", batch.lines);
    this.#receivedMs = Math.max(this.#receivedMs, receivedMs);
    rejected.push(...batch.rejected);
    const lost = new Set(refused.map(({ at }) => batch.readings[at]));
    this.#remember(placed.filter(({ reading }) => !lost.has(reading)));
    await this.#tryRoll();
    return countOutcome(batch, refused, rejected);
  }

  /** Asks for what is stored at moments that are not newer than their series. */
  async #look(placed: Placed[]): Promise<KnownPoints> {
    const parts = { http: this.#http, watermarks: this.#watermarks };
    const series = new Map(placed.map(({ prefix, reading }) => [prefix, reading]));
    await this.#watermarks.load(this.#http, series.values());
    await settleSuspects(placed, parts);
    const known = new KnownPoints();
    await known.load(placed, parts);
    return known;
  }

  #remember(placed: readonly Placed[]): void {
    for (const { reading, prefix, ms, original } of placed) {
      const newestOriginal = original === null ? {} : { newestOriginalMs: original.ms };
      this.#watermarks.raise(prefix, { newestMs: ms, ...newestOriginal });
      this.#rollups.addFields(reading.reading, Object.keys(reading.fields));
      this.#rollups.touch(reading, prefix, ms);
    }
  }

  /** The readings are stored: sums that can't be written now are owed, and `sync` pays or fails. */
  async #tryRoll(): Promise<void> {
    try {
      await this.#roll();
    } catch (error) {
      if (!(error instanceof InfluxError)) throw error;
      this.#noteRetryAfter(error);
      this.#isRollDue = true;
    }
  }

  async #roll(): Promise<void> {
    await this.#rollups.roll(this.#receivedMs);
    this.#isRollDue = false;
  }

  #send(level: LevelName, lines: readonly string[]): Promise<RejectedLine[]> {
    const post = (body: string): Promise<void> => this.#http.write(level, body);
    return sendLines(lines, { post, limits: this.#limits });
  }

  /** Waiting would not mend it, and would stop everybody: the readings themselves are stored. */
  #tellRefused(refused: readonly RejectedLine[]): void {
    const [first] = refused;
    if (first === undefined) return;
    this.#log({ kind: "sumsRefused", lines: refused.length, detail: first.detail });
  }
}

function findInfluxFault({ eventTimeMs }: JournaledReading): string | null {
  if (eventTimeMs < influxTimeMsMax) return null;
  return `Its time is ${eventTimeMs}: InfluxDB's ends in the year 2262.`;
}

function countOutcome(
  batch: BatchLines,
  refused: readonly RejectedLine[],
  rejected: WriteOutcome["rejected"][number][],
): WriteOutcome {
  const { lines, readings, isNew, empty, duplicates, collisions } = batch;
  let stored = empty;
  for (let at = 0; at < lines.length; at += 1) if (isNew[at] === true) stored += 1;
  const outcome = { stored, duplicates, collisions, rejected };
  for (const { at, detail } of refused) {
    const reading = readings[at];
    if (reading === undefined) continue;
    if (isNew[at] === true) outcome.stored -= 1;
    else {
      outcome.duplicates -= 1;
      outcome.collisions -= 1;
    }
    rejected.push({ reading, detail });
  }
  return outcome;
}
