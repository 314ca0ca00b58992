import type { JournalClock } from "./clock.ts";
import { assertInvariant, JournalError, JournalInvariantError, systemCode } from "./errors.ts";
import { addToGroup, createGroup, emptyGroup, type Group, type GroupEntry } from "./group.ts";
import type { JournalCondition } from "./journal.ts";
import { recordBytesMax } from "./record.ts";
import type { SegmentWriter } from "./segment-writer.ts";
import { isNoSpace, type Space } from "./space.ts";
import type { JournalState } from "./state.ts";
import type { JournalTimers } from "./timers.ts";

/** One group's stamping and copying should not hold the event loop for longer than a few ms. */
export const GROUP_BYTES_MAX = 1024 * 1024;
/** Between two looks at the free space while all is well. */
const ROOM_CHECK_MS = 250;
const BACKOFF_MS_MIN = 100;
const BACKOFF_MS_MAX = 5_000;

type WithheldReason = Extract<JournalCondition, { kind: "withheld" }>["reason"];

export interface GroupCommitOptions {
  state: JournalState;
  writer: SegmentWriter;
  space: Space;
  clock: JournalClock;
  timers: JournalTimers;
  groupBytesMax: number;
  /** Makes room below the quota for so many bytes, or says that it can't. */
  fitsQuota(bytes: number): Promise<boolean>;
  onCondition(condition: JournalCondition): void;
  /** Runs when a group is on disk, before anybody hears of it. */
  onGroup(group: Group, firstOffset: number): void;
  /** Runs after the group's entries have been answered. */
  onAnswered(): void;
  /** A broken invariant: the process must not go on. */
  onFatal(error: unknown): void;
}

export interface GroupCommit {
  add(item: GroupEntry): void;
  /** Tries at once what waits for space or for the disk. */
  wake(): void;
  /** Writes what waits; what can't be written now is answered with an error. */
  close(): Promise<void>;
}

/** Collects entries while a group is on its way to the disk, and sends them as the next one. */
export function createGroupCommit(options: GroupCommitOptions): GroupCommit {
  const { state, timers } = options;
  const ready: Group[] = [];
  const spare: Group[] = [];
  let open = createGroup();
  let isRunning = false;
  let running: Promise<void> = Promise.resolve();
  let isScheduled = false;
  let isClosing = false;
  const attempts = createAttempts(options, () => isClosing);

  function add(item: GroupEntry): void {
    const bytes = recordBytesMax(item.entry);
    if (open.bytes > 0 && open.bytes + bytes > options.groupBytesMax) {
      ready.push(open);
      open = spare.pop() ?? createGroup();
    }
    const before = open.bytes;
    addToGroup(open, item);
    state.stats.entriesPending++;
    state.stats.bytesPending += open.bytes - before;
    if (isScheduled || isRunning) return;
    isScheduled = true;
    // Not at once: what the other sockets of this round bring goes out with the same sync.
    timers.soon(start);
  }

  function start(): void {
    isScheduled = false;
    if (isRunning) return;
    isRunning = true;
    running = run().catch((error: unknown) => options.onFatal(error));
  }

  async function run(): Promise<void> {
    for (let group = next(); group !== null; group = next()) {
      const firstOffset = await attempts.commit(group);
      const pending = { entries: group.dones.length, bytes: group.bytes };
      if (firstOffset === null) refuse(group);
      else answer(group, firstOffset);
      state.stats.entriesPending -= pending.entries;
      state.stats.bytesPending -= pending.bytes;
      emptyGroup(group);
      if (spare.length === 0) spare.push(group);
    }
    // In the same breath as the last look for work: an entry added later starts a new run.
    isRunning = false;
  }

  function next(): Group | null {
    const group = ready.shift();
    if (group !== undefined) return group;
    if (open.bytes === 0) return null;
    const taken = open;
    open = spare.pop() ?? createGroup();
    return taken;
  }

  function answer(group: Group, firstOffset: number): void {
    const lastOffset = firstOffset + group.dones.length - 1;
    assertInvariant(firstOffset > state.syncedOffset, "an offset is acknowledged twice");
    assertInvariant(lastOffset <= state.lastRecordOffset, "an ack goes out before its sync");
    options.onGroup(group, firstOffset);
    state.syncedOffset = lastOffset;
    let offset = firstOffset;
    for (const done of group.dones) {
      if (done !== null) settle(() => done(null, offset));
      offset++;
    }
    state.crashPoint("after-ack");
    options.onAnswered();
  }

  function refuse(group: Group): void {
    const error = new JournalError("JOURNAL_CLOSED", "the journal closed before the disk took it");
    for (const done of group.dones) if (done !== null) settle(() => done(error, 0));
  }

  /** A callback that throws is its owner's bug, and must not keep the others from their answer. */
  function settle(call: () => void): void {
    try {
      call();
    } catch (error) {
      options.onFatal(error);
    }
  }

  return {
    add,
    wake: attempts.wake,
    async close() {
      isClosing = true;
      attempts.wake();
      start();
      // What was added while the last group was on its way has been taken by the same run.
      await running;
    },
  };
}

/** Tries a group until it is on disk; says meanwhile why acknowledgements are withheld. */
function createAttempts(options: GroupCommitOptions, isClosing: () => boolean) {
  const { state, writer, space, clock, timers } = options;
  let withheld: WithheldReason | null = null;
  let roomCheckedAtMs = Number.NEGATIVE_INFINITY;
  let wakeUp: (() => void) | null = null;

  async function commit(group: Group): Promise<number | null> {
    let failures = 0;
    for (let backoffMs = BACKOFF_MS_MIN; ; backoffMs = Math.min(backoffMs * 2, BACKOFF_MS_MAX)) {
      const obstacle = (await findObstacle(group)) ?? (await attempt());
      if (typeof obstacle === "number") return obstacle;
      if (obstacle === "sync-error" && ++failures === 1) continue;
      setWithheld(obstacle);
      state.stats.withheld++;
      if (isClosing()) return null;
      await pause(backoffMs);
    }

    async function attempt(): Promise<number | WithheldReason> {
      try {
        return await write(group);
      } catch (error) {
        // Only the disk's own errors may be met by trying again: the rest are bugs.
        if (error instanceof JournalInvariantError || systemCode(error) === "") throw error;
        if (!isNoSpace(error)) return "sync-error";
        await giveUpReserve();
        return "no-space";
      }
    }
  }

  async function write(group: Group): Promise<number> {
    const startMs = clock.monotonicMs();
    const firstOffset = await writer.write(group);
    const tookMs = clock.monotonicMs() - startMs;
    const stats = state.stats;
    stats.entriesSynced += group.dones.length;
    stats.bytesSynced += group.bytes;
    stats.groupsSynced++;
    stats.syncMsTotal += tookMs;
    stats.syncMsMax = Math.max(stats.syncMsMax, tookMs);
    setWithheld(null);
    return firstOffset;
  }

  async function findObstacle(group: Group): Promise<WithheldReason | null> {
    const nowMs = clock.monotonicMs();
    if (withheld !== null || nowMs - roomCheckedAtMs >= ROOM_CHECK_MS) {
      roomCheckedAtMs = nowMs;
      if (!(await space.hasRoom())) {
        return withheld === "no-space" ? "no-space" : "free-space-floor";
      }
    }
    try {
      return (await options.fitsQuota(group.bytes)) ? null : "quota";
    } catch (error) {
      if (systemCode(error) === "") throw error;
      return isNoSpace(error) ? "no-space" : "sync-error";
    }
  }

  async function giveUpReserve(): Promise<void> {
    try {
      await space.releaseReserve();
    } catch (error) {
      // The next attempt tries it again.
      if (systemCode(error) === "") throw error;
    }
  }

  function setWithheld(reason: WithheldReason | null): void {
    if (reason === withheld) return;
    withheld = reason;
    options.onCondition(reason === null ? { kind: "open" } : { kind: "withheld", reason });
  }

  function pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = timers.after(delayMs, () => wake());
      wakeUp = () => {
        cancel();
        wakeUp = null;
        resolve();
      };
    });
  }

  function wake(): void {
    wakeUp?.();
  }

  return { commit, wake };
}
