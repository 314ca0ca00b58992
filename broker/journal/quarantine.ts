import { systemCode } from "./errors.ts";
import {
  closeQuietly,
  type FileSystem,
  type OpenFile,
  readFully,
  writeFully,
} from "./file-system.ts";
import { segmentNameOffset } from "./segment-format.ts";
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
  /** Segment files that were taken out by this start or an earlier one. */
  takenFiles(): Promise<{ name: string; bytes: number }[]>;
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

  async function takenFiles(): Promise<{ name: string; bytes: number }[]> {
    const taken: { name: string; bytes: number }[] = [];
    for (const name of await listFolder()) {
      if (segmentNameOffset(name) === null) continue;
      const file = await disk.open(`${folder}/${name}`, "read");
      try {
        taken.push({ name, bytes: await file.sizeBytes() });
      } finally {
        await closeQuietly(file);
      }
    }
    return taken;
  }

  async function listFolder(): Promise<string[]> {
    try {
      return await disk.list(folder);
    } catch (error) {
      // Nothing was ever damaged here.
      if (systemCode(error) === "ENOENT") return [];
      throw error;
    }
  }

  return { copyRange, moveFile, takenFiles };
}
