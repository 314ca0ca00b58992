import { tablesOf, writeTransaction } from "../../../devices/index.ts";
import type { CommandKeys, CommandState } from "./people.ts";
import type { PeopleContext, PeopleTransaction } from "./session-rows.ts";
import type { PeopleTables } from "./tables.ts";

/** Who sends a command again does so within the day; a phone may have been without a network. */
export const commandMsMax = 24 * 3600 * 1000;
/** The oldest of a person go first: 200 answers of about 1 KB. */
export const commandsPerPersonMax = 200;
/** A command takes less than a second; its process has died, and nobody will finish it. */
export const commandRunsMsMax = 60_000;
/** Beyond this the rest waits for the next sweep, as with sessions. */
const sweptMax = 1_000;

type Key = Parameters<CommandKeys["beginCommand"]>[0];

export function createCommandKeys(context: PeopleContext): CommandKeys {
  const db = tablesOf<PeopleTables>(context.records);
  return {
    async beginCommand(key) {
      await context.isReady();
      return writeTransaction<PeopleTables, CommandState>(context.records, (tx) =>
        begin(tx, key, context.clock.nowMs()),
      );
    },
    async finishCommand({ email, keySha256Hex, sealedAnswer }) {
      await db
        .updateTable("person_command")
        .set({ sealed_answer: sealedAnswer })
        .where("email", "=", email)
        .where("key_sha256_hex", "=", keySha256Hex)
        .execute();
    },
    async abandonCommand({ email, keySha256Hex }) {
      await db
        .deleteFrom("person_command")
        .where("email", "=", email)
        .where("key_sha256_hex", "=", keySha256Hex)
        .where("sealed_answer", "is", null)
        .execute();
    },
  };
}

async function begin(tx: PeopleTransaction, key: Key, nowMs: number): Promise<CommandState> {
  const { email, keySha256Hex, requestSha256Hex } = key;
  const row = await tx
    .selectFrom("person_command")
    .selectAll()
    .where("email", "=", email)
    .where("key_sha256_hex", "=", keySha256Hex)
    .executeTakeFirst();
  const ageMs = row === undefined ? Number.POSITIVE_INFINITY : nowMs - row.begun_at_ms;
  if (row !== undefined && ageMs < commandMsMax) {
    if (row.request_sha256_hex !== requestSha256Hex) return { state: "other" };
    if (row.sealed_answer !== null) return { state: "done", sealedAnswer: row.sealed_answer };
    if (ageMs < commandRunsMsMax) return { state: "running" };
  }
  const fresh = {
    request_sha256_hex: requestSha256Hex,
    sealed_answer: null,
    begun_at_ms: nowMs,
  };
  await tx
    .insertInto("person_command")
    .values({ email, key_sha256_hex: keySha256Hex, ...fresh })
    .onConflict((conflict) => conflict.columns(["email", "key_sha256_hex"]).doUpdateSet(fresh))
    .execute();
  await makeRoom(tx, email);
  return { state: "begun" };
}

async function makeRoom(tx: PeopleTransaction, email: string): Promise<void> {
  const surplus = await tx
    .selectFrom("person_command")
    .select("key_sha256_hex")
    .where("email", "=", email)
    .orderBy("begun_at_ms", "desc")
    .offset(commandsPerPersonMax)
    // SQLite knows no offset without a limit; more than one begins too many only after a change
    // of the maximum.
    .limit(sweptMax)
    .execute();
  if (surplus.length === 0) return;
  const keys = surplus.map((row) => row.key_sha256_hex);
  await tx
    .deleteFrom("person_command")
    .where("email", "=", email)
    .where("key_sha256_hex", "in", keys)
    .execute();
}

/** Forgets commands that are older than a day; the rest of more than 1,000 at the next sweep. */
export async function sweepCommands(context: PeopleContext): Promise<void> {
  await context.isReady();
  const endMs = context.clock.nowMs() - commandMsMax;
  await writeTransaction<PeopleTables, void>(context.records, async (tx) => {
    const old = await tx
      .selectFrom("person_command")
      .select(["email", "key_sha256_hex"])
      .where("begun_at_ms", "<=", endMs)
      .limit(sweptMax)
      .execute();
    for (const row of old) {
      await tx
        .deleteFrom("person_command")
        .where("email", "=", row.email)
        .where("key_sha256_hex", "=", row.key_sha256_hex)
        .execute();
    }
  });
}
