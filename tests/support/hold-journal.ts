import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { crc32 } from "node:zlib";

/** As broker/journal/README.md describes it. */
const slotBytes = 4_096;
const crcAt = 28;

function holdFile(dataDir: string): string {
  return path.join(dataDir, "journal", "hold.cursor");
}

/**
 * A cursor of nobody, at the first entry: `serve` trims nothing until `releaseJournal`. Written as
 * a file, since opening the journal here would repair what the start under test has to repair.
 */
export function holdJournal(dataDir: string): void {
  const slot = Buffer.alloc(slotBytes);
  slot.write("NADICURS", 0, "latin1");
  slot.writeBigUInt64LE(1n, 8);
  slot.writeBigUInt64LE(1n, 16);
  slot.writeUInt32LE(crc32(slot.subarray(0, crcAt)), crcAt);
  const file = holdFile(dataDir);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, Buffer.concat([slot, slot]));
}

/** Between two starts: from the next one on only the consumers hold the journal. */
export function releaseJournal(dataDir: string): void {
  rmSync(holdFile(dataDir));
}
