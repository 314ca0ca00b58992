/**
 * The journal's port: one ordered, durable log of everything that the folds downstream depend on.
 * An offset is given once and never again; readers see only what is on disk.
 */
export interface PublishEntry {
  kind: "publish";
  /** `{sppgId}.{deviceId}` of the device that sent it. */
  principal: string;
  topicName: string;
  payload: Uint8Array;
  qos: 0 | 1 | 2;
}

/** A row of the change log has become visible: rules, registry, alert commands. */
export interface ChangeEntry {
  kind: "change";
  changeSeq: number;
}

/** One a second when nothing else arrives, so that timers downstream fire. */
export interface TickEntry {
  kind: "tick";
}

/** The wall clock has stepped: received times jump by `stepMs` here, timers must not. */
export interface ClockEntry {
  kind: "clock";
  stepMs: number;
}

export type NewEntry = PublishEntry | ChangeEntry | TickEntry | ClockEntry;

export type JournalEntry = NewEntry & {
  offset: number;
  /** The monotonic clock anchored to the wall; runs backwards only at a `clock` entry. */
  receivedTimeMs: number;
};

/** Called once for each append, in offset order: after the sync that holds it, or with why not. */
export type AppendDone = (error: Error | null, offset: number) => void;

/**
 * Of the journal on Redis: it is away (or loads its data, or is a replica), is full, refuses for
 * another reason, promises less than is required, has lost the journal that it held, or holds one
 * that this process can't go on with.
 */
export type RedisWithheldReason =
  | "redis-away"
  | "redis-full"
  | "redis-refuses"
  | "redis-weak"
  | "redis-erased"
  | "redis-differs";

/** Why acknowledgements are withheld at the moment, if they are. */
export type JournalCondition =
  | { kind: "open" }
  | { kind: "withheld"; reason: "free-space-floor" | "quota" | "no-space" | "sync-error" }
  | { kind: "withheld"; reason: RedisWithheldReason }
  | { kind: "closed" };

export interface JournalBatch {
  entries: JournalEntry[];
  /** Where the next read goes on. */
  nextOffset: number;
}

export interface Journal {
  /**
   * Takes an entry; its bytes are copied before this returns. `done` comes after `fdatasync` of
   * the group that holds the entry. While acknowledgements are withheld entries wait in memory;
   * the caller bounds how many it has under way.
   */
  append(entry: NewEntry, done: AppendDone): void;
  /** Synced entries from `fromOffset` on, skipping what was trimmed or damaged. */
  read(fromOffset: number, limits: { entriesMax: number; bytesMax: number }): Promise<JournalBatch>;
  /** The listener hears each new synced offset; returns its removal. */
  onSynced(listener: (syncedOffset: number) => void): () => void;
  onCondition(listener: (condition: JournalCondition) => void): () => void;
  readonly condition: JournalCondition;
  /** The last offset on disk, or 0 before the first entry. */
  readonly syncedOffset: number;
  /** The first offset that has not been trimmed. */
  readonly firstOffset: number;
  /** Where a consumer goes on: the next offset that it has not dealt with. */
  cursor(name: string): number | null;
  /** Durable when it resolves; what lies below every cursor may then be trimmed. */
  commitCursor(name: string, nextOffset: number): Promise<void>;
  /** Syncs what is pending, answers it, closes the files. Idempotent. */
  close(): Promise<void>;
}
