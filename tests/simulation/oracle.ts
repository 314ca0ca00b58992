import type { FileJournal, JournalEntry } from "../../broker/index.ts";
import type { FileSystem } from "../../broker/journal/file-system.ts";
import { type JournalFollower, openJournalFollower } from "../../broker/journal/follower.ts";
import type { DecodedEntry } from "../../ingest/decode/decoded.ts";
import type { Decoder } from "../../ingest/decode/decoder.ts";
import type { DeviceMessage } from "./device.ts";
import { journalFolder } from "./life.ts";
import type { SimulatedRecords } from "./records.ts";
import { identityOf, type ModelStore } from "./store.ts";

const everything = { entriesMax: 100_000, bytesMax: 64 * 1024 * 1024 };

export interface OracleOptions {
  decoder: Decoder;
  store: ModelStore;
  records: SimulatedRecords;
  /** The disk as nobody's process sees it. */
  disk: () => FileSystem;
}

/**
 * Knows what was promised to whom, and looks at each start whether it still holds: what was
 * acknowledged is stored or waits where the recorder goes on, an offset means one entry for ever,
 * no cursor goes back or stands behind the end, and nothing is gone that one has not passed.
 */
export class Oracle {
  /** Broken promises: the name of the invariant, and what was found. */
  readonly violations: string[] = [];
  /** Every entry that was ever on disk and shown, in order of offsets. */
  readonly entries = new Map<number, JournalEntry>();
  acks = 0;
  starts = 0;
  readonly #options: OracleOptions;
  readonly #acknowledged = new Map<number, DeviceMessage>();
  /** The newest revision of each alert that has gone out. */
  readonly #told = new Map<string, number>();
  readonly #committed = new Map<string, number>();
  /** Of the process that runs now: what it has announced, read with nothing in between. */
  #follower: JournalFollower;
  readonly #decoded = new Map<number, DecodedEntry>();

  constructor(options: OracleOptions) {
    this.#options = options;
    this.#follower = this.#follow();
  }

  broken(invariant: string, found: string): void {
    this.violations.push(`${invariant}: ${found}`);
  }

  acknowledged(message: DeviceMessage, offset: number): void {
    this.acks += 1;
    const known = this.#acknowledged.get(offset);
    if (known !== undefined) {
      this.broken("one offset, one entry", `${offset} is ${known.id}'s and ${message.id}'s`);
    }
    this.#acknowledged.set(offset, message);
  }

  /** A page goes by the order in which it hears an alert's messages. */
  told(id: string): void {
    const [, alertId = "", revision = ""] = /^(\w+)\.(\d+)$/.exec(id) ?? [];
    if (alertId === "") return;
    const last = this.#told.get(alertId) ?? 0;
    if (Number(revision) < last) this.broken("alerts in order", `${id} came behind ${last}`);
    this.#told.set(alertId, Number(revision));
  }

  committed(name: string, nextOffset: number): void {
    this.#committed.set(name, Math.max(nextOffset, this.#committed.get(name) ?? 0));
  }

  /** More is on disk. */
  async synced(journal: FileJournal): Promise<void> {
    const found = await this.#read(journal, this.#lastOffset + 1);
    for (const entry of found.values()) this.#learn(entry);
  }

  /** A process has opened the journal: every promise so far is looked at. */
  async opened(journal: FileJournal): Promise<void> {
    this.starts += 1;
    const { syncedOffset } = journal;
    const newest = Math.max(0, ...this.#acknowledged.keys());
    if (newest > syncedOffset) {
      this.broken("offsets grow", `${newest} was acknowledged and the end is ${syncedOffset}`);
    }
    this.#follower = this.#follow();
    const found = await this.#read(journal, journal.firstOffset);
    const lastOffset = this.#lastOffset;
    for (const entry of found.values()) {
      if (entry.offset <= lastOffset && !this.entries.has(entry.offset)) {
        this.broken("void stays void", `entry ${entry.offset} was not there before`);
      }
    }
    for (const entry of found.values()) this.#learn(entry);
    const recorder = journal.cursor("recorder") ?? journal.firstOffset;
    const monitor = (await this.#options.records.direct.ingest.loadMonitorMeta())?.offset ?? 0;
    this.#checkCursors(journal, { recorder, monitor: monitor + 1 });
    for (const offset of this.entries.keys()) {
      if (offset >= Math.min(recorder, monitor + 1) && !found.has(offset)) {
        this.broken("kept until passed", `entry ${offset} is gone; recorder ${recorder}`);
      }
    }
    this.#checkAcknowledged(found, recorder);
  }

  decodedEntries(): DecodedEntry[] {
    return [...this.entries.keys()].toSorted((a, b) => a - b).map((it) => this.#decode(it));
  }

  /** What was acknowledged is in the journal that is known, and all of it in the store. */
  checkStored(): void {
    this.#checkAcknowledged(this.entries, Infinity);
  }

  #checkCursors(journal: FileJournal, next: { recorder: number; monitor: number }): void {
    const end = journal.syncedOffset + 1;
    if (next.monitor > end) {
      this.broken("cursor ≤ end", `the monitor's row says ${next.monitor}, the end is ${end}`);
    }
    for (const name of ["recorder", "monitor"] as const) {
      const cursor = journal.cursor(name);
      if (cursor === null) continue;
      const before = this.#committed.get(name) ?? 0;
      if (cursor < before) this.broken("cursors stay", `${name} went from ${before} to ${cursor}`);
      if (cursor > end) this.broken("cursor ≤ end", `${name} stands at ${cursor}, end ${end}`);
      this.committed(name, cursor);
    }
  }

  #checkAcknowledged(journaled: ReadonlyMap<number, unknown>, recorder: number): void {
    const { kept } = this.#options.store;
    for (const [offset, message] of this.#acknowledged) {
      if (!this.entries.has(offset) && !journaled.has(offset)) {
        this.broken("acknowledged is on disk", `${message.id} at ${offset}`);
        continue;
      }
      if (offset >= recorder) {
        if (!journaled.has(offset)) this.broken("acknowledged is on disk", message.id);
        continue;
      }
      const entry = this.#decode(offset);
      const readings = entry.kind === "publish" ? entry.readings : [];
      for (const reading of readings) {
        if (kept.has(identityOf(reading))) continue;
        this.broken("acknowledged is stored", `${message.id} at ${offset}: ${identityOf(reading)}`);
      }
    }
  }

  async #read(journal: FileJournal, fromOffset: number): Promise<Map<number, JournalEntry>> {
    const found = new Map<number, JournalEntry>();
    const { announcement } = journal;
    for (let next = fromOffset; next <= announcement.syncedOffset; ) {
      const batch = await this.#follower.read(next, announcement, everything);
      for (const entry of batch.entries) found.set(entry.offset, entry);
      next = batch.nextOffset;
    }
    return found;
  }

  #follow(): JournalFollower {
    return openJournalFollower({
      directory: journalFolder,
      disk: this.#options.disk(),
      onDamage: ({ firstOffset }) => this.broken("no damage", `at offset ${firstOffset}`),
    });
  }

  #learn(entry: JournalEntry): void {
    const known = this.entries.get(entry.offset);
    const copy =
      entry.kind === "publish" ? { ...entry, payload: Buffer.from(entry.payload) } : entry;
    if (known !== undefined && describe(known) !== describe(copy)) {
      this.broken(
        "one offset, one entry",
        `${entry.offset}: ${describe(known)}, ${describe(copy)}`,
      );
    }
    const message = this.#acknowledged.get(entry.offset);
    if (message !== undefined && !isOf(copy, message)) {
      this.broken("one offset, one entry", `${message.id} was told ${entry.offset}`);
    }
    this.entries.set(entry.offset, copy);
  }

  get #lastOffset(): number {
    let last = 0;
    for (const offset of this.entries.keys()) if (offset > last) last = offset;
    return last;
  }

  #decode(offset: number): DecodedEntry {
    const known = this.#decoded.get(offset);
    if (known !== undefined) return known;
    const entry = this.entries.get(offset);
    if (entry === undefined) throw new Error(`nobody knows entry ${offset}`);
    const [decoded] = this.#options.decoder.decode([entry]);
    if (decoded === undefined) throw new Error(`entry ${offset} was not decoded`);
    this.#decoded.set(offset, decoded);
    return decoded;
  }
}

function isOf(entry: JournalEntry, message: DeviceMessage): boolean {
  return (
    entry.kind === "publish" &&
    entry.principal === message.principal &&
    message.payload.equals(entry.payload)
  );
}

function describe(entry: JournalEntry): string {
  const payload = entry.kind === "publish" ? Buffer.from(entry.payload).toString("latin1") : "";
  return `${JSON.stringify({ ...entry, payload: undefined })} ${payload}`;
}
