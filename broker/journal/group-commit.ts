import { Attempts } from "./attempts.ts";
import type { JournalClock } from "./clock.ts";
import { assertInvariant, JournalError } from "./errors.ts";
import { addToGroup, createGroup, emptyGroup, type Group, type GroupEntry } from "./group.ts";
import type { AppendDone, JournalCondition } from "./journal.ts";
import { recordBytesMax } from "./record.ts";
import type { SegmentWriter } from "./segment-writer.ts";
import type { Space } from "./space.ts";
import type { JournalState } from "./state.ts";
import type { JournalTimers } from "./timers.ts";

/** One group's stamping and copying should not hold the event loop for longer than a few ms. */
export const GROUP_BYTES_MAX = 1024 * 1024;
export interface GroupCommitOptions {
  state: JournalState;
  writer: SegmentWriter;
  space: Space;
  clock: JournalClock;
  timers: JournalTimers;
  groupBytesMax: number;
  /** Makes room below the quota for so many bytes, or says that it can't. */
  fitsQuota: (bytes: number) => Promise<boolean>;
  onCondition: (condition: JournalCondition) => void;
  /** Runs when a group is on disk, before anybody hears of it. */
  onGroup: (group: Group, firstOffset: number) => void;
  /** Runs after the group's entries have been answered. */
  onAnswered: () => void;
  /** A broken invariant: the process must not go on. */
  onFatal: (error: unknown) => void;
}

/** Collects entries while a group is on its way to the disk, and sends them as the next one. */
export class GroupCommit {
  readonly #options: GroupCommitOptions;
  readonly #attempts: Attempts;
  readonly #ready: Group[] = [];
  readonly #spare: Group[] = [];
  #open = createGroup();
  #isScheduled = false;
  #isRunning = false;
  #running: Promise<void> = Promise.resolve();

  constructor(options: GroupCommitOptions) {
    this.#options = options;
    this.#attempts = new Attempts(options);
  }

  add(item: GroupEntry): void {
    const bytes = recordBytesMax(item.entry);
    if (this.#open.bytes > 0 && this.#open.bytes + bytes > this.#options.groupBytesMax) {
      this.#ready.push(this.#open);
      this.#open = this.#spare.pop() ?? createGroup();
    }
    const { stats } = this.#options.state;
    const before = this.#open.bytes;
    addToGroup(this.#open, item);
    stats.entriesPending++;
    stats.bytesPending += this.#open.bytes - before;
    if (this.#isScheduled || this.#isRunning) return;
    this.#isScheduled = true;
    // Not at once: what the other sockets of this round bring goes out with the same sync.
    this.#options.timers.soon(() => this.#start());
  }

  /** Tries at once what waits for space or for the disk. */
  wake(): void {
    this.#attempts.wake();
  }

  /** Writes what waits; what can't be written now is answered with an error. */
  async close(): Promise<void> {
    this.#attempts.close();
    this.#start();
    // What was added while a group was on its way is taken by the same run.
    await this.#running;
  }

  #start(): void {
    this.#isScheduled = false;
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#running = this.#run().catch((error: unknown) => this.#options.onFatal(error));
  }

  async #run(): Promise<void> {
    const { stats } = this.#options.state;
    for (let group = this.#next(); group !== null; group = this.#next()) {
      const firstOffset = await this.#attempts.commit(group);
      stats.entriesPending -= group.dones.length;
      stats.bytesPending -= group.bytes;
      if (firstOffset === null) this.#refuse(group);
      else this.#answer(group, firstOffset);
      emptyGroup(group);
      if (this.#spare.length === 0) this.#spare.push(group);
    }
    // In the same breath as the last look for work: an entry added later starts a new run.
    this.#isRunning = false;
  }

  #next(): Group | null {
    const group = this.#ready.shift();
    if (group !== undefined) return group;
    if (this.#open.bytes === 0) return null;
    const taken = this.#open;
    this.#open = this.#spare.pop() ?? createGroup();
    return taken;
  }

  #answer(group: Group, firstOffset: number): void {
    const { state, onGroup, onAnswered } = this.#options;
    const lastOffset = firstOffset + group.dones.length - 1;
    assertInvariant(firstOffset > state.syncedOffset, "an offset is acknowledged twice");
    assertInvariant(lastOffset <= state.lastRecordOffset, "an ack goes out before its sync");
    onGroup(group, firstOffset);
    state.syncedOffset = lastOffset;
    let offset = firstOffset;
    for (const done of group.dones) {
      if (done !== null) this.#tell(done, null, offset);
      offset++;
    }
    state.crashPoint("after-ack");
    onAnswered();
  }

  #refuse(group: Group): void {
    const error = new JournalError("JOURNAL_CLOSED", "the journal closed before the disk took it");
    for (const done of group.dones) if (done !== null) this.#tell(done, error, 0);
  }

  /** A callback that throws is its owner's bug, and must not keep the others from their answer. */
  #tell(done: AppendDone, error: Error | null, offset: number): void {
    try {
      done(error, offset);
    } catch (thrown) {
      this.#options.onFatal(thrown);
    }
  }
}
