import { sql } from "kysely";
import {
  type Records,
  tablesOf,
  verifyPassword,
  writeTransaction,
} from "../../../devices/index.ts";
import { createScreens, findScreen, sweepScreens } from "./create-screens.ts";
import { changePassword } from "./change-password.ts";
import { createCommandKeys, sweepCommands } from "./command-keys.ts";
import {
  idleMsMax,
  lastSeenStepMs,
  type ListedSession,
  type People,
  type SessionQuery,
  type StoredSession,
} from "./people.ts";
import { SessionClock, type SessionTime } from "./session-clock.ts";
import { endOf, noteEnd, type PeopleContext, printOf, toSession } from "./session-rows.ts";
import { signIn } from "./sign-in.ts";
import type { PeopleTables, PersonSessionRow } from "./tables.ts";

/** A list that people read. */
const listedMax = 500;

/** Over an open, migrated database; in the records worker. */
export function createPeople(
  records: Records,
  time: SessionTime,
  verify: typeof verifyPassword = verifyPassword,
): People {
  const clock = new SessionClock(time);
  let raising: Promise<void> | null = null;
  const raise = async (): Promise<void> => {
    const row = await tablesOf<PeopleTables>(records)
      .selectFrom("person_session")
      .select((build) => build.fn.max("last_seen_at_ms").as("ms"))
      .executeTakeFirst();
    clock.raise(row?.ms ?? 0);
  };
  const isReady = (): Promise<void> => {
    raising ??= raise().catch((error: unknown) => {
      // The next call tries again.
      raising = null;
      throw error;
    });
    return raising;
  };
  const context = { records, clock, verify, isReady };
  return {
    signIn: (input) => signIn(context, input),
    findSession: (tokenSha256Hex, isUse) => findSession(context, tokenSha256Hex, isUse),
    listSessions: (email) => listSessions(context, email),
    endSession: (input, by) => endSession(context, input, by),
    sweepSessions: async () => {
      await sweepCommands(context);
      return (await sweepSessions(context)) + (await sweepScreens(context));
    },
    searchSessions: (query) => searchSessions(context, query),
    changePassword: (input) => changePassword(context, input),
    ...createCommandKeys(context),
    ...createScreens(context),
  };
}

async function findSession(
  context: PeopleContext,
  tokenSha256Hex: string,
  isUse: boolean,
): Promise<StoredSession | null> {
  await context.isReady();
  const db = tablesOf<PeopleTables>(context.records);
  // One statement: a person is never half before and half after a change.
  const rows = await db
    .selectFrom("person_session")
    .innerJoin("person", "person.email", "person_session.email")
    .leftJoin("person_kitchen", "person_kitchen.email", "person.email")
    .selectAll("person_session")
    .select([
      "person.role",
      "person.password_hash",
      "person.enabled",
      "person.version",
      "person_kitchen.sppg_id",
    ])
    .where("token_sha256_hex", "=", tokenSha256Hex)
    .orderBy("person_kitchen.sppg_id")
    .execute();
  const [row] = rows;
  if (row === undefined) return findScreen(context, tokenSha256Hex, isUse);
  const kitchens = rows.flatMap(({ sppg_id }) => (sppg_id === null ? [] : [sppg_id]));
  const person = { ...row, kitchens };
  const nowMs = context.clock.nowMs();
  const isOver = endOf(row) <= nowMs || row.enabled !== 1 || row.person_print !== printOf(person);
  if (isOver) {
    // Gone for good: no clock and no change back can revive it.
    await db.deleteFrom("person_session").where("token_sha256_hex", "=", tokenSha256Hex).execute();
    return null;
  }
  if (!isUse || nowMs - row.last_seen_at_ms < lastSeenStepMs) return toSession(row, person, nowMs);
  await db
    .updateTable("person_session")
    .set({ last_seen_at_ms: nowMs })
    .where("token_sha256_hex", "=", tokenSha256Hex)
    .execute();
  return toSession({ ...row, last_seen_at_ms: nowMs }, person, nowMs);
}

async function listSessions(context: PeopleContext, email: string) {
  await context.isReady();
  const rows = await tablesOf<PeopleTables>(context.records)
    .selectFrom("person_session")
    .selectAll()
    .where("email", "=", email)
    .orderBy("created_at_ms", "desc")
    .orderBy("session_id")
    .execute();
  const nowMs = context.clock.nowMs();
  return rows.filter((row) => endOf(row) > nowMs).map(toListed);
}

async function searchSessions(context: PeopleContext, query: SessionQuery) {
  await context.isReady();
  const nowMs = context.clock.nowMs();
  const { before, limit } = query;
  let rows = tablesOf<PeopleTables>(context.records)
    .selectFrom("person_session")
    .selectAll()
    .where("expires_at_ms", ">", nowMs)
    .where("last_seen_at_ms", ">", nowMs - idleMsMax)
    .orderBy("created_at_ms", "desc")
    .orderBy("session_id", "desc");
  if (query.email !== undefined) {
    const literal = query.email.replaceAll(/[\\%_]/g, (sign) => `\\${sign}`);
    rows = rows.where(sql<boolean>`email like ${`%${literal}%`} escape '\\'`);
  }
  if (before !== undefined) {
    rows = rows
      .where("created_at_ms", "<=", before.createdAtMs)
      .where((build) =>
        build.or([
          build("created_at_ms", "<", before.createdAtMs),
          build("session_id", "<", before.sessionId),
        ]),
      );
  }
  const found = await rows.limit(Math.min(limit, listedMax)).execute();
  return found.map((row) => ({ email: row.email, ...toListed(row) }));
}

function toListed(row: PersonSessionRow): ListedSession {
  return {
    sessionId: row.session_id,
    createdAtMs: row.created_at_ms,
    lastSeenAtMs: row.last_seen_at_ms,
    expiresAtMs: row.expires_at_ms,
    address: row.address,
    userAgent: row.user_agent,
  };
}

async function endSession(
  context: PeopleContext,
  input: { email: string; sessionId: string },
  by: { actor: string; address: string | null },
): Promise<boolean> {
  await context.isReady();
  const { email, sessionId } = input;
  return writeTransaction<PeopleTables, boolean>(context.records, async (tx) => {
    const gone = await tx
      .deleteFrom("person_session")
      .where("session_id", "=", sessionId)
      .where("email", "=", email)
      .returning("session_id")
      .executeTakeFirst();
    if (gone === undefined) return false;
    const detail = { session: sessionId, because: "asked" };
    await noteEnd(tx, { ...by, email, detail, atMs: context.clock.nowMs() });
    return true;
  });
}

/** Beyond this the rest waits for the next sweep: a sweep must not hold the write lock for long. */
const sweptMax = 1_000;

async function sweepSessions(context: PeopleContext): Promise<number> {
  await context.isReady();
  const nowMs = context.clock.nowMs();
  return writeTransaction<PeopleTables, number>(context.records, async (tx) => {
    const rows = await tx
      .selectFrom("person_session")
      .select("token_sha256_hex")
      .where((build) =>
        build.or([
          build("last_seen_at_ms", "<=", nowMs - idleMsMax),
          build("expires_at_ms", "<=", nowMs),
        ]),
      )
      .limit(sweptMax)
      .execute();
    const hashes = rows.map((row) => row.token_sha256_hex);
    if (hashes.length === 0) return 0;
    await tx.deleteFrom("person_session").where("token_sha256_hex", "in", hashes).execute();
    return hashes.length;
  });
}
