import type { FileSystem, OpenFile, OpenMode } from "../../../broker/journal/file-system.ts";

/** One change of a file that a power cut may keep, lose or tear. */
type FileChange =
  | { kind: "write"; position: number; bytes: Buffer; isLost: boolean }
  | { kind: "truncate"; length: number; isLost: boolean };

interface ModelFile {
  /** What a read shows: the page cache. */
  visible: Buffer;
  /** What is on the platter. */
  durable: Buffer;
  pending: FileChange[];
}

export interface DiskCall {
  /** Counts every call of the disk's life, from 1. */
  index: number;
  name: string;
  path: string;
}

/** A number in [0, 1), from a seed: the same seed tears the same writes. */
export type Random = () => number;

export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

const SECTOR_BYTES = 512;
/** Calls that change something, or make a change durable. */
const changing = new Set(["write", "dataSync", "truncate", "unlink", "rename", "syncDirectory"]);

/**
 * A disk in memory that is as unkind as a real one may be: what was not synced is kept, dropped,
 * reordered or torn by a power cut, and a failed sync marks pages clean without having written
 * them, so that a later sync succeeds with the data gone.
 */
export class ModelDisk {
  files = new Map<string, ModelFile>();
  /** Bytes that all files together may take. */
  capacityBytes = Number.POSITIVE_INFINITY;
  /** Makes a call fail; sees each call before it has any effect. See `lateError`. */
  fault: (call: DiskCall) => Error | null = () => null;
  /** Planted bug: syncs that these paths are told of and that never happen. */
  liesAbout: (path: string) => boolean = () => false;
  /** How long a call takes: a simulation lets other things happen meanwhile. */
  turn: (call: DiskCall) => Promise<void> = () => Promise.resolve();
  calls = 0;
  #durableNames = new Map<string, ModelFile>();
  #renames: Rename[] = [];
  #generation = 0;

  /** Of so many changes each fails or not, so that also what should clear up after one may. */
  failSome(changes: number, random: Random, isMeant?: (call: DiskCall) => boolean): void {
    let left = changes;
    this.fault = (call) => {
      if (!changing.has(call.name) || isMeant?.(call) === false || left-- <= 0) return null;
      if (random() < 0.5) return null;
      return random() < 0.6 ? systemError("EIO") : lateError();
    };
  }

  /** kill -9: the process is gone, the page cache stays. Calls under way never come back. */
  kill(): void {
    this.#generation++;
  }

  /** The power goes: only what was synced is sure to stay. */
  cutPower(random: Random): void {
    this.kill();
    const names = new Set([...this.files.keys(), ...this.#durableNames.keys()]);
    const kept = new Map<string, ModelFile | undefined>();
    for (const name of [...names].toSorted()) {
      const before = this.#durableNames.get(name);
      const now = this.files.get(name);
      kept.set(name, before === now || random() < 0.5 ? before : now);
    }
    // A rename happens as a whole or not at all.
    for (const { from, to, file } of this.#renames) {
      const isDone = kept.get(to) === file;
      if (isDone && kept.get(from) === file) kept.delete(from);
      if (!isDone && this.#durableNames.get(from) === file && this.files.get(to) === file) {
        kept.set(from, file);
      }
    }
    this.#renames = [];
    const after = new Map<string, ModelFile>();
    for (const [name, file] of kept) {
      if (file !== undefined) after.set(name, settle(file, random));
    }
    this.files = after;
    this.#durableNames = new Map(after);
  }

  /** The disk as one process sees it; after `kill` or `cutPower` its calls never come back. */
  attach(): FileSystem {
    const generation = this.#generation;
    return this.#attach((name, path) => this.#call(generation, name, path));
  }

  /** For who looks on from outside: nothing fails, nothing takes time, nothing is counted. */
  look(): FileSystem {
    return this.#attach(() => Promise.resolve(null));
  }

  #attach(call: Call): FileSystem {
    return {
      open: async (path, mode) => {
        const late = await call("open", path);
        if (late !== null) {
          this.#find(path, mode);
          throw late;
        }
        return this.#handle((name) => call(name, path), path, this.#find(path, mode));
      },
      list: async (path) => {
        throwIf(await call("list", path));
        return this.#list(path);
      },
      makeDirectory: async (path) => throwIf(await call("makeDirectory", path)),
      rename: async (from, to) => {
        const late = await call("rename", from);
        const file = this.files.get(from);
        if (file === undefined) throw systemError("ENOENT");
        this.files.delete(from);
        this.files.set(to, file);
        this.#renames.push({ from, to, file });
        throwIf(late);
      },
      unlink: async (path) => {
        const late = await call("unlink", path);
        if (!this.files.delete(path)) throw systemError("ENOENT");
        throwIf(late);
      },
      syncDirectory: async (path) => {
        const late = await call("syncDirectory", path);
        this.#syncNames(path);
        throwIf(late);
      },
      freeBytes: async (path) => {
        throwIf(await call("freeBytes", path));
        return this.capacityBytes - this.usedBytes();
      },
    };
  }

  #find(path: string, mode: OpenMode): ModelFile {
    const known = this.files.get(path);
    if (mode === "create" && known !== undefined) throw systemError("EEXIST");
    if (mode !== "create" && known === undefined) throw systemError("ENOENT");
    const file = known ?? { visible: Buffer.alloc(0), durable: Buffer.alloc(0), pending: [] };
    this.files.set(path, file);
    return file;
  }

  #list(path: string): string[] {
    const prefix = `${path}/`;
    const names = [...this.files.keys()].filter((name) => name.startsWith(prefix));
    return names.map((name) => name.slice(prefix.length)).filter((name) => !name.includes("/"));
  }

  #syncNames(path: string): void {
    // A folder's own names, and not those of the folders in it.
    const isInside = (name: string): boolean => name.slice(0, name.lastIndexOf("/")) === path;
    for (const name of this.#durableNames.keys()) {
      if (isInside(name) && !this.files.has(name)) this.#durableNames.delete(name);
    }
    for (const [name, file] of this.files) if (isInside(name)) this.#durableNames.set(name, file);
    this.#renames = this.#renames.filter(({ from }) => !isInside(from));
  }

  usedBytes(): number {
    return this.files.values().reduce((sum, file) => sum + file.visible.byteLength, 0);
  }

  /** Puts bytes in place of a file's, durably: what bit rot or a lost sector would do. */
  replace(path: string, bytes: Buffer): void {
    const file = { visible: Buffer.from(bytes), durable: Buffer.from(bytes), pending: [] };
    this.files.set(path, file);
    this.#durableNames.set(path, file);
  }

  async #call(generation: number, name: string, path: string): Promise<Error | null> {
    if (generation !== this.#generation) return new Promise(() => {});
    const made = { index: ++this.calls, name, path };
    const error = this.fault(made);
    await this.turn(made);
    // The caller's process is gone: nobody waits for an answer, and nothing may happen any more.
    if (generation !== this.#generation) return new Promise(() => {});
    if (error !== null && !("isLate" in error)) throw error;
    return error;
  }

  #handle(call: (name: string) => Promise<Error | null>, path: string, file: ModelFile): OpenFile {
    return {
      read: async (target, position) => {
        throwIf(await call("read"));
        return file.visible.subarray(position).copy(target, 0, 0, target.byteLength);
      },
      write: async (source, position) => {
        const late = await call("write");
        const length = late === null ? source.byteLength : Math.ceil(source.byteLength / 2);
        const grows = Math.max(0, position + length - file.visible.byteLength);
        const room = this.capacityBytes - this.usedBytes();
        const bytes = Buffer.from(source.subarray(0, length - Math.max(0, grows - room)));
        if (bytes.byteLength === 0 && source.byteLength > 0) throw systemError("ENOSPC");
        apply(file, { kind: "write", position, bytes, isLost: false });
        throwIf(late);
        return bytes.byteLength;
      },
      dataSync: async () => {
        // What is written while the disk syncs is not covered.
        const covered = new Set(file.pending);
        let late: Error | null = null;
        try {
          late = await call("dataSync");
        } catch (error) {
          // The trap: these pages count as clean from now on, and were never written.
          for (const change of covered) change.isLost = true;
          throw error;
        }
        if (this.liesAbout(path)) return;
        for (const change of covered) {
          if (!change.isLost) file.durable = changed(file.durable, change);
        }
        file.pending = file.pending.filter((change) => change.isLost || !covered.has(change));
        throwIf(late);
      },
      truncate: async (length) => {
        const late = await call("truncate");
        apply(file, { kind: "truncate", length, isLost: false });
        throwIf(late);
      },
      sizeBytes: async () => {
        throwIf(await call("sizeBytes"));
        return file.visible.byteLength;
      },
      close: async () => throwIf(await call("close")),
    };
  }
}

interface Rename {
  from: string;
  to: string;
  file: ModelFile;
}

type Call = (name: string, path: string) => Promise<Error | null>;

function throwIf(error: Error | null): void {
  if (error !== null) throw error;
}

/** Of a call that is done all the same; of a write the first half. */
export function lateError(): Error {
  return Object.assign(systemError("EIO"), { isLate: true });
}

export function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
}

function apply(file: ModelFile, change: FileChange): void {
  file.visible = changed(file.visible, change);
  file.pending.push(change);
}

function changed(content: Buffer, change: FileChange): Buffer {
  if (change.kind === "truncate") {
    const cut = Buffer.alloc(change.length);
    content.copy(cut, 0, 0, change.length);
    return cut;
  }
  const end = Math.max(content.byteLength, change.position + change.bytes.byteLength);
  const grown = Buffer.alloc(end);
  content.copy(grown);
  change.bytes.copy(grown, change.position);
  return grown;
}

/** What a power cut leaves of a file: each unsynced change is kept, lost or torn by itself. */
function settle(file: ModelFile, random: Random): ModelFile {
  let content = file.durable;
  for (const change of file.pending) {
    const fate = random();
    if (change.isLost || fate < 0.4) continue;
    const isTorn = change.kind === "write" && fate > 0.8;
    content = changed(content, isTorn ? torn(change, random) : change);
  }
  return { visible: Buffer.from(content), durable: content, pending: [] };
}

function torn(change: FileChange & { kind: "write" }, random: Random): FileChange {
  const sectors = Math.ceil(change.bytes.byteLength / SECTOR_BYTES);
  const bytes = change.bytes.subarray(0, Math.floor(random() * sectors) * SECTOR_BYTES);
  return { ...change, bytes };
}
