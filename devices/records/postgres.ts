import { Kysely, PostgresDialect, type PostgresPool, type PostgresPoolClient } from "kysely";
import { Pool, type PoolClient, types as pgTypes } from "pg";
import { recordsError } from "./errors.ts";
import { isConnectionLoss, toPostgresRecordsError } from "./postgres-errors.ts";
import type { Records } from "./records.ts";

export interface PostgresOptions {
  /** `postgres://user:password@host:port/database`. */
  url: string;
  /** Where the URL comes from, for whoever must change it; default `NADI_DATABASE_URL`. */
  setting?: string;
  /** Default `postgresLimits.connectionsMax`. */
  connectionsMax?: number;
  /** For a command that works on whole tables; default `postgresLimits.statementMsMax`. */
  statementMsMax?: number;
}

/** PostgreSQL knows no NUL in a text. What is stored never has one, so nothing is found by it. */
function storable(parameter: unknown): unknown {
  return typeof parameter === "string" ? parameter.replaceAll("\0", "\uFFFD") : parameter;
}

export const postgresLimits = {
  /** One process: writers take turns anyway, and readers are quick. */
  connectionsMax: 8,
  /** For a connection, also for one of the pool that is in use. */
  connectMsMax: 5_000,
  /** An idle one is closed after this. */
  idleMsMax: 60_000,
  /** A statement of ours takes milliseconds; one that takes this long is a fault. */
  statementMsMax: 10_000,
  /** As long as SQLite's busy timeout: a writer waits for the writers before it. */
  lockMsMax: 5_000,
  /** A process that froze must not keep others from writing until they give up, or lose leases. */
  idleInTransactionMsMax: 3_000,
  /** Of the server's silence: it is frozen, or gone without a word. */
  answerMsMax: 15_000,
  keepAliveMs: 10_000,
} as const;

/** The address without user, password and options, for people and logs. */
export function describeDatabaseUrl(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}

/** A driver's error as one of ours, with where it happened. */
type Explain = (error: unknown) => unknown;

/** Opens a pool and asks it once, so that a wrong address is told at the start. */
export async function openPostgres(options: PostgresOptions): Promise<Records> {
  const place = describeDatabaseUrl(options.url);
  const explain: Explain = (error) => toPostgresRecordsError(error, place, options.setting);
  const pool = createPool(options);
  const dialect = new PostgresDialect({ pool: bridgePool(pool, explain) });
  const db = new Kysely<unknown>({ dialect });
  let closing: Promise<void> | null = null;
  // kysely ends a pool that it has used; this one is, by the question below.
  const close = (): Promise<void> => (closing ??= db.destroy());
  try {
    await askOnce(pool, explain);
  } catch (error) {
    await pool.end();
    throw error;
  }
  return {
    db,
    dialect: "postgres",
    close: async () => {
      await close();
      // A pool that kysely has never run a query on stays its maker's.
      if (!pool.ended) await pool.end();
    },
  };
}

/** A commit is on disk; each statement sees what was committed before it. */
const sessionOptions = "-c synchronous_commit=on -c default_transaction_isolation=read\\ committed";

function createPool({ url, connectionsMax, statementMsMax }: PostgresOptions): Pool {
  const address = new URL(url);
  // Those of the URL would take the place of ours.
  const options = `${address.searchParams.get("options") ?? ""} ${sessionOptions}`.trim();
  address.searchParams.delete("options");
  const pool = new Pool({
    connectionString: address.href,
    max: connectionsMax ?? postgresLimits.connectionsMax,
    min: 0,
    connectionTimeoutMillis: postgresLimits.connectMsMax,
    idleTimeoutMillis: postgresLimits.idleMsMax,
    allowExitOnIdle: false,
    statement_timeout: statementMsMax ?? postgresLimits.statementMsMax,
    lock_timeout: postgresLimits.lockMsMax,
    // Such a command's transaction waits for what it reads elsewhere, too.
    idle_in_transaction_session_timeout: statementMsMax ?? postgresLimits.idleInTransactionMsMax,
    query_timeout: statementMsMax ?? postgresLimits.answerMsMax,
    keepAlive: true,
    keepAliveInitialDelayMillis: postgresLimits.keepAliveMs,
    application_name: "nadi",
    options,
    types: { getTypeParser: typeParser },
  });
  // One that breaks is replaced at its next use, whose caller hears of it if it matters.
  pool.on("error", ignoreIdleLoss);
  pool.on("connect", (client) => client.on("error", ignoreIdleLoss));
  return pool;
}

/** Without a listener the loss of a connection ends the process; whoever uses it gets an error. */
function ignoreIdleLoss(): void {}

async function askOnce(pool: Pool, explain: Explain): Promise<void> {
  try {
    await pool.query("select 1");
  } catch (error) {
    throw explain(error);
  }
}

/** Numbers as JavaScript has them; one that it can't hold exactly is refused, never rounded. */
function parseSafeInteger(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value)) return value;
  throw recordsError("RECORDS_INTERNAL", {
    message: `The database holds ${text.slice(0, 40)}, which is beyond 2^53.`,
  });
}

function parseNumeric(text: string): number {
  return text.includes(".") ? Number(text) : parseSafeInteger(text);
}

type TypeId = Parameters<typeof pgTypes.setTypeParser>[0];

const typeParser: typeof pgTypes.getTypeParser = (oid: TypeId, format?: "text" | "binary") => {
  if (format !== "binary" && oid === pgTypes.builtins.INT8) return parseSafeInteger;
  if (format !== "binary" && oid === pgTypes.builtins.NUMERIC) return parseNumeric;
  return pgTypes.getTypeParser(oid, format);
};

/** What kysely asks of a pool, with our errors, and no connection given back that has broken. */
function bridgePool(pool: Pool, explain: Explain): PostgresPool {
  return {
    async connect() {
      try {
        return bridgeClient(await pool.connect(), { pool, explain });
      } catch (error) {
        throw explain(error);
      }
    },
    end: () => pool.end(),
    // Only for cancelling queries, which we leave to statement_timeout.
    Client: undefined as never,
    options: pool.options,
  };
}

function bridgeClient(
  first: PoolClient,
  { pool, explain }: { pool: Pool; explain: Explain },
): PostgresPoolClient {
  let client = first;
  let isBroken = false;
  let isReleased = false;
  let isInTransaction = false;
  const run = async (text: string, parameters: readonly unknown[]) => {
    try {
      return await client.query(text, parameters.map(storable));
    } catch (error) {
      isBroken ||= isConnectionLoss(error);
      throw error;
    }
  };
  /** A read that found its connection dead is asked once more on a new one: it changes nothing. */
  const readAgain = async (text: string, parameters: readonly unknown[]) => {
    client.release(true);
    isReleased = true;
    client = await pool.connect();
    isReleased = false;
    isBroken = false;
    return run(text, parameters);
  };
  const query = async (text: string, parameters: readonly unknown[] = []) => {
    if (text === "begin") isInTransaction = true;
    // The server has rolled back what its lost connection had begun.
    if (text === "rollback" && isBroken) return { command: "ROLLBACK", rowCount: 0, rows: [] };
    try {
      return await run(text, parameters);
    } catch (error) {
      const isRead = !isInTransaction && text.startsWith("select ");
      if (!isBroken || !isRead) throw explain(error);
      try {
        return await readAgain(text, parameters);
      } catch (again) {
        throw explain(again);
      }
    } finally {
      if (text === "commit" || text === "rollback") isInTransaction = false;
    }
  };
  return {
    // kysely's declaration asks for the shapes of pg, which these are.
    query: query as unknown as PostgresPoolClient["query"],
    release: () => {
      if (!isReleased) client.release(isBroken);
      isReleased = true;
    },
  };
}
