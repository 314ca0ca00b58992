import { announce, type JournalAnnouncement } from "./announcement.ts";
import { createReceivedTime, type JournalClock, type ReceivedTime, systemClock } from "./clock.ts";
import { type CrashPointHook, noCrashPoint } from "./crash-points.ts";
import { type Cursors, openCursors } from "./cursors.ts";
import { JournalError } from "./errors.ts";
import { closeQuietly, type FileSystem, nodeFileSystem } from "./file-system.ts";
import { GROUP_BYTES_MAX, GroupCommit } from "./group-commit.ts";
import type { AppendDone, Journal, JournalBatch, JournalCondition, NewEntry } from "./journal.ts";
import { createQuarantine, type Quarantine } from "./quarantine.ts";
import { Reader, type ReadLimits } from "./reader.ts";
import { isEncodable, recordBytesMax, type RecordSeeds } from "./record.ts";
import { recoverSegments, type RecoveredSegments } from "./recovery.ts";
import { systemSeeds } from "./seeds.ts";
import { createSegmentWriter, type SegmentWriter } from "./segment-writer.ts";
import { isEmptySegment, totalBytes } from "./segments.ts";
import { createSpace } from "./space.ts";
import type { JournalState } from "./state.ts";
import { createStats, type JournalStats } from "./stats.ts";
import { createTail, type Tail } from "./tail.ts";
import { type JournalTimers, systemTimers } from "./timers.ts";
import { createTrim, type Trim } from "./trim.ts";

const MIB = 1024 * 1024;

export const fileJournalDefaults = {
  segmentBytesMax: 64 * MIB,
  journalBytesMax: 8 * 1024 * MIB,
  freeBytesMin: 256 * MIB,
  reserveBytes: 16 * MIB,
  groupBytesMax: GROUP_BYTES_MAX,
  /** Synced groups kept in memory for consumers that keep up. */
  tailBytesMax: 8 * MIB,
  /** A last bound on what waits for the disk; callers have their own, far below. */
  pendingBytesMax: 256 * MIB,
} as const;

export interface FileJournalOptions {
  /** The journal's own folder, `<dataDir>/journal`; made when it is absent. */
  directory: string;
  /**
   * No entry gets an offset below it: what others remember of this journal stays true when its
   * folder was lost. Default 1.
   */
  nextOffsetMin?: number;
  segmentBytesMax?: number;
  /** Quota of all segments together. */
  journalBytesMax?: number;
  freeBytesMin?: number;
  reserveBytes?: number;
  groupBytesMax?: number;
  tailBytesMax?: number;
  pendingBytesMax?: number;
  disk?: FileSystem;
  clock?: JournalClock;
  timers?: JournalTimers;
  newSeeds?: () => RecordSeeds;
  crashPoint?: CrashPointHook;
  /** Default: throws where nothing catches it, which ends the process. */
  onFatal?: (error: unknown) => void;
}

export interface FileJournal extends Journal {
  /** What another thread needs to read the files: see `openJournalFollower`. */
  readonly announcement: JournalAnnouncement;
  /** Looks whether the wall clock was stepped; call it each second while nothing is appended. */
  checkClock(): void;
  /** A snapshot of the counters. */
  stats(): JournalStats;
}

/**
 * Opens the journal of a folder and repairs what a crash left behind. The caller holds the lock of
 * the data folder: two journals on one folder would destroy each other.
 */
export async function openFileJournal(options: FileJournalOptions): Promise<FileJournal> {
  const settings = { ...fileJournalDefaults, ...options };
  const disk = options.disk ?? nodeFileSystem;
  const stats = createStats();
  const crashPoint = options.crashPoint ?? noCrashPoint;
  const { directory } = settings;
  const quarantine = createQuarantine({ disk, directory, stats });
  try {
    await disk.makeDirectory(directory);
    await disk.syncDirectory(directory.replace(/\/[^/]+\/*$/, "") || "/");
    // What is seen there goes on to be used: names whose own sync had failed have to last too.
    await disk.syncDirectory(directory);
    const recovered = await recoverSegments({ disk, directory, stats, quarantine });
    const firstOffset = recovered.segments.find((it) => !isEmptySegment(it))?.firstOffset;
    const resetTo = firstOffset ?? recovered.nextOffset;
    const cursors = await openCursors({ disk, directory, stats, crashPoint }, resetTo).catch(
      async (error: unknown) => {
        if (recovered.activeFile !== null) await closeQuietly(recovered.activeFile);
        throw error;
      },
    );
    for (const cursor of cursors.all()) {
      if (cursor.nextOffset > recovered.nextOffset) stats.cursorsBeyondEnd++;
    }
    const { nextOffsetMin = 1 } = options;
    const nextOffset = Math.max(recovered.nextOffset, cursors.highest(), nextOffsetMin);
    const { newSeeds = systemSeeds } = options;
    const base = { disk, directory, stats, crashPoint, newSeeds };
    const state = createState(base, { ...recovered, nextOffset });
    return new SegmentFileJournal(settings, { state, cursors, quarantine });
  } catch (cause) {
    if (cause instanceof JournalError) throw cause;
    throw new JournalError("JOURNAL_OPEN_FAILED", `the journal in ${directory} can't be opened`, {
      cause,
    });
  }
}

function createState(
  base: Pick<JournalState, "disk" | "directory" | "stats" | "crashPoint" | "newSeeds">,
  recovered: RecoveredSegments,
): JournalState {
  return {
    ...base,
    segments: recovered.segments,
    activeFile: recovered.activeFile,
    nextOffset: recovered.nextOffset,
    lastRecordOffset: recovered.lastOffset,
    lastTimeMs: recovered.lastTimeMs,
    // Offsets up to the next one are settled: on disk, or never to be given again.
    syncedOffset: recovered.nextOffset - 1,
  };
}

interface Parts {
  state: JournalState;
  cursors: Cursors;
  quarantine: Quarantine;
}

type Settings = FileJournalOptions & { [Key in keyof typeof fileJournalDefaults]: number };

class SegmentFileJournal implements FileJournal {
  readonly #settings: Settings;
  readonly #state: JournalState;
  readonly #cursors: Cursors;
  readonly #clock: JournalClock;
  readonly #line: ReceivedTime;
  readonly #reader: Reader;
  readonly #trim: Trim;
  readonly #commit: GroupCommit;
  readonly #syncedListeners = new Set<(syncedOffset: number) => void>();
  readonly #conditionListeners = new Set<(condition: JournalCondition) => void>();
  #condition: JournalCondition = { kind: "open" };
  #closing: Promise<void> | null = null;

  constructor(settings: Settings, parts: Parts) {
    const { state, cursors, quarantine } = parts;
    this.#settings = settings;
    this.#state = state;
    this.#cursors = cursors;
    this.#clock = settings.clock ?? systemClock;
    const tail = createTail(settings.tailBytesMax);
    this.#reader = new Reader({ state, tail, quarantine });
    const writer = createSegmentWriter({ state, segmentBytesMax: settings.segmentBytesMax });
    this.#trim = createTrim({ state, cursors, writer, bytesMax: settings.journalBytesMax });
    this.#commit = this.#createCommit(writer, tail);
    const { line, startStepMs } = createReceivedTime(this.#clock, state.lastTimeMs);
    this.#line = line;
    if (startStepMs !== 0) this.#writeClockEntry(startStepMs, this.#clock.monotonicMs());
    this.#runTrim();
  }

  #createCommit(writer: SegmentWriter, tail: Tail): GroupCommit {
    const settings = this.#settings;
    const { disk, directory } = this.#state;
    return new GroupCommit({
      state: this.#state,
      writer,
      space: createSpace({ disk, directory, limits: settings }),
      clock: this.#clock,
      timers: settings.timers ?? systemTimers,
      groupBytesMax: settings.groupBytesMax,
      fitsQuota: (bytes) => this.#trim.fitsQuota(bytes),
      onCondition: (condition) => this.#setCondition(condition),
      onGroup: (group, firstOffset) => tail.push(group, firstOffset),
      onAnswered: () => {
        for (const listener of this.#syncedListeners) listener(this.#state.syncedOffset);
      },
      onFatal: (error) => this.#fatal(error),
    });
  }

  get condition(): JournalCondition {
    return this.#condition;
  }

  get syncedOffset(): number {
    return this.#state.syncedOffset;
  }

  get announcement(): JournalAnnouncement {
    return announce(this.#state);
  }

  get firstOffset(): number {
    const first = this.#state.segments.find((segment) => !isEmptySegment(segment));
    return first?.firstOffset ?? this.#state.syncedOffset + 1;
  }

  append(entry: NewEntry, done: AppendDone): void {
    const refusal = this.#whyRefused(entry);
    if (refusal !== null) {
      queueMicrotask(() => done(refusal, 0));
      return;
    }
    const monotonicMs = this.#clock.monotonicMs();
    const stepMs = this.#line.stepIfDue(monotonicMs);
    if (stepMs !== 0) this.#writeClockEntry(stepMs, monotonicMs);
    this.#commit.add({ entry, receivedTimeMs: this.#line.at(monotonicMs), done });
  }

  read(fromOffset: number, limits: ReadLimits): Promise<JournalBatch> {
    return this.#reader.read(Math.max(1, fromOffset), limits);
  }

  onSynced(listener: (syncedOffset: number) => void): () => void {
    return listen(this.#syncedListeners, listener);
  }

  onCondition(listener: (condition: JournalCondition) => void): () => void {
    return listen(this.#conditionListeners, listener);
  }

  cursor(name: string): number | null {
    return this.#cursors.get(name);
  }

  async commitCursor(name: string, nextOffset: number): Promise<void> {
    if (this.#closing !== null) throw closedError();
    const isPossible = Number.isSafeInteger(nextOffset) && nextOffset > 0;
    const { syncedOffset } = this.#state;
    if (!isPossible || nextOffset > syncedOffset + 1) {
      const message = `cursor "${name}" can't stand at ${nextOffset}: synced is ${syncedOffset}`;
      throw new JournalError("JOURNAL_CURSOR_REFUSED", message);
    }
    await this.#cursors.commit(name, nextOffset);
    this.#runTrim();
  }

  checkClock(): void {
    if (this.#closing !== null) return;
    const monotonicMs = this.#clock.monotonicMs();
    const stepMs = this.#line.step(monotonicMs);
    if (stepMs !== 0) this.#writeClockEntry(stepMs, monotonicMs);
  }

  stats(): JournalStats {
    const { stats, segments } = this.#state;
    return { ...stats, segments: segments.length, bytesOnDisk: totalBytes(segments) };
  }

  close(): Promise<void> {
    this.#closing ??= this.#shutDown();
    return this.#closing;
  }

  #whyRefused(entry: NewEntry): JournalError | null {
    if (this.#closing !== null) return closedError();
    if (entry.kind === "clock" || !isEncodable(entry)) {
      return new JournalError("JOURNAL_ENTRY_REFUSED", "the journal can't hold this entry");
    }
    const bytes = this.#state.stats.bytesPending + recordBytesMax(entry);
    if (bytes <= this.#settings.pendingBytesMax) return null;
    return new JournalError("JOURNAL_BACKLOG_FULL", "too much waits for the disk");
  }

  #writeClockEntry(stepMs: number, monotonicMs: number): void {
    this.#state.stats.clockSteps++;
    const entry = { kind: "clock", stepMs } as const;
    this.#commit.add({ entry, receivedTimeMs: this.#line.at(monotonicMs), done: null });
  }

  #runTrim(): void {
    this.#trim.run().then(
      () => this.#commit.wake(),
      (error: unknown) => this.#fatal(error),
    );
  }

  #setCondition(condition: JournalCondition): void {
    this.#condition = condition;
    for (const listener of this.#conditionListeners) listener(condition);
  }

  #fatal(error: unknown): void {
    if (this.#settings.onFatal !== undefined) {
      this.#settings.onFatal(error);
      return;
    }
    queueMicrotask(() => {
      throw error;
    });
  }

  async #shutDown(): Promise<void> {
    await this.#commit.close();
    await this.#trim.run();
    await this.#cursors.close();
    const file = this.#state.activeFile;
    this.#state.activeFile = null;
    if (file !== null) await closeQuietly(file);
    this.#setCondition({ kind: "closed" });
  }
}

function closedError(): JournalError {
  return new JournalError("JOURNAL_CLOSED", "the journal is closed");
}

function listen<Listener>(listeners: Set<Listener>, listener: Listener): () => void {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}
