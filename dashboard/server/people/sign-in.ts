import { tablesOf, unmatchableHash, writeTransaction } from "../../../devices/index.ts";
import { type People, type SignInInput, sessionMsMax, sessionsPerPersonMax } from "./people.ts";
import {
  noteEnd,
  type PeopleContext,
  type PeopleTransaction,
  type Person,
  printOf,
  toSession,
} from "./session-rows.ts";
import type { PeopleTables, PersonSessionRow } from "./tables.ts";
import { generateSessionId, generateToken, hashToken } from "./token.ts";

/** What browsers call themselves, for a list that people read. */
const userAgentCharactersMax = 200;

type SignedIn = Awaited<ReturnType<People["signIn"]>>;

export async function signIn(context: PeopleContext, input: SignInInput): Promise<SignedIn> {
  const db = tablesOf<PeopleTables>(context.records);
  const known = await db
    .selectFrom("person")
    .select("password_hash")
    .where("email", "=", input.email)
    .executeTakeFirst();
  // Before any transaction: 40 ms of Argon2 must not hold the write lock.
  const hash = known?.password_hash ?? unmatchableHash();
  const isRight = await context.verify(hash, input.password);
  if (known === undefined || !isRight) return null;
  await context.isReady();
  const token = generateToken();
  return writeTransaction<PeopleTables, SignedIn>(context.records, async (tx) => {
    const person = await findPerson(tx, input.email);
    // The password may have been reset while the old one was verified. Who is disabled is answered
    // as if the password were wrong, and only after the same work.
    if (person === null || person.password_hash !== hash) return null;
    await makeRoom(tx, input, context.clock.nowMs());
    const row = newRow(input, { token, person, nowMs: context.clock.nowMs() });
    await tx.insertInto("person_session").values(row).execute();
    return { token, session: toSession(row, person, row.created_at_ms) };
  });
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

/** `null` also for who is disabled. */
export async function findPerson(tx: PeopleTransaction, email: string): Promise<Person | null> {
  const row = await tx
    .selectFrom("person")
    .select(["email", "role", "password_hash", "version"])
    .where("email", "=", email)
    .where("enabled", "=", 1)
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
async function makeRoom(tx: PeopleTransaction, input: SignInInput, nowMs: number): Promise<void> {
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
