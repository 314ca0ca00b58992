import {
  closeQuietly,
  type FileSystem,
  type OpenFile,
  readFully,
  writeFully,
} from "./file-system.ts";
import type { JournalStats } from "./stats.ts";

/** What is kept of damage, for whoever wants to look; older journals' evidence goes first here. */
const FILES_MAX = 256;
const BYTES_MAX = 4 * 1024 * 1024;

export interface Quarantine {
  /** Copies a range of a segment; never fails, because evidence is worth less than going on. */
  copyRange(
    source: { name: string; file: OpenFile },
    range: { start: number; end: number },
  ): Promise<void>;
  /** Takes a whole file out of the journal. */
  moveFile(name: string): Promise<void>;
}

export function createQuarantine(options: {
  disk: FileSystem;
  directory: string;
  stats: JournalStats;
}): Quarantine {
  const { disk, directory, stats } = options;
  const folder = `${directory}/quarantine`;

  async function copyRange(
    source: { name: string; file: OpenFile },
    range: { start: number; end: number },
  ): Promise<void> {
    const name = `${source.name}-${range.start}.bad`;
    try {
      await disk.makeDirectory(folder);
      const names = await disk.list(folder);
      // The same damage was met by an earlier run.
      if (names.includes(name)) return;
      if (names.length >= FILES_MAX) throw new Error("the quarantine folder is full");
      const bytes = Buffer.alloc(Math.min(range.end - range.start, BYTES_MAX));
      const length = await readFully(source.file, bytes, range.start);
      const file = await disk.open(`${folder}/${name}`, "create");
      try {
        await writeFully(file, bytes.subarray(0, length), 0);
      } finally {
        await closeQuietly(file);
      }
    } catch {
      stats.quarantineFailures++;
    }
  }

  async function moveFile(name: string): Promise<void> {
    await disk.makeDirectory(folder);
    await disk.rename(`${directory}/${name}`, `${folder}/${name}`);
    await disk.syncDirectory(folder);
    await disk.syncDirectory(directory);
    stats.segmentsQuarantined++;
  }

  return { copyRange, moveFile };
}
