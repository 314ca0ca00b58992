import { JournalError } from "./errors.ts";
import { type OpenFile, readFully } from "./file-system.ts";
import type { RecordSeeds } from "./record.ts";
import {
  decodeFooter,
  decodeHeader,
  SEGMENT_FOOTER_BYTES,
  SEGMENT_HEADER_BYTES,
  type SegmentFooter,
  type SegmentHeader,
} from "./segment-format.ts";
import type { JournalStats } from "./stats.ts";

/** What one file says of itself. */
export interface SegmentFacts {
  name: string;
  bytes: number;
  /** Null when neither header nor footer can be read. */
  firstOffset: number | null;
  seeds: RecordSeeds;
  /** Null when both copies are damaged; the footer may stand in. */
  header: SegmentHeader | null;
  footer: SegmentFooter | null;
}

/** Header and footer of a file, whichever can be read. */
export async function readSegmentFacts(
  file: OpenFile,
  name: string,
  stats: JournalStats,
): Promise<SegmentFacts> {
  const bytes = await file.sizeBytes();
  const headerBytes = Buffer.alloc(Math.min(bytes, SEGMENT_HEADER_BYTES));
  const headerLength = await readFully(file, headerBytes, 0);
  // Half of one is none: its making failed, and nothing was ever written behind it.
  const wholeLength = headerLength < SEGMENT_HEADER_BYTES ? 0 : headerLength;
  const { header, damagedCopies, isNewer } = decodeHeader(headerBytes.subarray(0, wholeLength));
  if (isNewer) {
    const message = `${name} was written by a newer version of Nadi: start that version again`;
    throw new JournalError("JOURNAL_OPEN_FAILED", message);
  }
  const isLongEnough = bytes >= SEGMENT_HEADER_BYTES + SEGMENT_FOOTER_BYTES;
  const footer = isLongEnough ? await readFooter(file, bytes, header) : null;
  // Without any header the file is shorter than one: it was being created, which is no damage.
  const isUnborn = header === null && bytes <= SEGMENT_HEADER_BYTES;
  if (!isUnborn) stats.damagedHeaders += damagedCopies;
  const firstOffset = header?.firstOffset ?? footer?.firstOffset ?? null;
  const seeds = header?.seeds ?? footer?.seeds ?? { header: 0, body: 0 };
  return { name, bytes, firstOffset, seeds, header, footer };
}

async function readFooter(
  file: OpenFile,
  fileBytes: number,
  header: SegmentHeader | null,
): Promise<SegmentFooter | null> {
  const bytes = Buffer.alloc(SEGMENT_FOOTER_BYTES);
  const length = await readFully(file, bytes, fileBytes - SEGMENT_FOOTER_BYTES);
  const footer = decodeFooter(bytes.subarray(0, length), fileBytes);
  // A payload at the end of a file could look like a footer, but it can't know the seeds.
  const isOwn =
    header === null ||
    (footer?.seeds.header === header.seeds.header &&
      footer.seeds.body === header.seeds.body &&
      footer.firstOffset === header.firstOffset);
  return isOwn ? footer : null;
}

/** The last offset of a segment that counts, by the next one's word and by its own footer's. */
export function lastOffsetBefore(facts: SegmentFacts, next: SegmentFacts | undefined): number {
  const limit = next?.header?.previousSyncedOffset ?? (next?.firstOffset ?? Infinity) - 1;
  return Math.min(limit, facts.footer?.lastOffset ?? limit);
}
