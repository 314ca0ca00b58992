import { Redis } from "ioredis";

/** Where a thread's log lines go; a pino logger is one. */
export interface ChannelsLog {
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
}

export interface RedisConnectionOptions {
  url: string;
  /** Shown by `CLIENT LIST`. */
  name: string;
  log: ChannelsLog;
  /** Looks without an answer before it counts as dead; default `redisLimits.silentBeatsMax`. */
  silentBeatsMax?: number;
  onReady: () => void;
  /** Also when it was never ready; not again before it has been. */
  onLost: () => void;
}

export const redisLimits = {
  /** For TCP and TLS; a server of the same data centre answers within milliseconds. */
  connectMsMax: 2_000,
  /** A connection that is given up is closed by force after this: a frozen peer says no goodbye. */
  disconnectMsMax: 200,
  /** First wait before it is tried again; doubled each time, with jitter. */
  retryMsMin: 50,
  /** The live view has to be back 5 s after Redis is. */
  retryMsMax: 1_000,
  /** How often a connection is looked at. */
  beatMs: 500,
  /** Looks without an answer before it counts as dead, though TCP has not noticed. */
  silentBeatsMax: 4,
  /** TCP's own probes begin after this, for what lies between us and Redis. */
  keepAliveMs: 10_000,
} as const;

/** The address without user and password, for people and logs. */
export function describeRedisUrl(url: string): string {
  const { protocol, host } = new URL(url);
  return `${protocol}//${host}`;
}

/** Full jitter: processes that lost one Redis do not all come back in one moment. */
function retryDelayMs(attempt: number): number {
  const { retryMsMin, retryMsMax } = redisLimits;
  const ceilingMs = Math.min(retryMsMax, retryMsMin * 2 ** Math.min(attempt, 10));
  return Math.ceil(retryMsMin / 2 + Math.random() * (ceilingMs - retryMsMin / 2));
}

/**
 * One connection to Redis that always comes back. ioredis keeps nothing for later: what is sent
 * while it is not ready, or not answered when it breaks, is rejected at once. A peer that is frozen
 * or gone without a word is found by a PING of our own.
 */
export class RedisConnection {
  readonly client: Redis;
  readonly #options: RedisConnectionOptions;
  readonly #timer: NodeJS.Timeout;
  readonly #ended = Promise.withResolvers<void>();
  #isReady = false;
  #isToldAway = false;
  #isClosing = false;
  #silentBeats = 0;
  #lastProblem = "";
  #awaySinceMs: number | null = performance.now();

  constructor(options: RedisConnectionOptions) {
    this.#options = options;
    this.client = createClient(options);
    this.client.on("ready", () => this.#ready());
    this.client.on("close", () => this.#lost());
    // Only its text: the error itself holds the arguments of AUTH.
    this.client.on("error", (error: Error) => this.#problem(error.message));
    this.client.on("end", () => this.#ended.resolve());
    this.#timer = setInterval(() => this.#beat(), redisLimits.beatMs);
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  /** `performance.now()` of the loss, or of the start; `null` while it is ready. */
  get awaySinceMs(): number | null {
    return this.#awaySinceMs;
  }

  /** Something that Redis refuses while the connection stands. */
  refused(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    if (reason === this.#lastProblem || !this.#isReady) return;
    this.#lastProblem = reason;
    this.#options.log.warn({ redis: this.#address, reason }, "redis refuses what channels need");
  }

  /** Idempotent. */
  close(): Promise<void> {
    if (!this.#isClosing) {
      this.#isClosing = true;
      clearInterval(this.#timer);
      // Between two attempts there is no socket whose end would be heard.
      const isWaiting = this.client.status === "reconnecting";
      this.client.disconnect();
      if (isWaiting) this.#ended.resolve();
    }
    return this.#ended.promise;
  }

  get #address(): string {
    return describeRedisUrl(this.#options.url);
  }

  #ready(): void {
    const { log, name, onReady } = this.#options;
    this.#isReady = true;
    this.#silentBeats = 0;
    const awayMs = Math.round(performance.now() - (this.#awaySinceMs ?? 0));
    this.#awaySinceMs = null;
    this.#isToldAway = false;
    this.#lastProblem = "";
    log.info({ redis: this.#address, connection: name, awayMs }, "redis is connected");
    onReady();
  }

  #lost(): void {
    this.#silentBeats = 0;
    if (this.#isReady) {
      this.#isReady = false;
      this.#awaySinceMs = performance.now();
      this.#options.onLost();
    }
    if (!this.#isClosing) this.#tellAway();
  }

  #problem(reason: string): void {
    this.#lastProblem = reason;
  }

  /** Once an outage: what an hour of attempts says is always the same. */
  #tellAway(): void {
    if (this.#isToldAway) return;
    this.#isToldAway = true;
    const { log, name } = this.#options;
    const reason = this.#lastProblem === "" ? "the connection was closed" : this.#lastProblem;
    log.warn({ redis: this.#address, connection: name, reason }, "redis is away");
  }

  /**
   * Counts looks and not time: a thread of ours that stood still has not read the answer yet, and
   * its late looks come as one.
   */
  #beat(): void {
    const { status } = this.client;
    if (status !== "ready" && status !== "connect") return;
    this.#silentBeats += 1;
    if (this.#silentBeats > (this.#options.silentBeatsMax ?? redisLimits.silentBeatsMax)) {
      this.#silentBeats = 0;
      this.#problem("no answer to PING");
      this.client.disconnect(true);
      return;
    }
    // A connection that has not finished its greeting is only watched.
    if (status !== "ready" || this.#silentBeats > 1) return;
    this.client.ping().then(
      () => this.#answered(),
      (error: unknown) => this.refused(error),
    );
  }

  #answered(): void {
    this.#silentBeats = 0;
  }
}

function createClient({ url, name }: RedisConnectionOptions): Redis {
  return new Redis(url, {
    connectionName: name,
    connectTimeout: redisLimits.connectMsMax,
    disconnectTimeout: redisLimits.disconnectMsMax,
    keepAlive: redisLimits.keepAliveMs,
    noDelay: true,
    enableReadyCheck: true,
    // A Redis that loads its data file is looked at again as often as one that is away.
    maxLoadingRetryTime: redisLimits.retryMsMax,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    // Our subscriber knows what is watched by now.
    autoResubscribe: false,
    // What is unanswered when the connection breaks is rejected at its first loss.
    maxRetriesPerRequest: 0,
    // Our PING finds a silent server; a timer for each message would cost more than the message.
    commandTimeout: undefined,
    retryStrategy: retryDelayMs,
    reconnectOnError: null,
  });
}
