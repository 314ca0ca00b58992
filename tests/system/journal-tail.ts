import path from "node:path";
import { nodeFileSystem } from "../../broker/journal/file-system.ts";
import { readJournal } from "../../broker/journal/inspect.ts";
import type { AckedDevice } from "../../simulators/index.ts";

interface TailedDevice {
  clientId: string;
  boot: number | null;
  /** Of each message that is its newest so far, in the order of the journal. */
  newest: { offset: number; seq: number }[];
}

/**
 * Which message of each sender stands where, read beside the running journal: says what a copy up
 * to some offset must hold. Senders send in order and send again from the oldest that was not
 * acknowledged, so that whatever stands below an offset begins with the first and has no gap; what
 * was trimmed before it was looked at is known all the same.
 */
export class JournalTail {
  readonly #directory: string;
  readonly #devices = new Map<string, TailedDevice>();
  #nextOffset = 1;

  constructor(dataDir: string) {
    this.#directory = path.join(dataDir, "journal");
  }

  get lastOffset(): number {
    return this.#nextOffset - 1;
  }

  async readOn(): Promise<void> {
    const folder = { disk: nodeFileSystem, directory: this.#directory };
    const range = { fromOffset: this.#nextOffset, entriesMax: Number.POSITIVE_INFINITY };
    for await (const entry of readJournal(folder, range)) {
      this.#nextOffset = entry.offset + 1;
      if (entry.kind !== "publish") continue;
      const payload = Buffer.from(entry.payload).toString("utf8");
      // Written by the senders of the test alone.
      const { boot = null, seq } = JSON.parse(payload) as { boot?: number; seq?: number };
      if (seq !== undefined) this.#add(entry.principal, { boot, seq, offset: entry.offset });
    }
  }

  /** What stands at or below an offset, as if all of it and no more had been acknowledged. */
  upTo(offset: number): AckedDevice[] {
    return [...this.#devices.values()].map(({ clientId, boot, newest }) => {
      const last = newest.findLast((message) => message.offset <= offset)?.seq ?? -1;
      const ranges: AckedDevice["ranges"] = last < 0 ? [] : [[0, last]];
      return { clientId, boot, ranges, sentBelow: last + 1 };
    });
  }

  #add(clientId: string, message: { boot: number | null; seq: number; offset: number }): void {
    const { boot, seq, offset } = message;
    const key = `${clientId} ${boot}`;
    const device = this.#devices.get(key) ?? { clientId, boot, newest: [] };
    this.#devices.set(key, device);
    if (seq > (device.newest.at(-1)?.seq ?? -1)) device.newest.push({ offset, seq });
  }
}

/** What of the first list lies beyond the second. */
export function missingFrom(
  wanted: readonly AckedDevice[],
  found: readonly AckedDevice[],
): string[] {
  const keyOf = ({ clientId, boot }: AckedDevice): string => `${clientId} ${boot}`;
  const ends = new Map(found.map((device) => [keyOf(device), device.sentBelow]));
  return wanted.flatMap((device) => {
    const last = device.ranges.at(-1)?.[1] ?? -1;
    const end = ends.get(keyOf(device)) ?? 0;
    return last < end ? [] : [`${keyOf(device)} seq ${end} to ${last}`];
  });
}
