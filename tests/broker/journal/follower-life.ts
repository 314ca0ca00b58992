import { type FileJournal, openFileJournal } from "../../../broker/journal/file-journal.ts";
import {
  type JournalDamage,
  type JournalFollower,
  openJournalFollower,
} from "../../../broker/journal/follower.ts";
import type { JournalBatch, JournalEntry } from "../../../broker/journal/journal.ts";
import {
  createManualTime,
  everything,
  readAll,
  reading,
  settled,
  smallJournal,
} from "./harness.ts";
import { ModelDisk, type Random, systemError } from "./model-disk.ts";

const directory = "/data/journal";

/** A journal that keeps nothing in memory, and a follower beside it on the same model disk. */
export class FollowedLife {
  readonly disk = new ModelDisk();
  readonly time = createManualTime();
  readonly damage: JournalDamage[] = [];
  #count = 0;
  #parts: { journal: FileJournal; follower: JournalFollower } | null = null;

  get journal(): FileJournal {
    if (this.#parts === null) throw new Error("open the life first");
    return this.#parts.journal;
  }

  get follower(): JournalFollower {
    if (this.#parts === null) throw new Error("open the life first");
    return this.#parts.follower;
  }

  async open(): Promise<void> {
    const disk = this.disk.attach();
    const { clock, timers } = this.time;
    const journal = await openFileJournal({
      ...smallJournal,
      segmentBytesMax: 1_500,
      groupBytesMax: 700,
      tailBytesMax: 0,
      directory,
      disk,
      clock,
      timers,
    });
    const onDamage = (found: JournalDamage): void => void this.damage.push(found);
    this.#parts = { journal, follower: openJournalFollower({ directory, disk, onDamage }) };
  }

  append(count: number): void {
    for (let index = 0; index < count; index++) {
      // Lengths differ, so that no record's place can be guessed from another's.
      const text = `entry-${++this.#count}`.padEnd(6 + ((this.#count * 37) % 90), ".");
      // What a kill or a power cut takes away is not this test's matter.
      this.journal.append(reading(text), () => undefined);
    }
  }

  async settle(): Promise<void> {
    for (let round = 0; round < 6; round++) {
      await settled();
      this.time.fire();
    }
    await settled();
  }

  failOnce(name: string): void {
    this.disk.fault = (call) => {
      if (call.name !== name || !call.path.endsWith(".seg")) return null;
      this.disk.fault = () => null;
      return systemError("EIO");
    };
  }

  async cutPower(random: Random): Promise<void> {
    this.disk.fault = () => null;
    this.disk.cutPower(random);
    await this.open();
  }

  /** The same read on both sides, with nothing under way in between. */
  async readBoth(
    fromOffset: number,
    limits: { entriesMax: number; bytesMax: number },
  ): Promise<{ journal: JournalBatch; follower: JournalBatch }> {
    const journal = await this.journal.read(fromOffset, limits);
    const { announcement } = this.journal;
    return { journal, follower: await this.follower.read(fromOffset, announcement, limits) };
  }

  /**
   * The first offset that must be readable. What the cursor has passed may be gone for one side
   * alone: a file whose removal is only said to have failed is read by who has it open.
   */
  get keptFrom(): number {
    return Math.max(this.journal.firstOffset, this.journal.cursor("recorder") ?? 1);
  }

  /** Everything on both sides from the first offset that is kept. */
  async drainBoth(): Promise<{ journal: JournalEntry[]; follower: JournalEntry[] }> {
    const { keptFrom } = this;
    const journal = await readAll(this.journal, keptFrom);
    const follower = await followAll(this.follower, this.journal, keptFrom);
    return { journal, follower };
  }
}

/** All that is announced, from an offset on. */
export async function followAll(
  follower: JournalFollower,
  journal: FileJournal,
  from = 1,
): Promise<JournalEntry[]> {
  const entries: JournalEntry[] = [];
  for (let next = from; ; ) {
    const batch = await follower.read(next, journal.announcement, everything);
    if (batch.entries.length === 0) return entries;
    entries.push(...batch.entries);
    next = batch.nextOffset;
  }
}
