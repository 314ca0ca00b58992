import { readdirSync } from "node:fs";
import path from "node:path";
import { nodeFileSystem } from "../../broker/journal/file-system.ts";
import { inspectJournal, type JournalReport, readJournal } from "../../broker/journal/inspect.ts";
import type { JournalEntry } from "../../broker/journal/journal.ts";
import type { AckedDevice } from "../../simulators/index.ts";

/** What a journal holds, by the identity that each message of the load carries. */
export class JournalContents {
  readonly #folder: { disk: typeof nodeFileSystem; directory: string };
  readonly #devices = new Map<string, DeviceContents>();
  /** Per offset a number that tells its entry apart; a hole is an offset that holds none. */
  readonly #fingerprints: (number | undefined)[] = [];
  #nextOffset = 1;
  entries = 0;
  publishes = 0;
  /** Publishes whose identity had been read before: resent, since their ack was lost. */
  repeated = 0;

  constructor(dataDir: string) {
    this.#folder = { disk: nodeFileSystem, directory: path.join(dataDir, "journal") };
  }

  /** The highest offset read so far. */
  get lastOffset(): number {
    return this.#nextOffset - 1;
  }

  /** Reads what is new since the last call. Throws when offsets do not grow. */
  async readOn(): Promise<void> {
    for await (const entry of this.#read(this.#nextOffset)) {
      if (entry.offset < this.#nextOffset) {
        throw new Error(`offset ${entry.offset} follows ${this.#nextOffset - 1}`);
      }
      this.#nextOffset = entry.offset + 1;
      this.#fingerprints[entry.offset] = this.#add(entry);
    }
  }

  /**
   * Reads everything again: the offsets that stand for something else than they did before, and
   * those that have gone, both of which must not exist; but what lies before the first one that is
   * left may have been trimmed, unless the journal was held.
   */
  async findChanged(options: { isTrimmed?: boolean } = {}): Promise<number[]> {
    const again = new JournalContents(path.dirname(this.#folder.directory));
    await again.readOn();
    const firstLeft = again.#fingerprints.findIndex((fingerprint) => fingerprint !== undefined);
    const trimmedBelow = firstLeft === -1 ? Infinity : firstLeft;
    return [...this.#fingerprints.keys()].filter(
      (offset) =>
        this.#fingerprints[offset] !== again.#fingerprints[offset] &&
        (options.isTrimmed !== true || offset >= trimmedBelow),
    );
  }

  /** Offsets at which a reading stands that stands elsewhere, or nowhere, in the original. */
  findForeign(original: JournalContents): number[] {
    return [...this.#fingerprints.keys()].filter((offset) => {
      const fingerprint = this.#fingerprints[offset] ?? 0;
      return fingerprint > 0 && fingerprint !== original.#fingerprints[offset];
    });
  }

  /** Acknowledged messages that are not in what was read: there must be none. */
  findMissing(acked: readonly AckedDevice[]): string[] {
    const missing: string[] = [];
    for (const { clientId, boot, ranges } of acked) {
      const device = this.#devices.get(keyOf(clientId, boot));
      for (const [from, to] of ranges) {
        for (let seq = Math.max(from, device?.wholeBelow ?? 0); seq <= to; seq += 1) {
          if (device?.has(seq) !== true) missing.push(`${clientId} boot ${boot} seq ${seq}`);
        }
      }
    }
    return missing;
  }

  inspect(): Promise<JournalReport> {
    return inspectJournal(this.#folder);
  }

  #read(fromOffset: number): AsyncGenerator<JournalEntry> {
    return readJournal(this.#folder, { fromOffset, entriesMax: Infinity });
  }

  /** Counts an entry and answers its fingerprint. */
  #add(entry: JournalEntry): number {
    this.entries += 1;
    if (entry.kind !== "publish") return -1 - kindNumbers[entry.kind];
    this.publishes += 1;
    const { principal, topicName, payload } = entry;
    // A foreign principal or topic would be a record that a crash has mixed up.
    if (!topicName.includes(`/${principal.split(".")[1]}/`)) {
      throw new Error(`offset ${entry.offset}: ${principal} on ${topicName}`);
    }
    const { boot = null, seq } = JSON.parse(textOf(payload)) as { boot?: number; seq?: number };
    // Published by a test itself, not by the load.
    if (seq === undefined) return 0;
    const key = keyOf(principal, boot);
    let device = this.#devices.get(key);
    if (device === undefined) {
      device = new DeviceContents(numberOf(key));
      this.#devices.set(key, device);
    }
    if (!device.add(seq)) this.repeated += 1;
    return device.index * 2 ** 32 + seq + 1;
  }
}

const deviceNumbers = new Map<string, number>();

/** The same for a device in whatever order a journal, or what is left of it, names them. */
function numberOf(key: string): number {
  const known = deviceNumbers.get(key) ?? deviceNumbers.size;
  deviceNumbers.set(key, known);
  return known;
}

const kindNumbers = { change: 1, tick: 2, clock: 3 } as const;

function keyOf(clientId: string, boot: number | null): string {
  return `${clientId} ${boot}`;
}

function textOf(payload: Uint8Array): string {
  return Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString("utf8");
}

/** The sequence numbers of one device: all below a number, and single ones above it. */
class DeviceContents {
  readonly index: number;
  readonly #above = new Set<number>();
  wholeBelow = 0;

  constructor(index: number) {
    this.index = index;
  }

  has(seq: number): boolean {
    return seq < this.wholeBelow || this.#above.has(seq);
  }

  add(seq: number): boolean {
    if (this.has(seq)) return false;
    this.#above.add(seq);
    while (this.#above.delete(this.wholeBelow)) this.wholeBelow += 1;
    return true;
  }
}

/** The journal's segment files, the oldest first. */
export function segmentFiles(dataDir: string): string[] {
  const directory = path.join(dataDir, "journal");
  return readdirSync(directory)
    .filter((name) => name.endsWith(".seg"))
    .toSorted((a, b) => a.localeCompare(b))
    .map((name) => path.join(directory, name));
}

/** How many messages were acknowledged, over all devices. */
export function countAcked(acked: readonly AckedDevice[]): number {
  return acked.flatMap(({ ranges }) => ranges).reduce((sum, [from, to]) => sum + to - from + 1, 0);
}
