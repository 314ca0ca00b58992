import { byteWindow, crc32 } from "./crc.ts";
import type { CrashPointHook } from "./crash-points.ts";
import { JournalError } from "./errors.ts";
import {
  closeQuietly,
  createDurably,
  type FileSystem,
  type OpenFile,
  readFully,
  writeFully,
} from "./file-system.ts";
import type { JournalStats } from "./stats.ts";

/** A slot has a page of its own, so that writing one can't tear the other. */
const SLOT_BYTES = 4_096;
const SLOT_COUNT = 2;
const FILE_BYTES = SLOT_BYTES * SLOT_COUNT;
const SLOT_USED_BYTES = 32;
const SLOT_MAGIC = Buffer.from("NADICURS", "latin1");
const CRC_AT = SLOT_USED_BYTES - 4;
const CURSOR_FILE = /^([a-z][a-z0-9-]{0,62})\.cursor$/;
const CURSOR_NAME = /^[a-z][a-z0-9-]{0,62}$/;

interface CursorSlot {
  sequence: number;
  nextOffset: number;
}

interface Cursor {
  name: string;
  sequence: number;
  /** The durable position. */
  nextOffset: number;
  file: OpenFile;
  /** The slot that the last durable value does not stand in. */
  freeSlot: number;
  /** Commits of one cursor follow each other; the newest that waits carries those before it. */
  waiting: { nextOffset: number; promise: Promise<void> } | null;
  running: Promise<void>;
}

export interface Cursors {
  get(name: string): number | null;
  /** Durable when it resolves. Needs no new disk space once the cursor exists. */
  commit(name: string, nextOffset: number): Promise<void>;
  /** The lowest durable position, or null while no cursor exists. */
  lowest(): number | null;
  highest(): number;
  all(): { name: string; nextOffset: number }[];
  close(): Promise<void>;
}

interface CursorOptions {
  disk: FileSystem;
  directory: string;
  stats: JournalStats;
  crashPoint: CrashPointHook;
}

/**
 * @param resetTo where a cursor starts again whose slots are both damaged: everything that is
 * left is read once more, which every consumer must bear
 */
export async function openCursors(options: CursorOptions, resetTo: number): Promise<Cursors> {
  const cursors = new Map<string, Cursor>();
  for (const fileName of await options.disk.list(options.directory)) {
    const name = CURSOR_FILE.exec(fileName)?.[1];
    if (name !== undefined) cursors.set(name, await openCursor(options, { name, resetTo }));
  }

  async function find(name: string): Promise<Cursor> {
    const known = cursors.get(name);
    if (known !== undefined) return known;
    const created = await createCursor(options, name);
    cursors.set(name, created);
    return created;
  }

  // One creation at a time, so that two first commits of a name can't collide.
  let creating: Promise<unknown> = Promise.resolve();
  function findInTurn(name: string): Promise<Cursor> {
    const turn = creating.then(() => find(name));
    creating = turn.catch(() => null);
    return turn;
  }

  return {
    get: (name) => {
      const cursor = cursors.get(name);
      return cursor === undefined || cursor.sequence === 0 ? null : cursor.nextOffset;
    },
    async commit(name, nextOffset) {
      if (!CURSOR_NAME.test(name)) {
        throw new JournalError("JOURNAL_CURSOR_REFUSED", `"${name}" can't name a cursor`);
      }
      try {
        await commitInTurn(options, cursors.get(name) ?? (await findInTurn(name)), nextOffset);
      } catch (cause) {
        if (cause instanceof JournalError) throw cause;
        throw new JournalError("JOURNAL_CURSOR_FAILED", `cursor "${name}" was not written`, {
          cause,
        });
      }
    },
    // A cursor that exists without a value holds everything back.
    lowest: () =>
      cursors.size === 0 ? null : Math.min(...cursors.values().map((cursor) => cursor.nextOffset)),
    highest: () => Math.max(0, ...cursors.values().map((cursor) => cursor.nextOffset)),
    all: () => [...cursors.values()].map(({ name, nextOffset }) => ({ name, nextOffset })),
    async close() {
      for (const cursor of cursors.values()) {
        await (cursor.waiting?.promise ?? cursor.running).catch(() => null);
        await closeQuietly(cursor.file);
      }
    },
  };
}

function commitInTurn(options: CursorOptions, cursor: Cursor, nextOffset: number): Promise<void> {
  if (nextOffset < (cursor.waiting?.nextOffset ?? cursor.nextOffset)) {
    return Promise.reject(refusedToGoBack(cursor, nextOffset));
  }
  if (cursor.waiting !== null) {
    cursor.waiting.nextOffset = nextOffset;
    return cursor.waiting.promise;
  }
  const turn = { nextOffset, promise: Promise.resolve() };
  cursor.waiting = turn;
  turn.promise = cursor.running.then(() => {
    cursor.waiting = null;
    // The commit before this one was still on its way when this one was asked for.
    if (turn.nextOffset < cursor.nextOffset) throw refusedToGoBack(cursor, turn.nextOffset);
    return writeCursor(options, cursor, turn.nextOffset);
  });
  // The next commit follows whatever became of this one; this one's caller hears of a failure.
  cursor.running = turn.promise.catch(() => {});
  return turn.promise;
}

function refusedToGoBack(cursor: Cursor, nextOffset: number): JournalError {
  const message = `cursor "${cursor.name}" can't go back to ${nextOffset}`;
  return new JournalError("JOURNAL_CURSOR_REFUSED", message);
}

/**
 * A commit that fails is written again to the same slot: its page is dirtied anew, so that a sync
 * which succeeds later covers it, and the slot with the last durable value is never touched.
 */
async function writeCursor(options: CursorOptions, cursor: Cursor, nextOffset: number) {
  options.crashPoint("before-checkpoint");
  const slot = encodeSlot({ sequence: cursor.sequence + 1, nextOffset });
  await writeFully(cursor.file, slot, cursor.freeSlot * SLOT_BYTES);
  await cursor.file.dataSync();
  cursor.sequence++;
  cursor.nextOffset = nextOffset;
  cursor.freeSlot = (cursor.freeSlot + 1) % SLOT_COUNT;
  options.crashPoint("after-checkpoint");
}

async function openCursor(
  options: CursorOptions,
  wanted: { name: string; resetTo: number },
): Promise<Cursor> {
  const { disk, directory, stats } = options;
  const file = await disk.open(`${directory}/${wanted.name}.cursor`, "update");
  const bytes = Buffer.alloc(FILE_BYTES);
  await readFully(file, bytes, 0);
  const slots = readSlots(bytes);
  if (slots.damaged > 0) stats.cursorSlotsDamaged += slots.damaged;
  if (slots.newest === null && slots.damaged > 0) stats.cursorsReset++;
  const newest = slots.newest ?? { sequence: 0, nextOffset: wanted.resetTo, slot: 1 };
  if (slots.newest !== null) {
    // Written again before anything relies on it: what a failed sync left in memory may be clean
    // there and absent on disk.
    await writeFully(file, encodeSlot(newest), newest.slot * SLOT_BYTES);
    await file.dataSync();
  }
  return {
    name: wanted.name,
    // A value that was reset counts as one: the consumer must not start behind what is left.
    sequence: Math.max(newest.sequence, slots.damaged > 0 ? 1 : 0),
    nextOffset: newest.nextOffset,
    file,
    freeSlot: (newest.slot + 1) % SLOT_COUNT,
    waiting: null,
    running: Promise.resolve(),
  };
}

async function createCursor(options: CursorOptions, name: string): Promise<Cursor> {
  const { disk, directory } = options;
  const fileName = `${name}.cursor`;
  const temporary = `${fileName}.tmp`;
  if ((await disk.list(directory)).includes(temporary))
    await disk.unlink(`${directory}/${temporary}`);
  // Written in full, so that a later commit overwrites blocks that exist already.
  const content = Buffer.concat([encodeSlot(EMPTY_SLOT), encodeSlot(EMPTY_SLOT)]);
  const file = await createDurably(disk, { directory, name: temporary }, content);
  try {
    await disk.rename(`${directory}/${temporary}`, `${directory}/${fileName}`);
    await disk.syncDirectory(directory);
  } catch (error) {
    await closeQuietly(file);
    throw error;
  }
  const start = { sequence: 0, nextOffset: 0, freeSlot: 0 };
  return { name, ...start, file, waiting: null, running: Promise.resolve() };
}

const EMPTY_SLOT: CursorSlot = { sequence: 0, nextOffset: 0 };

function encodeSlot(slot: CursorSlot): Buffer {
  const window = byteWindow(Buffer.alloc(SLOT_BYTES));
  SLOT_MAGIC.copy(window.bytes, 0);
  window.view.setBigUint64(8, BigInt(slot.sequence), true);
  window.view.setBigUint64(16, BigInt(slot.nextOffset), true);
  window.view.setUint32(CRC_AT, crc32(window, { start: 0, end: CRC_AT }, 0), true);
  return window.bytes;
}

/** The newest slot that checks; also used by `journal inspect`, which must not write. */
export function readSlots(bytes: Buffer): {
  newest: (CursorSlot & { slot: number }) | null;
  damaged: number;
} {
  let newest: (CursorSlot & { slot: number }) | null = null;
  let damaged = 0;
  for (let index = 0; index < SLOT_COUNT; index++) {
    const slot = decodeSlot(bytes.subarray(index * SLOT_BYTES, (index + 1) * SLOT_BYTES));
    if (slot === null) damaged++;
    else if (slot.sequence > (newest?.sequence ?? 0)) newest = { ...slot, slot: index };
  }
  return { newest, damaged };
}

function decodeSlot(bytes: Buffer): CursorSlot | null {
  if (bytes.byteLength < SLOT_USED_BYTES) return null;
  const window = byteWindow(bytes);
  if (!SLOT_MAGIC.equals(bytes.subarray(0, 8))) return null;
  const crc = crc32(window, { start: 0, end: CRC_AT }, 0);
  if (crc !== window.view.getUint32(CRC_AT, true)) return null;
  const sequence = Number(window.view.getBigUint64(8, true));
  const nextOffset = Number(window.view.getBigUint64(16, true));
  return Number.isSafeInteger(nextOffset) ? { sequence, nextOffset } : null;
}

/** The file of a cursor that stands there, for a journal that nobody has open. */
export function encodeCursorFile(nextOffset: number): Buffer {
  return Buffer.concat([encodeSlot({ sequence: 1, nextOffset }), encodeSlot(EMPTY_SLOT)]);
}

/** The name in a cursor's file name, or null for any other file. */
export function cursorNameOf(fileName: string): string | null {
  return CURSOR_FILE.exec(fileName)?.[1] ?? null;
}
