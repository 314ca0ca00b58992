import { expect, test, type TestContext } from "vitest";
import {
  commandMsMax,
  commandRunsMsMax,
  commandsPerPersonMax,
} from "../../../../dashboard/server/people/command-keys.ts";
import { createPeople } from "../../../../dashboard/server/people/create-people.ts";
import type { PeopleTables } from "../../../../dashboard/server/people/tables.ts";
import { tablesOf } from "../../../../devices/records/records.ts";
import { alertEffect } from "../../../ingest/desk/factories.ts";
import { type Client, createKitchenApi, type KitchenApi, sppgId } from "../kitchen-api.ts";

const key = "8e03978e-40d5-43e8-bc93-6894a57f9324";
const cook = { email: "cook@example.org", role: "cook", kitchens: [sppgId] };

interface Made extends KitchenApi {
  operator: Client;
  add(body: object, header?: string): ReturnType<Client["send"]>;
}

async function createMade(t: TestContext): Promise<Made> {
  const made = await createKitchenApi(t);
  const operator = await made.signIn("operator");
  const add: Made["add"] = (body, header = key) =>
    operator.send("POST", "/api/people", { body, headers: { "idempotency-key": header } });
  return { ...made, operator, add };
}

test("the same key and request get the first answer again, the password with it", async (t) => {
  const { add, registry } = await createMade(t);
  const first = await add(cook);
  const again = await add(cook, `"${key}"`);
  expect(first.headers["idempotency-replayed"]).toBeUndefined();
  expect([again.statusCode, again.body]).toEqual([200, first.body]);
  expect(again.headers).toMatchObject({ "idempotency-replayed": "true", etag: '"1"' });
  expect((await registry.listUsers()).filter(({ email }) => email === cook.email)).toHaveLength(1);
});

test("the same key for another request is refused, and belongs to one person only", async (t) => {
  const made = await createMade(t);
  await made.add(cook);
  expect((await made.add({ ...cook, role: "driver" })).json()).toMatchObject({
    status: 422,
    code: "DASHBOARD_IDEMPOTENCY_KEY_REUSED",
  });
  const another = await made.signIn("operator");
  const headers = { "idempotency-key": key };
  const answer = await another.send("POST", "/api/people", { body: cook, headers });
  expect(answer.json()).toMatchObject({ code: "REGISTRY_USER_EXISTS" });
});

test("what failed leaves its key free, and a key that can be guessed is none", async (t) => {
  const { add, registry } = await createMade(t);
  const body = { email: "pak@example.org", role: "cook", kitchens: ["sppg-new-1"] };
  expect((await add(body)).statusCode).toBe(404);
  await registry.addKitchen({ sppgId: "sppg-new-1", name: "N", timeZone: "Asia/Jakarta" }, "cli");
  expect((await add(body)).statusCode).toBe(200);
  for (const bad of ["1", "short", "with spaces in between it", `"${key}`, "x".repeat(129)]) {
    expect((await add(cook, bad)).json()).toMatchObject({
      status: 400,
      code: "DASHBOARD_IDEMPOTENCY_KEY_INVALID",
    });
  }
});

test("neither the key nor a password can be read from the database", async (t) => {
  const { add, records } = await createMade(t);
  const { password } = (await add(cook)).json();
  const rows = await tablesOf<PeopleTables>(records)
    .selectFrom("person_command")
    .selectAll()
    .execute();
  expect(rows).toHaveLength(1);
  const text = JSON.stringify(rows);
  for (const secret of [password, key]) expect(text).not.toContain(secret);
});

test("of the same command sent twice at once one is carried out", async (t) => {
  const { add } = await createMade(t);
  const answers = await Promise.all([add(cook), add(cook), add(cook)]);
  const statuses = answers.map(({ statusCode }) => statusCode).toSorted((a, b) => a - b);
  expect(statuses).toEqual([200, 409, 409]);
  const busy = answers.find(({ statusCode }) => statusCode === 409);
  expect(busy?.json()).toMatchObject({ code: "DASHBOARD_COMMAND_RUNNING" });
  expect(Number(busy?.headers["retry-after"])).toBeGreaterThan(0);
});

test("a command whose process has died is free after a minute, and forgotten after a day", async (t) => {
  const { people, operator, pass } = await createMade(t);
  const id = { email: operator.email, keySha256Hex: "a".repeat(64) };
  const begin = async () =>
    (await people.beginCommand({ ...id, requestSha256Hex: "b".repeat(64) })).state;
  expect([await begin(), await begin()]).toEqual(["begun", "running"]);
  pass(commandRunsMsMax);
  expect(await begin()).toBe("begun");
  await people.finishCommand({ ...id, sealedAnswer: "x" });
  expect(await begin()).toBe("done");
  pass(commandMsMax);
  await people.sweepSessions();
  expect(await begin()).toBe("begun");
});

test("a key outlives the process that has answered: another one over the same records knows it", async (t) => {
  const made = await createMade(t);
  await made.add(cook);
  const rows = tablesOf<PeopleTables>(made.records).selectFrom("person_command").selectAll();
  const row = await rows.executeTakeFirstOrThrow();
  const time = { wallMs: () => made.clock.wallMs, monotonicMs: () => 0 };
  const restarted = createPeople(made.records, time);
  const id = { email: row.email, keySha256Hex: row.key_sha256_hex };
  const again = { ...id, requestSha256Hex: row.request_sha256_hex };
  expect(await restarted.beginCommand(again)).toEqual({
    state: "done",
    sealedAnswer: row.sealed_answer,
  });
});

test("a person has a bounded number of keys: the oldest goes first", async (t) => {
  const { people, operator, records, pass } = await createMade(t);
  for (let count = 0; count < commandsPerPersonMax + 3; count += 1) {
    const keySha256Hex = String(count).padStart(64, "0");
    const id = { email: operator.email, keySha256Hex };
    await people.beginCommand({ ...id, requestSha256Hex: "b" });
    pass(1);
  }
  const rows = await tablesOf<PeopleTables>(records)
    .selectFrom("person_command")
    .select("key_sha256_hex")
    .orderBy("begun_at_ms")
    .execute();
  expect(rows).toHaveLength(commandsPerPersonMax);
  expect(rows[0]?.key_sha256_hex).toBe("3".padStart(64, "0"));
});

test("an alert is acknowledged and resolved once, however often the request comes", async (t) => {
  const made = await createMade(t);
  await made.ingest.applyEffects([alertEffect()]);
  const act = (verb: string, body: object) =>
    made.operator.send("POST", `/api/kitchens/${sppgId}/alerts/a1/${verb}`, {
      body,
      headers: { "idempotency-key": `${verb}-${key}`, "if-match": "*" },
    });
  for (const verb of ["acknowledge", "resolve"]) {
    const body = verb === "resolve" ? { correctiveAction: "Discarded" } : {};
    const first = await act(verb, body);
    expect(first.statusCode).toBe(200);
    made.pass(1_000);
    const again = await act(verb, body);
    expect([again.body, again.headers["etag"]]).toEqual([first.body, first.headers["etag"]]);
    expect(again.headers["idempotency-replayed"]).toBe("true");
  }
});
