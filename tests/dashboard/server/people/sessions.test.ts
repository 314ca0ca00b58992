import { expect, test } from "vitest";
import { idleMsMax, sessionMsMax } from "../../../../dashboard/server/people/people.ts";
import { hashToken } from "../../../../dashboard/server/people/token.ts";
import { tablesOf } from "../../../../devices/records/records.ts";
import type { PeopleTables } from "../../../../dashboard/server/people/tables.ts";
import { cookieOf, createClient, createKitchenApi, type KitchenApi } from "../kitchen-api.ts";

const minuteMs = 60_000;

async function storedSessions({ records }: KitchenApi) {
  return tablesOf<PeopleTables>(records).selectFrom("person_session").selectAll().execute();
}

test("a person signs in, is known by the cookie, and signs out for good", async (t) => {
  const made = await createKitchenApi(t);
  const head = await made.signIn("head");
  const who = await head.get("/api/session");
  expect(who.json()).toMatchObject({
    email: head.email,
    role: "head",
    kitchens: ["sppg-jakarta-001"],
    isInsecure: false,
  });
  const out = await head.send("DELETE", "/api/session");
  expect(out.statusCode).toBe(204);
  expect(out.headers["set-cookie"]).toMatch(/^nadi=; Max-Age=0/);
  expect((await head.get("/api/session")).statusCode).toBe(401);
  expect(await storedSessions(made)).toEqual([]);
});

test("the cookie is HttpOnly and Lax, and its value is stored only as a hash", async (t) => {
  const made = await createKitchenApi(t);
  const login = await made.addPerson("head");
  const answer = await made.post("/api/session", login);
  const header = String(answer.headers["set-cookie"]);
  expect(header).toMatch(/^nadi=[\w-]{43}; Max-Age=604800; Path=\/; HttpOnly; SameSite=Lax$/);
  expect(answer.body).not.toContain(cookieOf(answer).slice("nadi=".length));
  const [row] = await storedSessions(made);
  expect(row?.token_sha256_hex).toBe(hashToken(cookieOf(answer).slice("nadi=".length)));
});

test("behind HTTPS the cookie is Secure and __Host-, and a plain one is never read", async (t) => {
  const made = await createKitchenApi(t, { NADI_PUBLIC_URL: "https://nadi.example" });
  const login = await made.addPerson("head");
  const answer = await made.post("/api/session", login);
  const header = String(answer.headers["set-cookie"]);
  expect(header).toMatch(/^__Host-nadi=[\w-]{43}; .*Secure/);
  expect(header).not.toContain("Domain");
  const planted = cookieOf(answer).replace("__Host-nadi", "nadi");
  expect((await createClient(made.server, planted).get("/api/session")).statusCode).toBe(401);
  const real = createClient(made.server, cookieOf(answer));
  expect((await real.get("/api/session")).statusCode).toBe(200);
});

test("a sign-in never takes over the cookie that it came with, and ends its session", async (t) => {
  const made = await createKitchenApi(t);
  const attacker = await made.signIn("viewer");
  const victim = await made.addPerson("head");
  const answer = await made.post("/api/session", victim, { cookie: attacker.cookie });
  expect(cookieOf(answer)).not.toBe(attacker.cookie);
  expect((await attacker.get("/api/session")).statusCode).toBe(401);
  const invented = `nadi=${"A".repeat(43)}`;
  const second = await made.post("/api/session", victim, { cookie: invented });
  expect(cookieOf(second)).not.toBe(invented);
  expect((await createClient(made.server, invented).get("/api/session")).statusCode).toBe(401);
});

test("a session ends when nobody has used it for twelve hours, and not while it is", async (t) => {
  const made = await createKitchenApi(t);
  const head = await made.signIn("head");
  for (let hours = 0; hours < 30; hours += 10) {
    made.pass(10 * 60 * minuteMs);
    expect((await head.get("/api/session")).statusCode).toBe(200);
  }
  made.pass(idleMsMax);
  expect((await head.get("/api/session")).statusCode).toBe(401);
});

test("a session ends after seven days however busy it is", async (t) => {
  const made = await createKitchenApi(t);
  const head = await made.signIn("head");
  for (let passedMs = 0; passedMs < sessionMsMax - idleMsMax; passedMs += idleMsMax / 2) {
    made.pass(idleMsMax / 2);
    expect((await head.get("/api/session")).statusCode).toBe(200);
  }
  made.pass(idleMsMax);
  expect((await head.get("/api/session")).statusCode).toBe(401);
});

test("an expired session stays dead when the clock is set back", async (t) => {
  const made = await createKitchenApi(t);
  const seen = await made.signIn("head");
  const unseen = await made.signIn("head");
  made.pass(idleMsMax);
  expect((await seen.get("/api/session")).statusCode).toBe(401);
  expect(await made.people.sweepSessions()).toBe(1);
  made.clock.wallMs -= 2 * idleMsMax;
  expect((await seen.get("/api/session")).statusCode).toBe(401);
  expect((await unseen.get("/api/session")).statusCode).toBe(401);
});

test("a clock that is set back, or stands still, makes no session last longer", async (t) => {
  const made = await createKitchenApi(t);
  const head = await made.signIn("head");
  made.clock.wallMs -= 2 * 60 * minuteMs;
  made.clock.monotonicMs += idleMsMax;
  expect((await head.get("/api/session")).statusCode).toBe(401);
});

test("a clock that jumps ahead ends sessions and one set back again revives none", async (t) => {
  const made = await createKitchenApi(t);
  const head = await made.signIn("head");
  made.clock.wallMs += 3 * 24 * 60 * minuteMs;
  made.clock.monotonicMs += minuteMs;
  expect((await head.get("/api/session")).statusCode).toBe(401);
  made.clock.wallMs -= 3 * 24 * 60 * minuteMs;
  expect((await head.get("/api/session")).statusCode).toBe(401);
  const again = await made.post("/api/session", { email: head.email, password: head.password });
  const client = createClient(made.server, cookieOf(again));
  expect((await client.get("/api/session")).statusCode).toBe(200);
});

test("a new password ends every session of the person, and nobody else's", async (t) => {
  const made = await createKitchenApi(t);
  const head = await made.signIn("head");
  const cook = await made.signIn("cook");
  await made.registry.resetUserPassword(head.email, "cli");
  await made.feed.poke();
  expect((await head.get("/api/session")).statusCode).toBe(401);
  expect((await cook.get("/api/session")).statusCode).toBe(200);
});

test("a change of role or kitchens ends the sessions", async (t) => {
  const made = await createKitchenApi(t);
  const head = await made.signIn("head");
  const db = tablesOf<PeopleTables>(made.records);
  await db.updateTable("person").set({ role: "viewer" }).where("email", "=", head.email).execute();
  made.pass(minuteMs);
  expect((await head.get("/api/session")).statusCode).toBe(401);
});

test("people see their own sessions and end one of them, but nobody else's", async (t) => {
  const made = await createKitchenApi(t);
  const phone = await made.signIn("head");
  const answer = await made.post(
    "/api/session",
    { email: phone.email, password: phone.password },
    { "user-agent": "Wall screen" },
  );
  const screen = createClient(made.server, cookieOf(answer));
  const cook = await made.signIn("cook");
  const { sessions } = (await phone.get("/api/sessions")).json();
  expect(sessions).toHaveLength(2);
  const other = sessions.find((one: { isCurrent: boolean }) => !one.isCurrent);
  expect(other).toMatchObject({ userAgent: "Wall screen", address: "127.0.0.1" });
  const url = `/api/sessions/${other.sessionId}`;
  expect((await cook.send("DELETE", url)).statusCode).toBe(404);
  expect((await screen.get("/api/session")).statusCode).toBe(200);
  expect((await phone.send("DELETE", url)).statusCode).toBe(204);
  expect((await screen.get("/api/session")).statusCode).toBe(401);
  expect((await phone.get("/api/session")).statusCode).toBe(200);
});

test("the oldest session ends when a person would have more than twenty", async (t) => {
  const made = await createKitchenApi(t);
  const login = await made.addPerson("head");
  const cookies: string[] = [];
  for (let count = 0; count < 21; count += 1) {
    made.pass(1_000);
    cookies.push(cookieOf(await made.post("/api/session", login)));
  }
  const ask = (cookie = "") => createClient(made.server, cookie).get("/api/session");
  expect((await ask(cookies[0])).statusCode).toBe(401);
  expect((await ask(cookies[1])).statusCode).toBe(200);
  expect(await storedSessions(made)).toHaveLength(20);
});
