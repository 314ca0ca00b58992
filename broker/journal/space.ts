import { systemCode } from "./errors.ts";
import { closeQuietly, type FileSystem, writeFully } from "./file-system.ts";

const RESERVE_NAME = "reserve";
const RESERVE_CHUNK_BYTES = 1024 * 1024;

export interface SpaceLimits {
  /** Acknowledgements stop while the disk has less than this left. */
  freeBytesMin: number;
  /** A written file that is given up when the disk is full, so that the rest can go on. */
  reserveBytes: number;
}

export interface Space {
  /** Whether the disk has room; restores the reserve first if it was given up. */
  hasRoom(): Promise<boolean>;
  /** Gives up the reserve: the disk is full. */
  releaseReserve(): Promise<void>;
}

export function isNoSpace(error: unknown): boolean {
  const code = systemCode(error);
  return code === "ENOSPC" || code === "EDQUOT";
}

/** Watches the disk that holds the journal's folder. */
export function createSpace(options: {
  disk: FileSystem;
  directory: string;
  limits: SpaceLimits;
}): Space {
  const { disk, directory, limits } = options;
  const path = `${directory}/${RESERVE_NAME}`;
  let isReserved: boolean | null = limits.reserveBytes === 0 ? true : null;

  async function removeReserve(): Promise<void> {
    isReserved = limits.reserveBytes === 0;
    if ((await disk.list(directory)).includes(RESERVE_NAME)) await disk.unlink(path);
  }

  async function freeBytes(): Promise<number> {
    try {
      return await disk.freeBytes(directory);
    } catch {
      // Not every file system can tell: the write itself then says when the disk is full.
      return Number.POSITIVE_INFINITY;
    }
  }

  return {
    async hasRoom() {
      isReserved ??= await isReserveWhole(disk, path, limits.reserveBytes);
      const neededBytes = limits.freeBytesMin + (isReserved ? 0 : limits.reserveBytes);
      if ((await freeBytes()) < neededBytes) return false;
      if (isReserved) return true;
      try {
        await removeReserve();
        await writeReserve(disk, path, limits.reserveBytes);
        isReserved = true;
        return true;
      } catch (error) {
        await removeReserve();
        // Anything but a full disk is the writer's to meet and to report.
        return !isNoSpace(error);
      }
    },
    async releaseReserve() {
      if (limits.reserveBytes > 0) await removeReserve();
    },
  };
}

async function isReserveWhole(disk: FileSystem, path: string, bytes: number): Promise<boolean> {
  try {
    const file = await disk.open(path, "read");
    try {
      return (await file.sizeBytes()) >= bytes;
    } finally {
      await closeQuietly(file);
    }
  } catch {
    // Absent or unreadable: it is written anew.
    return false;
  }
}

/** Written, not stretched: a sparse file holds no space back. */
async function writeReserve(disk: FileSystem, path: string, bytes: number): Promise<void> {
  const file = await disk.open(path, "create");
  try {
    const zeros = Buffer.alloc(Math.min(bytes, RESERVE_CHUNK_BYTES));
    for (let at = 0; at < bytes; at += zeros.byteLength) {
      await writeFully(file, zeros.subarray(0, Math.min(zeros.byteLength, bytes - at)), at);
    }
    await file.dataSync();
  } finally {
    await closeQuietly(file);
  }
}
