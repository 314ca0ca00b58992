import type { Redis } from "ioredis";
import { RedisConnection } from "../../channels/redis-connection.ts";
import type { JournalClock } from "../clock.ts";
import { JournalError } from "../errors.ts";
import type { JournalCondition, RedisWithheldReason } from "../journal.ts";
import type { JournalTimers } from "../timers.ts";
import {
  judgeServer,
  parseInfo,
  type RedisDurability,
  type SeenServer,
  type ServerFacts,
  whyUnusable,
} from "./durability.ts";
import { newIdentity } from "./identity.ts";
import { journalKey, partitionKeys, producersKey } from "./keys.ts";
import type { RedisJournalLog } from "./partitioned-journal.ts";
import { type RedisScript, runScript, type ScriptCall, scripts } from "./scripts.ts";

/** Changes when an older version could not read what a newer one writes. */
const format = "1";

export const linkLimits = {
  /** Settings can be changed while Redis runs. */
  recheckMs: 10_000,
  /** First wait after a refusal; doubled each time. */
  retryMsMin: 100,
  retryMsMax: 1_000,
  /** A disk that takes 5 s for a sync (R7) must cost latency and not the connection. */
  silentBeatsMax: 20,
  /** WAITAOF answers what is true by then. */
  waitAofMs: 8_000,
} as const;

export interface LinkOptions {
  url: string;
  partitions: number;
  isWeakAccepted: boolean;
  silentBeatsMax: number;
  log: RedisJournalLog;
  clock: JournalClock;
  timers: JournalTimers;
  /** Something waits that has failed before: only its success shows that all is well. */
  isProbeWaiting: () => boolean;
  /** Rounds may be sent (again), and announcements may have been missed. */
  onReady: () => void;
  onCondition: (condition: JournalCondition) => void;
}

interface Problem {
  reason: RedisWithheldReason;
  message: string;
  /** What a start is refused with; null: it may pass by itself. */
  refusal: JournalError | null;
}

/**
 * The connection that writes: joined to the journal and checked for what Redis promises before
 * anything is sent, after each loss again.
 */
export class JournalLink {
  readonly #options: LinkOptions;
  readonly #connection: RedisConnection;
  readonly #opened = Promise.withResolvers<void>();
  #isOpened = false;
  #facts: ServerFacts | null = null;
  #seen: SeenServer | null = null;
  #id = "";
  /** "": not joined since the connection stands. */
  #runId = "";
  #condition: JournalCondition = { kind: "withheld", reason: "redis-away" };
  #message = "not connected yet";
  #canSend = false;
  #isChecking = false;
  #isClosed = false;
  #retryMs: number = linkLimits.retryMsMin;
  #cancelTimer: (() => void) | null = null;
  reconnects = 0;
  withheld = 0;

  constructor(options: LinkOptions) {
    this.#options = options;
    // Whoever opens the journal hears of it; nobody else waits.
    this.#opened.promise.catch(() => null);
    this.#connection = new RedisConnection({
      url: options.url,
      name: "nadi-journal",
      log: options.log,
      silentBeatsMax: options.silentBeatsMax,
      onReady: () => {
        if (this.#isOpened) this.reconnects++;
        void this.#check();
      },
      onLost: () => {
        this.#runId = "";
        const message = "the connection is lost";
        this.#withhold({ reason: "redis-away", message, refusal: null });
      },
    });
  }

  /** Resolves when it can be written; rejects with what an operator has to decide. */
  get opened(): Promise<void> {
    return this.#opened.promise;
  }

  /** Why nothing is sent, for people. */
  get message(): string {
    return this.#message;
  }

  get condition(): JournalCondition {
    return this.#condition;
  }

  get canSend(): boolean {
    return this.#canSend;
  }

  get durability(): RedisDurability {
    return this.#facts?.durability ?? { kind: "weak", detail: "weak: not checked yet" };
  }

  /** What each write names, so that Redis refuses it unless this journal is joined. */
  get identity(): { id: string; runId: string } {
    return { id: this.#id, runId: this.#runId };
  }

  get waitsForAof(): boolean {
    return this.#facts?.waitsForAof ?? false;
  }

  get client(): Redis {
    return this.#connection.client;
  }

  /** Resolves when what the script wrote is durable, as far as this Redis can promise it. */
  async run(script: RedisScript, call: ScriptCall): Promise<readonly unknown[]> {
    const answer = await runScript(this.client, script, call);
    if (this.waitsForAof) await this.#waitForAof();
    return answer;
  }

  /** A round was not appended. */
  failed(error: unknown): void {
    if (this.#isClosed || !this.#connection.isReady) return;
    this.#withhold(problemOf(error));
    this.#retryLater();
  }

  /** A round was appended: whatever was wrong is not any more. */
  succeeded(): void {
    this.#retryMs = linkLimits.retryMsMin;
    if (this.#canSend) this.#setCondition({ kind: "open" });
  }

  /** Room has been made: looks at once whether Redis takes entries again. */
  wake(): void {
    if (!this.#canSend && this.#connection.isReady) void this.#check();
  }

  /** Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#canSend = false;
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    await this.#connection.close();
    this.#setCondition({ kind: "closed" });
  }

  async #waitForAof(): Promise<void> {
    const answer = await this.client.call("WAITAOF", [1, 0, linkLimits.waitAofMs]);
    const synced = Array.isArray(answer) ? Number(answer[0]) : 0;
    if (synced < 1) throw new Error("WAITAOF: Redis' disk has not got it yet");
  }

  /** Never rejects. */
  async #check(): Promise<void> {
    if (this.#isChecking || this.#isClosed) return;
    this.#isChecking = true;
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    const problem = await this.#findProblem().catch(problemOf);
    this.#isChecking = false;
    if (this.#isClosed || !this.#connection.isReady) return;
    if (problem !== null) {
      this.#withhold(problem);
      if (!this.#isOpened && problem.refusal !== null) this.#opened.reject(problem.refusal);
      this.#retryLater();
      return;
    }
    this.#cancelTimer = this.#options.timers.after(linkLimits.recheckMs, () => void this.#check());
    this.#allow();
  }

  #allow(): void {
    const isNews = !this.#canSend;
    this.#canSend = true;
    if (!this.#options.isProbeWaiting()) this.succeeded();
    if (!this.#isOpened) {
      this.#isOpened = true;
      this.#opened.resolve();
    }
    if (isNews) this.#options.onReady();
  }

  async #findProblem(): Promise<Problem | null> {
    const { client } = this;
    const info = parseInfo(await client.info());
    const facts = judgeServer(info, await readConfig(client), this.#seen);
    this.#seen = facts.seen;
    const unusable = whyUnusable(facts);
    if (unusable !== null) return refusal("redis-refuses", "JOURNAL_OPEN_FAILED", unusable);
    if (facts.durability.kind === "weak" && !this.#options.isWeakAccepted) {
      const message =
        `this Redis may lose acknowledged readings: ${facts.problems.join("; ")}; ` +
        "change its settings, or set NADI_ACCEPT_WEAK_JOURNAL=yes to accept the loss";
      if (facts.isPassing) return { reason: "redis-weak", message, refusal: null };
      return refusal("redis-weak", "JOURNAL_WEAK_REFUSED", message);
    }
    this.#facts = facts;
    return this.#join(facts);
  }

  async #join({ runId, hasAof }: ServerFacts): Promise<Problem | null> {
    const { partitions } = this.#options;
    const keys = Array.from({ length: partitions }, (_, index) => partitionKeys(index));
    const [word, value, more] = await this.run(scripts.join, {
      keys: [journalKey, producersKey, ...keys.flatMap(({ state, cursors }) => [state, cursors])],
      args: [newIdentity(), format, runId, this.#id, this.#isOpened ? "0" : "1"],
    });
    switch (word) {
      case "ok":
        this.#id = String(value);
        this.#runId = runId;
        if (more === "rewrite" && hasAof) this.#rewriteFile();
        return null;
      case "partitions": {
        const error = partitionsMismatch(String(value), partitions);
        return { reason: "redis-differs", message: error.message, refusal: error };
      }
      case "format": {
        const message = `the journal in Redis has format ${String(value)}: a newer Nadi wrote it`;
        return refusal("redis-differs", "JOURNAL_OPEN_FAILED", message);
      }
      default:
        return problemOf(new ErasedError());
    }
  }

  /** Rids Redis' file of what a crash has cut off; until then the join's seal keeps it void. */
  #rewriteFile(): void {
    this.client.call("BGREWRITEAOF").catch((error: unknown) => {
      const { message } = problemOf(error);
      // One that is under way does it as well.
      if (message.includes("already in progress")) return;
      this.#options.log.warn(
        { message },
        "the journal's redis could not be told to rewrite its file",
      );
    });
  }

  #retryLater(): void {
    const { timers } = this.#options;
    this.#cancelTimer?.();
    this.#cancelTimer = timers.after(this.#retryMs, () => this.#retry());
    this.#retryMs = Math.min(this.#retryMs * 2, linkLimits.retryMsMax);
  }

  #retry(): void {
    this.#cancelTimer = null;
    // A replica stays one: by its name there may be another server by now.
    if (this.#message.startsWith("READONLY")) this.client.disconnect(true);
    else void this.#check();
  }

  #withhold({ reason, message }: Problem): void {
    this.#canSend = false;
    if (this.#isClosed) return;
    const { log } = this.#options;
    const isNews = this.#condition.kind !== "withheld" || this.#condition.reason !== reason;
    if (message !== this.#message) {
      this.#message = message;
      log.warn({ reason, message }, "the journal's redis takes no entries");
    }
    if (isNews) this.#setCondition({ kind: "withheld", reason });
  }

  #setCondition(condition: JournalCondition): void {
    const { kind } = this.#condition;
    if (kind === "closed" || (kind === "open" && condition.kind === "open")) return;
    if (condition.kind === "withheld" && kind === "open") this.withheld++;
    if (condition.kind === "open") this.#message = "";
    this.#condition = condition;
    this.#options.onCondition(condition);
  }
}

/** The journal that was joined is not there any more. */
export class ErasedError extends Error {
  constructor() {
    super(
      "the journal in Redis is gone or another one: bring its data back, or restart every Nadi " +
        "process to begin a new journal",
    );
  }
}

/** Redis has started again since the last join. */
export class RestartedError extends Error {
  constructor() {
    super("Redis has started again");
  }
}

function refusal(
  reason: RedisWithheldReason,
  code: "JOURNAL_OPEN_FAILED" | "JOURNAL_WEAK_REFUSED",
  message: string,
): Problem {
  return { reason, message, refusal: new JournalError(code, message) };
}

/** The number is written into Redis once, by the first process. */
export function partitionsMismatch(stored: string, wanted: number): JournalError {
  const message =
    `the journal in Redis has ${stored} partitions, NADI_JOURNAL_PARTITIONS is ${wanted}: ` +
    `set it to ${stored} (it can't change while the journal exists)`;
  return new JournalError("JOURNAL_PARTITIONS_MISMATCH", message);
}

/** The one place that reads Redis' own words. */
export function problemOf(error: unknown): Problem {
  const message = error instanceof Error ? error.message : String(error);
  return { reason: reasonOf(error, message), message, refusal: null };
}

function reasonOf(error: unknown, message: string): RedisWithheldReason {
  if (error instanceof ErasedError) return "redis-erased";
  const isReply = error instanceof Error && error.name === "ReplyError";
  if (!isReply || /^(?:LOADING|MASTERDOWN|READONLY)\b/.test(message)) return "redis-away";
  return message.startsWith("OOM") ? "redis-full" : "redis-refuses";
}

/** `null`: an administrator has forbidden to look. */
async function readConfig(client: Redis): Promise<ReadonlyMap<string, string> | null> {
  const names = ["appendfsync", "no-appendfsync-on-rewrite", "aof-use-rdb-preamble"];
  try {
    const words = await client.config("GET", ...names);
    const fields = new Map<string, string>();
    if (!Array.isArray(words)) return fields;
    for (let at = 0; at + 1 < words.length; at += 2) {
      fields.set(String(words[at]), String(words[at + 1]));
    }
    return fields;
  } catch (error) {
    if (error instanceof Error && /^(?:NOPERM|ERR unknown)/.test(error.message)) return null;
    throw error;
  }
}
