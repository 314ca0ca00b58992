import { setImmediate as nextTurn } from "node:timers/promises";
import { flagBits, type JournaledReading } from "../decode/decoded.ts";
import { createCheckpointer, type Checkpointer } from "./checkpointer.ts";
import { DayFiles, logBytes, type StoreEvent } from "./day-files.ts";
import type { Met, PlacedReading } from "./day-writer.ts";
import { createDurability, type Durability, syncEntryOf } from "./durability.ts";
import { isDamage, storeClosed, storeError } from "./errors.ts";
import { createExclusive } from "./exclusive.ts";
import { dayMs, dayOf, minuteMs, suspectsPath } from "./files.ts";
import { Maintenance } from "./maintenance.ts";
import { makePrivateFolder } from "./private-files.ts";
import { findFault } from "./reading-fault.ts";
import { checkKeep, defaultStoreKeep, type StoreKeep } from "./retention.ts";
import type { TelemetryStore, WriteOutcome } from "./store.ts";
import { Suspects } from "./suspects.ts";
import { createUpkeepDay } from "./upkeep-day.ts";

export interface SqliteStoreOptions {
  /** Made if it is not there. One process writes it. */
  directory: string;
  keep?: StoreKeep;
  /** What an operator should hear. */
  log?: (event: StoreEvent) => void;
  /** How long the process has run, for retention and idle days; default `performance.now`. */
  monotonicMs?: () => number;
}

export interface SqliteStoreStats {
  openDays: number;
  /** Minutes times series held in memory until their minute is over. */
  openSums: number;
  filesSetAside: number;
}

export interface SqliteTelemetryStore extends TelemetryStore {
  stats(): SqliteStoreStats;
}

/** Rows of a transaction: about 2 ms, and the monitor in the same thread gets its turn. */
const rowsOfTransaction = 1_000;
/** A minute is over for the store when readings arrive that were received so much later. */
const rollDelayMs = 15_000;
/** A log above this is moved into its database: 4,000 pages, about 150,000 rows. */
const logBytesMax = 16 * 1024 * 1024;

/** The store of one machine: a file a day, see README.md. */
export function openSqliteStore(options: SqliteStoreOptions): SqliteTelemetryStore {
  return new SqliteStore(options);
}

class SqliteStore implements SqliteTelemetryStore {
  readonly #directory: string;
  readonly #log: (event: StoreEvent) => void;
  readonly #checkpointer: Checkpointer = createCheckpointer();
  readonly #durability: Durability;
  readonly #days: DayFiles;
  readonly #maintenance: Maintenance;
  readonly #exclusive = createExclusive();
  #suspects: Suspects | null = null;
  #closing: Promise<void> | null = null;

  constructor(options: SqliteStoreOptions) {
    const { directory, keep = defaultStoreKeep, log = () => undefined } = options;
    const { monotonicMs = () => performance.now() } = options;
    makePrivateFolder(directory);
    syncEntryOf(directory);
    this.#directory = directory;
    this.#log = log;
    this.#durability = createDurability(directory, this.#checkpointer);
    const touched = (path: string): void => this.#durability.touched(path);
    const checkpointer = this.#checkpointer;
    this.#days = new DayFiles({ directory, checkpointer, log, touched, monotonicMs });
    this.#maintenance = new Maintenance({
      directory,
      keep: checkKeep(keep),
      days: this.#days,
      exclusive: this.#exclusive,
      upkeepDay: createUpkeepDay({ directory, monotonicMs, log }),
      touched,
      log,
      sync: () => this.#durability.sync(),
      deleteSuspects: (timeMs) => this.#withSuspects((suspects) => suspects.deleteBefore(timeMs)),
    });
  }

  stats(): SqliteStoreStats {
    const { openDays, openSums, filesSetAside } = this.#days;
    return { openDays, openSums, filesSetAside };
  }

  write(readings: readonly JournaledReading[]): Promise<WriteOutcome> {
    return this.#run("writing", () => this.#exclusive.run(() => this.#write(readings)));
  }

  sync(): Promise<void> {
    return this.#run("syncing", async () => {
      // What is being written now was written before the call.
      await this.#exclusive.run(async () => undefined);
      await this.#durability.sync();
    });
  }

  maintain(nowMs: number): Promise<void> {
    return this.#run("maintaining", () => this.#maintenance.run(nowMs));
  }

  /** The disk answers, or nothing can be done about it. */
  giveUp(): void {}

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    try {
      await this.#maintenance.stop();
      await this.#exclusive.run(async () => {
        await this.#days.releaseAll();
        this.#suspects?.close();
        this.#suspects = null;
      });
      await this.#durability.sync();
    } catch (error) {
      throw storeError(error, "closing");
    } finally {
      await this.#checkpointer.close();
    }
  }

  async #run<Result>(doing: string, task: () => Promise<Result>): Promise<Result> {
    if (this.#closing !== null) throw storeClosed();
    try {
      return await task();
    } catch (error) {
      throw storeError(error, doing);
    }
  }

  async #write(readings: readonly JournaledReading[]): Promise<WriteOutcome> {
    const rejected: { reading: JournaledReading; detail: string }[] = [];
    const outcome = { stored: 0, duplicates: 0, collisions: 0 };
    const reject = (reading: JournaledReading, detail: string): void => {
      rejected.push({ reading, detail });
    };
    const byDay = this.#place(readings, reject);
    for (const [day, placed] of byDay) {
      for (const chunk of inChunks(placed)) {
        const met = await this.#days.with(day, (writer) => writer.insert(chunk));
        if (met === null) for (const { reading } of chunk) reject(reading, closedDay);
        else met.forEach((one) => count(outcome, one));
        await nextTurn();
      }
    }
    await this.#roll(byDay);
    return { ...outcome, rejected };
  }

  #place(
    readings: readonly JournaledReading[],
    reject: (reading: JournaledReading, detail: string) => void,
  ): Map<number, PlacedReading[]> {
    const byDay = new Map<number, PlacedReading[]>();
    const suspects: JournaledReading[] = [];
    const add = (placed: PlacedReading): void => {
      const day = dayOf(placed.timeMs);
      const its = byDay.get(day);
      if (its === undefined) byDay.set(day, [placed]);
      else its.push(placed);
    };
    for (const reading of readings) {
      const fault = findFault(reading);
      const { eventTimeMs: timeMs, originalTimeMs, seq, offset, index } = reading;
      if (fault !== null) reject(reading, fault);
      else if (originalTimeMs === null) add({ reading, timeMs, seq: offset, index: index + 1 });
      else if ((reading.flags & flagBits.clockSuspect) !== 0) suspects.push(reading);
      else add({ reading, timeMs, seq: seq ?? 0, index: 0 });
    }
    if (suspects.length > 0) this.#withSuspects((file) => file.place(suspects)).forEach(add);
    return byDay;
  }

  /** Writes the sums of minutes that are over, and shortens logs. */
  async #roll(byDay: ReadonlyMap<number, readonly PlacedReading[]>): Promise<void> {
    let receivedMs = 0;
    for (const placed of byDay.values()) {
      for (const { reading } of placed) {
        receivedMs = Math.max(receivedMs, reading.receivedTimeMs);
      }
    }
    for (const day of byDay.keys()) {
      const endMinute = Math.floor((receivedMs - rollDelayMs - day * dayMs) / minuteMs);
      await this.#days.roll(day, () => endMinute);
    }
    await this.#days.shedSums();
    await this.#days.releaseIdle();
    for (const path of this.#days.paths()) await this.#shorten(path);
    if (this.#suspects !== null) await this.#shorten(this.#suspects.path);
  }

  async #shorten(path: string): Promise<void> {
    if (logBytes(path) < logBytesMax) return;
    const failure = await this.#checkpointer.checkpoint(path);
    if (failure !== null) this.#log({ kind: "checkpointFailed", path, failure });
  }

  /** Damage: a new file, once. Repeats of what the old one knew are then stored again. */
  #withSuspects<Result>(work: (suspects: Suspects) => Result): Result {
    const path = suspectsPath(this.#directory);
    this.#durability.touched(path);
    try {
      this.#suspects ??= new Suspects(path);
      return work(this.#suspects);
    } catch (error) {
      if (!isDamage(error)) throw error;
      this.#suspects?.close();
      this.#suspects = null;
      this.#days.setAside(path, error);
      this.#suspects = new Suspects(path);
      return work(this.#suspects);
    }
  }
}

const closedDay = "Its day has been closed: raw rows are kept for fewer days than it is late.";

function* inChunks(placed: readonly PlacedReading[]): Generator<PlacedReading[]> {
  let chunk: PlacedReading[] = [];
  let rows = 0;
  for (const one of placed) {
    rows += Object.keys(one.reading.fields).length;
    chunk.push(one);
    if (rows < rowsOfTransaction) continue;
    yield chunk;
    chunk = [];
    rows = 0;
  }
  if (chunk.length > 0) yield chunk;
}

type Counts = { stored: number; duplicates: number; collisions: number };

/** A repeat with a field more is one whose values differ; the field is kept. */
function count(counts: Counts, met: Met): void {
  if (met.oldRows === 0) counts.stored += 1;
  else counts.duplicates += 1;
  if (met.oldRows > 0 && (met.differs || met.newRows > 0)) counts.collisions += 1;
}
