import { createReceivedTime, type JournalClock, systemClock } from "./clock.ts";
import { type CrashPointHook, noCrashPoint } from "./crash-points.ts";
import { type Cursors, openCursors } from "./cursors.ts";
import { JournalError } from "./errors.ts";
import { closeQuietly, type FileSystem, nodeFileSystem } from "./file-system.ts";
import { createGroupCommit, GROUP_BYTES_MAX, type GroupCommit } from "./group-commit.ts";
import type { AppendDone, Journal, JournalCondition, NewEntry } from "./journal.ts";
import { createQuarantine, type Quarantine } from "./quarantine.ts";
import { createReader } from "./reader.ts";
import { isEncodable, recordBytesMax } from "./record.ts";
import { recoverSegments, type RecoveredSegments } from "./recovery.ts";
import { createSegmentWriter } from "./segment-writer.ts";
import { isEmptySegment, totalBytes } from "./segments.ts";
import { createSpace } from "./space.ts";
import type { JournalState } from "./state.ts";
import { createStats, type JournalStats } from "./stats.ts";
import { createTail } from "./tail.ts";
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
  crashPoint?: CrashPointHook;
  /** Default: throws where nothing catches it, which ends the process. */
  onFatal?: (error: unknown) => void;
}

export interface FileJournal extends Journal {
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
    const nextOffset = Math.max(recovered.nextOffset, cursors.highest());
    const state = createState({ disk, directory, stats, crashPoint }, { ...recovered, nextOffset });
    return createFileJournal(settings, { state, cursors, quarantine });
  } catch (cause) {
    if (cause instanceof JournalError) throw cause;
    throw new JournalError("JOURNAL_OPEN_FAILED", `the journal in ${directory} can't be opened`, {
      cause,
    });
  }
}

function createState(
  base: Pick<JournalState, "disk" | "directory" | "stats" | "crashPoint">,
  recovered: RecoveredSegments,
): JournalState {
  return {
    ...base,
    segments: recovered.segments,
    activeFile: recovered.activeFile,
    isFencePending: recovered.isFencePending,
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

function createFileJournal(settings: Settings, parts: Parts): FileJournal {
  const { state, cursors, quarantine } = parts;
  const clock = settings.clock ?? systemClock;
  const { line, startStepMs } = createReceivedTime(clock, state.lastTimeMs);
  const syncedListeners = new Set<(syncedOffset: number) => void>();
  const conditionListeners = new Set<(condition: JournalCondition) => void>();
  const tail = createTail(settings.tailBytesMax);
  const reader = createReader({ state, tail, quarantine });
  const { commit, trim } = createCommit();
  let condition: JournalCondition = { kind: "open" };
  let closing: Promise<void> | null = null;

  if (startStepMs !== 0) writeClockEntry(startStepMs, clock.monotonicMs());
  runTrim();

  function createCommit(): { commit: GroupCommit; trim: Trim } {
    const writer = createSegmentWriter({ state, segmentBytesMax: settings.segmentBytesMax });
    const trim = createTrim({ state, cursors, writer, bytesMax: settings.journalBytesMax });
    const limits = { freeBytesMin: settings.freeBytesMin, reserveBytes: settings.reserveBytes };
    const commit = createGroupCommit({
      state,
      writer,
      space: createSpace({ disk: state.disk, directory: state.directory, limits }),
      clock,
      timers: settings.timers ?? systemTimers,
      groupBytesMax: settings.groupBytesMax,
      fitsQuota: (bytes) => trim.fitsQuota(bytes),
      onCondition: setCondition,
      onGroup: (group, firstOffset) => tail.push(group, firstOffset),
      onAnswered: () => {
        for (const listener of syncedListeners) listener(state.syncedOffset);
      },
      onFatal: fatal,
    });
    return { commit, trim };
  }

  function append(entry: NewEntry, done: AppendDone): void {
    const refusal = whyRefused(entry);
    if (refusal !== null) {
      queueMicrotask(() => done(refusal, 0));
      return;
    }
    const monotonicMs = clock.monotonicMs();
    const stepMs = line.stepIfDue(monotonicMs);
    if (stepMs !== 0) writeClockEntry(stepMs, monotonicMs);
    commit.add({ entry, receivedTimeMs: line.at(monotonicMs), done });
  }

  function whyRefused(entry: NewEntry): JournalError | null {
    if (closing !== null) return new JournalError("JOURNAL_CLOSED", "the journal is closed");
    if (entry.kind === "clock" || !isEncodable(entry)) {
      return new JournalError("JOURNAL_ENTRY_REFUSED", "the journal can't hold this entry");
    }
    if (state.stats.bytesPending + recordBytesMax(entry) > settings.pendingBytesMax) {
      return new JournalError("JOURNAL_BACKLOG_FULL", "too much waits for the disk");
    }
    return null;
  }

  function writeClockEntry(stepMs: number, monotonicMs: number): void {
    state.stats.clockSteps++;
    const entry = { kind: "clock", stepMs } as const;
    commit.add({ entry, receivedTimeMs: line.at(monotonicMs), done: null });
  }

  function checkClock(): void {
    if (closing !== null) return;
    const monotonicMs = clock.monotonicMs();
    const stepMs = line.step(monotonicMs);
    if (stepMs !== 0) writeClockEntry(stepMs, monotonicMs);
  }

  async function commitCursor(name: string, nextOffset: number): Promise<void> {
    if (closing !== null) throw new JournalError("JOURNAL_CLOSED", "the journal is closed");
    const isPossible = Number.isSafeInteger(nextOffset) && nextOffset > 0;
    if (!isPossible || nextOffset > state.syncedOffset + 1) {
      const message = `cursor "${name}" can't stand at ${nextOffset}: synced is ${state.syncedOffset}`;
      throw new JournalError("JOURNAL_CURSOR_REFUSED", message);
    }
    await cursors.commit(name, nextOffset);
    runTrim();
  }

  function runTrim(): void {
    trim.run().then(commit.wake, fatal);
  }

  function setCondition(next: JournalCondition): void {
    condition = next;
    for (const listener of conditionListeners) listener(next);
  }

  function fatal(error: unknown): void {
    if (settings.onFatal !== undefined) {
      settings.onFatal(error);
      return;
    }
    queueMicrotask(() => {
      throw error;
    });
  }

  async function shutDown(): Promise<void> {
    await commit.close();
    await trim.run();
    await cursors.close();
    if (state.activeFile !== null) await closeQuietly(state.activeFile);
    state.activeFile = null;
    setCondition({ kind: "closed" });
  }

  return {
    append,
    read: (fromOffset, limits) => reader.read(Math.max(1, fromOffset), limits),
    onSynced: (listener) => listen(syncedListeners, listener),
    onCondition: (listener) => listen(conditionListeners, listener),
    get condition() {
      return condition;
    },
    get syncedOffset() {
      return state.syncedOffset;
    },
    get firstOffset() {
      const first = state.segments.find((segment) => !isEmptySegment(segment));
      return first?.firstOffset ?? state.syncedOffset + 1;
    },
    cursor: (name) => cursors.get(name),
    commitCursor,
    checkClock,
    stats: () => ({
      ...state.stats,
      segments: state.segments.length,
      bytesOnDisk: totalBytes(state.segments),
    }),
    close() {
      closing ??= shutDown();
      return closing;
    },
  };
}

function listen<Listener>(listeners: Set<Listener>, listener: Listener): () => void {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}
