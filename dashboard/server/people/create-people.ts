import { createHash } from "node:crypto";
import type { Transaction } from "kysely";
import {
  appendChange,
  type Records,
  tablesOf,
  unmatchableHash,
  verifyPassword,
  writeTransaction,
} from "../../../devices/index.ts";
import type { PersonRole } from "../../contract/index.ts";
import {
  idleMsMax,
  lastSeenStepMs,
  type People,
  type SignInInput,
  type StoredSession,
  sessionMsMax,
  sessionsPerPersonMax,
} from "./people.ts";
import { SessionClock, type SessionTime } from "./session-clock.ts";
import type { PeopleTables, PersonSessionRow } from "./tables.ts";
import { generateSessionId, generateToken, hashToken } from "./token.ts";
import { VerifyGate } from "./verify-gate.ts";

/** What browsers call themselves, for a list that people read. */
const userAgentCharactersMax = 200;

interface Context {
  records: Records;
  clock: SessionClock;
  gate: VerifyGate;
  verify: typeof verifyPassword;
  /** What time the records have seen before this process: awaited before the clock is read. */
  isReady: () => Promise<void>;
}

type Person = PeopleTables["person"] & { kitchens: readonly string[] };
type Tx = Transaction<PeopleTables>;

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
  const context = { records, clock, gate: new VerifyGate(), verify, isReady };
  return {
    signIn: (input) => signIn(context, input),
    findSession: (tokenSha256Hex, isUse) => findSession(context, tokenSha256Hex, isUse),
    listSessions: (email) => listSessions(context, email),
    endSession: (input, by) => endSession(context, input, by),
    sweepSessions: () => sweepSessions(context),
  };
}

async function signIn(
  context: Context,
  input: SignInInput,
): Promise<{ token: string; session: StoredSession } | null> {
  const db = tablesOf<PeopleTables>(context.records);
  const known = await db
    .selectFrom("person")
    .select("password_hash")
    .where("email", "=", input.email)
    .executeTakeFirst();
  // Before any transaction: 40 ms of Argon2 must not hold the write lock.
  const hash = known?.password_hash ?? unmatchableHash();
  const isRight = await context.gate.run(() => context.verify(hash, input.password));
  if (known === undefined || !isRight) return null;
  await context.isReady();
  const token = generateToken();
  return writeTransaction<PeopleTables, Awaited<ReturnType<typeof signIn>>>(
    context.records,
    async (tx) => {
      const person = await findPerson(tx, input.email);
      // The password may have been reset while the old one was verified.
      if (person === null || person.password_hash !== hash) return null;
      await makeRoom(tx, input, context.clock.nowMs());
      const row = newRow(input, { token, person, nowMs: context.clock.nowMs() });
      await tx.insertInto("person_session").values(row).execute();
      return { token, session: toSession(row, person, row.created_at_ms) };
    },
  );
}

function newRow(
  input: SignInInput,
  made: { token: string; person: Person; nowMs: number },
): PersonSessionRow {
  const { token, person, nowMs } = made;
  return {
    token_sha256_hex: hashToken(token),
    session_id: generateSessionId(),
    email: person.email,
    person_print: printOf(person),
    created_at_ms: nowMs,
    last_seen_at_ms: nowMs,
    expires_at_ms: nowMs + sessionMsMax,
    address: input.address,
    user_agent: input.userAgent?.slice(0, userAgentCharactersMax) ?? null,
  };
}

/**
 * A session belongs to the person as they were at sign-in: another password, role or list of
 * kitchens ends it, whichever process made the change and whether or not it knows of sessions.
 */
function printOf(person: Person): string {
  const { email, role, password_hash: hash, kitchens } = person;
  return createHash("sha256")
    .update(JSON.stringify([email, role, hash, kitchens]))
    .digest("hex");
}

async function findPerson(tx: Tx, email: string): Promise<Person | null> {
  const row = await tx
    .selectFrom("person")
    .select(["email", "role", "password_hash"])
    .where("email", "=", email)
    .executeTakeFirst();
  if (row === undefined) return null;
  const kitchens = await tx
    .selectFrom("person_kitchen")
    .select("sppg_id")
    .where("email", "=", email)
    .orderBy("sppg_id")
    .execute();
  return { ...row, kitchens: kitchens.map(({ sppg_id }) => sppg_id) };
}

/** Ends what the new session replaces, and the oldest ones of a person who has too many. */
async function makeRoom(tx: Tx, input: SignInInput, nowMs: number): Promise<void> {
  const { email, address, replacesSha256Hex: replaced } = input;
  const rows = await tx
    .selectFrom("person_session")
    .select(["token_sha256_hex", "session_id", "email"])
    .where((build) =>
      replaced === null
        ? build("email", "=", email)
        : build.or([build("email", "=", email), build("token_sha256_hex", "=", replaced)]),
    )
    .orderBy("created_at_ms", "desc")
    .execute();
  const others = rows.filter((row) => row.token_sha256_hex !== replaced);
  const surplus = new Set(
    others.filter((row) => row.email === email).slice(sessionsPerPersonMax - 1),
  );
  for (const row of rows) {
    const isReplaced = row.token_sha256_hex === replaced;
    if (!isReplaced && !surplus.has(row)) continue;
    await tx
      .deleteFrom("person_session")
      .where("token_sha256_hex", "=", row.token_sha256_hex)
      .execute();
    const detail = { session: row.session_id, because: isReplaced ? "sign-in" : "too-many" };
    await noteEnd(tx, { actor: `user:${email}`, address, email: row.email, detail, atMs: nowMs });
  }
}

/** Other processes hear of the end by the change log. */
async function noteEnd(
  tx: Tx,
  end: {
    actor: string;
    address: string | null;
    email: string;
    detail: { session: string; because: string };
    atMs: number;
  },
): Promise<void> {
  const { actor, address, email, detail, atMs } = end;
  const note = { kind: "user", action: "session.end", sppgId: null, subject: email } as const;
  await appendChange(tx, { ...note, actor, address, detail }, atMs);
}

async function findSession(
  context: Context,
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
    .select(["person.role", "person.password_hash", "person_kitchen.sppg_id"])
    .where("token_sha256_hex", "=", tokenSha256Hex)
    .orderBy("person_kitchen.sppg_id")
    .execute();
  const [row] = rows;
  if (row === undefined) return null;
  const kitchens = rows.flatMap(({ sppg_id }) => (sppg_id === null ? [] : [sppg_id]));
  const person = { ...row, kitchens };
  const nowMs = context.clock.nowMs();
  const isOver = endOf(row) <= nowMs || row.person_print !== printOf(person);
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

function endOf(row: Pick<PersonSessionRow, "last_seen_at_ms" | "expires_at_ms">): number {
  return Math.min(row.last_seen_at_ms + idleMsMax, row.expires_at_ms);
}

function toSession(row: PersonSessionRow, person: Person, nowMs: number): StoredSession {
  return {
    sessionId: row.session_id,
    email: row.email,
    // Checked when the person was added.
    role: person.role as PersonRole,
    kitchens: person.kitchens,
    createdAtMs: row.created_at_ms,
    lastSeenAtMs: row.last_seen_at_ms,
    expiresAtMs: row.expires_at_ms,
    remainingMs: endOf(row) - nowMs,
  };
}

async function listSessions(context: Context, email: string) {
  await context.isReady();
  const rows = await tablesOf<PeopleTables>(context.records)
    .selectFrom("person_session")
    .selectAll()
    .where("email", "=", email)
    .orderBy("created_at_ms", "desc")
    .orderBy("session_id")
    .execute();
  const nowMs = context.clock.nowMs();
  return rows
    .filter((row) => endOf(row) > nowMs)
    .map((row) => ({
      sessionId: row.session_id,
      createdAtMs: row.created_at_ms,
      lastSeenAtMs: row.last_seen_at_ms,
      expiresAtMs: row.expires_at_ms,
      address: row.address,
      userAgent: row.user_agent,
    }));
}

async function endSession(
  context: Context,
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

async function sweepSessions(context: Context): Promise<number> {
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
