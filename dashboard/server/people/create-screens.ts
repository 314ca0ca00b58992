import type { Transaction } from "kysely";
import { appendChange, tablesOf, writeTransaction } from "../../../devices/index.ts";
import { addressGroup } from "../address-group.ts";
import { generatePairingCode } from "./pairing-code.ts";
import { lastSeenStepMs, type StoredSession } from "./people.ts";
import type { ScreenSessionRow, ScreenTables } from "./screen-tables.ts";
import {
  type ApprovedPairing,
  type By,
  type ListedScreen,
  type OpenedPairing,
  pairingMsMax,
  pairingsMax,
  pairingsPerPlaceMax,
  screenIdleMsMax,
  screenMsMax,
  type Screens,
  screensPerKitchenMax,
  screenUserId,
} from "./screens.ts";
import { noteEnd, type PeopleContext, type PeopleTransaction } from "./session-rows.ts";
import type { PeopleTables } from "./tables.ts";
import { generateSessionId, generateToken, hashToken } from "./token.ts";

type Tables = PeopleTables & ScreenTables;
type ScreenTransaction = Transaction<Tables>;

/** What browsers call themselves, for a list that people read. */
const userAgentCharactersMax = 200;

/** Over the same database and clock as the people. */
export function createScreens(context: PeopleContext): Screens {
  const write = async <Result>(
    work: (tx: ScreenTransaction, nowMs: number) => Promise<Result>,
  ): Promise<Result> => {
    await context.isReady();
    return writeTransaction<Tables, Result>(context.records, (tx) =>
      work(tx, context.clock.nowMs()),
    );
  };
  return {
    openPairing: (from) => write((tx, nowMs) => openPairing(tx, from, nowMs)),
    approvePairing: (input, by) => write((tx, nowMs) => approve(tx, { ...input, by, nowMs })),
    collectPairing: (input) => write((tx, nowMs) => collect(tx, input, nowMs)),
    listScreens: (sppgId) => listScreens(context, sppgId),
    endScreen: ({ sppgId, sessionId }, by) =>
      write(async (tx, nowMs) => {
        const gone = await tx
          .deleteFrom("screen_session")
          .where("session_id", "=", sessionId)
          .where("sppg_id", "=", sppgId)
          .returning("name")
          .executeTakeFirst();
        if (gone === undefined) return false;
        await noteChange(tx, { ...by, action: "screen.end", sppgId, sessionId, ...gone }, nowMs);
        return true;
      }),
  };
}

async function openPairing(
  tx: ScreenTransaction,
  from: { address: string; userAgent: string | null },
  nowMs: number,
): Promise<OpenedPairing | null> {
  await tx.deleteFrom("screen_pairing").where("expires_at_ms", "<=", nowMs).execute();
  const place = addressGroup(from.address);
  const waiting = await tx
    .selectFrom("screen_pairing")
    .select(["secret_sha256_hex", "place", "sppg_id"])
    .orderBy("created_at_ms", "desc")
    .execute();
  // A screen that reloads again and again must not lock its neighbours out, nor itself.
  const surplus = waiting
    .filter((row) => row.place === place && row.sppg_id === null)
    .slice(pairingsPerPlaceMax - 1)
    .map((row) => row.secret_sha256_hex);
  if (waiting.length - surplus.length >= pairingsMax) return null;
  if (surplus.length > 0) {
    await tx.deleteFrom("screen_pairing").where("secret_sha256_hex", "in", surplus).execute();
  }
  const secret = generateToken();
  const code = await unusedCode(tx);
  const expiresAtMs = nowMs + pairingMsMax;
  await tx
    .insertInto("screen_pairing")
    .values({
      secret_sha256_hex: hashToken(secret),
      code,
      place,
      address: from.address,
      user_agent: from.userAgent?.slice(0, userAgentCharactersMax) ?? null,
      created_at_ms: nowMs,
      expires_at_ms: expiresAtMs,
      session_id: null,
      sppg_id: null,
      name: null,
      paired_by: null,
    })
    .execute();
  return { secret, code, expiresAtMs };
}

async function unusedCode(tx: ScreenTransaction): Promise<string> {
  for (;;) {
    const code = generatePairingCode();
    const known = await tx
      .selectFrom("screen_pairing")
      .select("code")
      .where("code", "=", code)
      .executeTakeFirst();
    if (known === undefined) return code;
  }
}

async function approve(
  tx: ScreenTransaction,
  input: { code: string; sppgId: string; name: string; email: string; by: By; nowMs: number },
): Promise<ApprovedPairing | "unknown" | "full"> {
  const { code, sppgId, name, email, by, nowMs } = input;
  const waiting = await tx
    .selectFrom("screen_pairing")
    .selectAll()
    .where("code", "=", code)
    .where("expires_at_ms", ">", nowMs)
    // A code that was entered is used up, whoever enters it again.
    .where("sppg_id", "is", null)
    .executeTakeFirst();
  if (waiting === undefined) return "unknown";
  const screens = await tx
    .selectFrom("screen_session")
    .select("session_id")
    .where("sppg_id", "=", sppgId)
    .execute();
  const approved = await tx
    .selectFrom("screen_pairing")
    .select("code")
    .where("sppg_id", "=", sppgId)
    .where("expires_at_ms", ">", nowMs)
    .execute();
  if (screens.length + approved.length >= screensPerKitchenMax) return "full";
  const sessionId = generateSessionId();
  await tx
    .updateTable("screen_pairing")
    .set({ session_id: sessionId, sppg_id: sppgId, name, paired_by: email })
    .where("secret_sha256_hex", "=", waiting.secret_sha256_hex)
    .execute();
  await noteChange(tx, { ...by, action: "screen.pair", sppgId, sessionId, name }, nowMs);
  return { name, address: waiting.address, userAgent: waiting.user_agent };
}

async function collect(
  tx: ScreenTransaction,
  input: Parameters<Screens["collectPairing"]>[0],
  nowMs: number,
): ReturnType<Screens["collectPairing"]> {
  const pairing = await tx
    .selectFrom("screen_pairing")
    .selectAll()
    .where("secret_sha256_hex", "=", hashToken(input.secret))
    .where("expires_at_ms", ">", nowMs)
    .executeTakeFirst();
  if (pairing === undefined) return "gone";
  const { session_id, sppg_id, name, paired_by } = pairing;
  if (session_id === null || sppg_id === null || name === null || paired_by === null) {
    return "waiting";
  }
  await tx
    .deleteFrom("screen_pairing")
    .where("secret_sha256_hex", "=", pairing.secret_sha256_hex)
    .execute();
  await endReplaced(tx, { ...input, by: screenUserId(session_id) }, nowMs);
  const token = generateToken();
  const row: ScreenSessionRow = {
    token_sha256_hex: hashToken(token),
    session_id,
    sppg_id,
    name,
    paired_by,
    created_at_ms: nowMs,
    last_seen_at_ms: nowMs,
    expires_at_ms: nowMs + screenMsMax,
    address: input.address,
    user_agent: input.userAgent?.slice(0, userAgentCharactersMax) ?? null,
  };
  await tx.insertInto("screen_session").values(row).execute();
  return { token, session: toScreenSession(row, nowMs) };
}

/** Whatever session the browser had before, planted or not, is none any more [ASVS 7.2.4]. */
async function endReplaced(
  tx: ScreenTransaction,
  input: { replacesSha256Hex: string | null; address: string; by: string },
  nowMs: number,
): Promise<void> {
  const { replacesSha256Hex, address, by: actor } = input;
  if (replacesSha256Hex === null) return;
  const person = await tx
    .deleteFrom("person_session")
    .where("token_sha256_hex", "=", replacesSha256Hex)
    .returning(["email", "session_id"])
    .executeTakeFirst();
  if (person !== undefined) {
    const { email, session_id: session } = person;
    const detail = { session, because: "screen" };
    // The same transaction; the other folder's type names its own tables alone.
    const people = tx as unknown as PeopleTransaction;
    await noteEnd(people, { actor, address, email, detail, atMs: nowMs });
  }
  const screen = await tx
    .deleteFrom("screen_session")
    .where("token_sha256_hex", "=", replacesSha256Hex)
    .returning(["name", "session_id", "sppg_id"])
    .executeTakeFirst();
  if (screen === undefined) return;
  const { name, session_id: sessionId, sppg_id: sppgId } = screen;
  await noteChange(tx, { actor, address, action: "screen.end", sppgId, sessionId, name }, nowMs);
}

async function listScreens(context: PeopleContext, sppgId: string): Promise<ListedScreen[]> {
  await context.isReady();
  const rows = await tablesOf<Tables>(context.records)
    .selectFrom("screen_session")
    .selectAll()
    .where("sppg_id", "=", sppgId)
    .orderBy("created_at_ms", "desc")
    .orderBy("session_id")
    .execute();
  const nowMs = context.clock.nowMs();
  return rows
    .filter((row) => endOfScreen(row) > nowMs)
    .map((row) => ({
      sessionId: row.session_id,
      name: row.name,
      pairedBy: row.paired_by,
      createdAtMs: row.created_at_ms,
      lastSeenAtMs: row.last_seen_at_ms,
      expiresAtMs: row.expires_at_ms,
      address: row.address,
      userAgent: row.user_agent,
    }));
}

/** The screen's session of a cookie, or `null`; as `findSession` has it for people. */
export async function findScreen(
  context: PeopleContext,
  tokenSha256Hex: string,
  isUse: boolean,
): Promise<StoredSession | null> {
  const db = tablesOf<Tables>(context.records);
  const row = await db
    .selectFrom("screen_session")
    .selectAll()
    .where("token_sha256_hex", "=", tokenSha256Hex)
    .executeTakeFirst();
  if (row === undefined) return null;
  const nowMs = context.clock.nowMs();
  if (endOfScreen(row) <= nowMs) {
    await db.deleteFrom("screen_session").where("token_sha256_hex", "=", tokenSha256Hex).execute();
    return null;
  }
  if (!isUse || nowMs - row.last_seen_at_ms < lastSeenStepMs) return toScreenSession(row, nowMs);
  await db
    .updateTable("screen_session")
    .set({ last_seen_at_ms: nowMs })
    .where("token_sha256_hex", "=", tokenSha256Hex)
    .execute();
  return toScreenSession({ ...row, last_seen_at_ms: nowMs }, nowMs);
}

/** Forgets screens and codes whose time is over; answers how many. */
export async function sweepScreens(context: PeopleContext): Promise<number> {
  await context.isReady();
  const nowMs = context.clock.nowMs();
  const db = tablesOf<Tables>(context.records);
  const screens = await db
    .deleteFrom("screen_session")
    .where((build) =>
      build.or([
        build("last_seen_at_ms", "<=", nowMs - screenIdleMsMax),
        build("expires_at_ms", "<=", nowMs),
      ]),
    )
    .executeTakeFirst();
  await db.deleteFrom("screen_pairing").where("expires_at_ms", "<=", nowMs).execute();
  return Number(screens.numDeletedRows);
}

function endOfScreen(row: Pick<ScreenSessionRow, "last_seen_at_ms" | "expires_at_ms">): number {
  return Math.min(row.last_seen_at_ms + screenIdleMsMax, row.expires_at_ms);
}

function toScreenSession(row: ScreenSessionRow, nowMs: number): StoredSession {
  return {
    sessionId: row.session_id,
    email: screenUserId(row.session_id),
    role: "kiosk",
    kitchens: [row.sppg_id],
    screenName: row.name,
    createdAtMs: row.created_at_ms,
    lastSeenAtMs: row.last_seen_at_ms,
    expiresAtMs: row.expires_at_ms,
    remainingMs: endOfScreen(row) - nowMs,
  };
}

/** Other processes hear of it by the change log: `user`, since sessions listen to that kind. */
async function noteChange(
  tx: ScreenTransaction,
  change: By & { action: string; sppgId: string; sessionId: string; name: string },
  atMs: number,
): Promise<void> {
  const { actor, address, action, sppgId, sessionId, name } = change;
  const subject = screenUserId(sessionId);
  const note = { kind: "user", action, actor, address, sppgId, subject } as const;
  await appendChange(tx, { ...note, detail: { screen: name } }, atMs);
}
