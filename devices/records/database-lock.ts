import { setTimeout as delay } from "node:timers/promises";
import { Client } from "pg";
import { type CodedError, recordsError } from "./errors.ts";
import { toPostgresRecordsError } from "./postgres-errors.ts";
import { describeDatabaseUrl, postgresLimits } from "./postgres.ts";

export interface DatabaseLock {
  /** Idempotent. */
  release(): Promise<void>;
}

export interface DatabaseLockOptions {
  url: string;
  /** Beside others that share it too, and beside none that wants it alone. Default: alone. */
  isShared?: boolean;
  /** Hears that another process has become the owner while the connection was lost. */
  onLost: (error: CodedError) => void;
  /** Default `databaseLockLimits.takenMsMax`. */
  takenMsMax?: number;
}

export const databaseLockLimits = {
  /** Between two attempts to have the lock again. */
  retryMs: 500,
  /** The server may still count a connection of ours that broke: so long we wait for its end. */
  takenMsMax: 20_000,
  /**
   * The server's probes of our connection: a host that went without a word has the lock for 17 s,
   * and not for the two hours that are Linux's own. Less than what a host that came back waits.
   */
  serverKeepAlive: { idleSeconds: 8, intervalSeconds: 3, count: 3 },
} as const;

/** "nadi" in ASCII; the schema goes with it, so that two in one database do not meet. */
const place = "(1851876457, hashtext(current_schema()))";
const tryLock = {
  alone: `select pg_try_advisory_lock${place} as owned`,
  shared: `select pg_try_advisory_lock_shared${place} as owned`,
};

/**
 * Makes this process the one that serves a PostgreSQL database, or one of several that share a
 * journal on Redis; throws `RECORDS_DATABASE_IN_USE` if others are there who don't go with it. The
 * monitor's state belongs to one journal: that of one data folder, or the shared one.
 *
 * The owner is whoever holds an advisory lock on a connection of its own. When that breaks, the
 * lock is taken again as soon as the server is there.
 */
export async function acquireDatabaseLock(options: DatabaseLockOptions): Promise<DatabaseLock> {
  const over = new AbortController();
  let client = await connectAndLock(options);
  if (client === null) throw inUse(options.url);
  const watch = async (): Promise<void> => {
    while (!over.signal.aborted && client !== null) {
      await ended(client);
      client = null;
      if (!over.signal.aborted) client = await lockAgain(options, over.signal);
    }
  };
  const watching = watch();
  return {
    async release() {
      over.abort();
      await client?.end();
      await watching;
    },
  };
}

/** `null`: given up, or told that another has it. */
async function lockAgain(
  options: DatabaseLockOptions,
  signal: AbortSignal,
): Promise<Client | null> {
  const { url, onLost, takenMsMax = databaseLockLimits.takenMsMax } = options;
  let takenSinceMs: number | null = null;
  while (!signal.aborted) {
    let client: Client | null;
    try {
      client = await connectAndLock(options);
      takenSinceMs ??= performance.now();
    } catch {
      // Away: who calls the records is told so, and nobody else can have it either.
      client = null;
      takenSinceMs = null;
    }
    if (client !== null) return client;
    if (takenSinceMs !== null && performance.now() - takenSinceMs > takenMsMax) {
      onLost(inUse(url));
      return null;
    }
    await delay(databaseLockLimits.retryMs);
  }
  return null;
}

/** `null`: another connection has it. */
async function connectAndLock({
  url,
  isShared = false,
}: DatabaseLockOptions): Promise<Client | null> {
  const client = new Client({
    ...withServerKeepAlive(url),
    application_name: "nadi-owner",
    connectionTimeoutMillis: postgresLimits.connectMsMax,
    query_timeout: postgresLimits.answerMsMax,
    keepAlive: true,
    keepAliveInitialDelayMillis: postgresLimits.keepAliveMs,
  });
  // Its end is what we wait for; without a listener the error would end the process.
  client.on("error", ignoreLoss);
  try {
    await client.connect();
    const { rows } = await client.query<{ owned: boolean }>(
      isShared ? tryLock.shared : tryLock.alone,
    );
    if (rows[0]?.owned === true) return client;
  } catch (error) {
    await client.end();
    throw toPostgresRecordsError(error, describeDatabaseUrl(url));
  }
  await client.end();
  return null;
}

/** Options of the URL stay: they may name the schema. */
function withServerKeepAlive(url: string): { connectionString: string; options: string } {
  const { idleSeconds, intervalSeconds, count } = databaseLockLimits.serverKeepAlive;
  const address = new URL(url);
  const options = [
    address.searchParams.get("options") ?? "",
    `-c tcp_keepalives_idle=${idleSeconds}`,
    `-c tcp_keepalives_interval=${intervalSeconds}`,
    `-c tcp_keepalives_count=${count}`,
  ];
  // Those of the URL would take the place of ours.
  address.searchParams.delete("options");
  return { connectionString: address.href, options: options.join(" ").trim() };
}

function ignoreLoss(): void {}

function ended(client: Client): Promise<void> {
  return new Promise((resolve) => {
    client.once("end", () => resolve());
  });
}

function inUse(url: string): CodedError {
  const place = describeDatabaseUrl(url);
  return recordsError("RECORDS_DATABASE_IN_USE", {
    message:
      `Another nadi serve uses the database ${place}: stop it first, ` +
      "or set NADI_DATABASE_URL to a database of its own.",
    facts: { place },
  });
}
