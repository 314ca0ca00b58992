import { type FileJournal, openFileJournal } from "../../broker/journal/file-journal.ts";
import type { FileSystem } from "../../broker/journal/file-system.ts";
import { decodeHeader, encodeHeader } from "../../broker/journal/segment-format.ts";
import { journalFolder, type Parts } from "./life.ts";
import type { Plant, World } from "./world.ts";

/**
 * Bugs that are put in from outside, in the place of an honest part: each breaks one rule that the
 * promises stand on, and shows that the simulation would tell.
 */
export const plants = {
  /** The journal is told that the disk has synced a segment when it has not begun to. */
  "ack before sync": (_world: World, parts: Parts): Parts => ({
    ...parts,
    disk: syncEarly(parts.disk),
  }),
  /** The store says that it has what is still on its way: the cursor moves, and a crash comes. */
  "checkpoint before store": (_world: World, parts: Parts): Parts => ({
    ...parts,
    store: {
      ...parts.store,
      write: (readings) => {
        // Nobody waits for it: it goes its way, or fails unheard.
        void parts.store.write(readings).catch(() => null);
        const count = readings.length;
        return Promise.resolve({ stored: count, duplicates: 0, collisions: 0, rejected: [] });
      },
      sync: () => Promise.resolve(),
    },
  }),
  /** Files go when a consumer has read them, and not when its place is safe. */
  "trim before checkpoint": (_world: World, parts: Parts): Parts => ({
    ...parts,
    openJournal: async (options) => {
      const journal = await openFileJournal(options);
      return trimEarly(journal, parts.disk);
    },
  }),
  /** After a failed sync the next file does not say that what the failed one holds is void. */
  "offset not fenced": (_world: World, parts: Parts): Parts => ({
    ...parts,
    disk: fenceNothing(parts.disk),
  }),
} as const satisfies Record<string, Plant>;

export type PlantName = keyof typeof plants;

function syncEarly(disk: FileSystem): FileSystem {
  return {
    ...disk,
    async open(path, mode) {
      const file = await disk.open(path, mode);
      if (!path.endsWith(".seg")) return file;
      return {
        ...file,
        dataSync: () => {
          // What becomes of it nobody hears.
          void file.dataSync().catch(() => null);
          return Promise.resolve();
        },
      };
    },
  };
}

/** Removes what lies below the place asked for, and then writes that place down. */
function trimEarly(journal: FileJournal, disk: FileSystem): FileJournal {
  return wrap(journal, {
    commitCursor: async (name, nextOffset) => {
      // Where the disk fails it trims less: the bug is not that.
      await removeBelow(disk, nextOffset).catch(() => null);
      await journal.commitCursor(name, nextOffset);
    },
  });
}

async function removeBelow(disk: FileSystem, nextOffset: number): Promise<void> {
  const names = await disk.list(journalFolder);
  const files = names.filter((name) => name.endsWith(".seg")).toSorted();
  for (const [index, file] of files.entries()) {
    const next = files[index + 1];
    if (next === undefined || Number.parseInt(next, 10) > nextOffset) return;
    await disk.unlink(`${journalFolder}/${file}`);
    await disk.syncDirectory(journalFolder);
  }
}

/** Each new file's header claims that all offsets before it count; nothing is cut off either. */
function fenceNothing(disk: FileSystem): FileSystem {
  return {
    ...disk,
    async open(path, mode) {
      const file = await disk.open(path, mode);
      if (!path.endsWith(".seg")) return file;
      return {
        ...file,
        truncate: () => Promise.resolve(),
        write: (source, position) => {
          const isHeader = mode === "create" && position === 0;
          return file.write(isHeader ? withoutFence(source) : source, position);
        },
      };
    },
  };
}

function withoutFence(source: Uint8Array): Uint8Array {
  const { header } = decodeHeader(Buffer.from(source));
  if (header === null) return source;
  const previousSyncedOffset = header.firstOffset - 1;
  return encodeHeader({ ...header, previousSyncedOffset, isPreviousFenced: false });
}

/** The journal with some of its methods replaced; what is read of it stays alive. */
function wrap(journal: FileJournal, replaced: Partial<FileJournal>): FileJournal {
  return new Proxy(journal, {
    get(target, name) {
      const found: unknown = Reflect.get(replaced, name) ?? Reflect.get(target, name, target);
      return typeof found === "function" ? found.bind(target) : found;
    },
  });
}
