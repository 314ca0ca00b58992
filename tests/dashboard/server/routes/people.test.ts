import { expect, test } from "vitest";
import {
  type Client,
  createKitchenApi,
  type KitchenApi,
  otherSppgId,
  sppgId,
} from "../kitchen-api.ts";

const cook = { email: "cook@example.org", role: "cook", kitchens: [sppgId] };
const address = `/api/people/${encodeURIComponent(cook.email)}`;

async function addCook(client: Client): Promise<{ password: string }> {
  const answer = await client.send("POST", "/api/people", { body: cook });
  expect([answer.body, answer.statusCode]).toEqual([answer.body, 200]);
  return answer.json();
}

test("a person is added with a password that is shown once and lets them in", async (t) => {
  const made = await createKitchenApi(t);
  const operator = await made.signIn("operator");
  const added = await operator.send("POST", "/api/people", { body: cook });
  expect(added.json()).toMatchObject({
    person: { ...cook, isEnabled: true, mayChange: true, version: 1 },
    password: expect.stringMatching(/^.{20,}$/),
  });
  expect(added.headers["etag"]).toBe('"1"');
  const { password } = added.json();
  const signedIn = await made.post("/api/session", { email: cook.email, password });
  expect(signedIn.statusCode).toBe(200);
  const seen = await operator.get("/api/people");
  expect(seen.body).not.toContain(password);
  expect((await operator.send("POST", "/api/people", { body: cook })).json()).toMatchObject({
    status: 409,
    code: "REGISTRY_USER_EXISTS",
  });
});

test("who is disabled is out within a second, and in again only once enabled", async (t) => {
  const made = await createKitchenApi(t);
  const operator = await made.signIn("operator");
  const { password } = await addCook(operator);
  const login = { email: cook.email, password };
  const cookie = String((await made.post("/api/session", login)).headers["set-cookie"]);
  const session = await made.api.sessions.authenticate({ headers: { cookie } });
  const ended = Promise.withResolvers<void>();
  session?.onEnd(ended.resolve);
  const put = (isEnabled: boolean, version: number) =>
    operator.send("PUT", address, {
      body: { role: cook.role, kitchens: cook.kitchens, isEnabled },
      headers: { "if-match": `"${version}"` },
    });
  const startedAt = performance.now();
  expect((await put(false, 1)).json()).toMatchObject({ isEnabled: false, version: 2 });
  await ended.promise;
  expect(performance.now() - startedAt).toBeLessThan(1_000);
  const refused = await made.post("/api/session", login);
  const wrong = await made.post("/api/session", { ...login, password: "not this one" });
  expect([refused.statusCode, refused.body]).toEqual([401, wrong.body]);
  expect((await put(true, 2)).statusCode).toBe(200);
  expect((await made.post("/api/session", login)).statusCode).toBe(200);
  expect((await made.server.inject({ url: "/api/session", headers: { cookie } })).statusCode).toBe(
    401,
  );
});

test("a change names the version it has seen: 428 without, 412 by header, 409 by body", async (t) => {
  const made = await createKitchenApi(t);
  const operator = await made.signIn("operator");
  await addCook(operator);
  const rights = { role: "driver", kitchens: [sppgId], isEnabled: true };
  const put = (expectedVersion: number | undefined, headers: Record<string, string> = {}) =>
    operator.send("PUT", address, {
      body: expectedVersion === undefined ? rights : { ...rights, expectedVersion },
      headers,
    });
  expect((await put(undefined)).json()).toMatchObject({ status: 428 });
  expect((await put(undefined, { "if-match": '"7"' })).json()).toMatchObject({
    status: 412,
    code: "DASHBOARD_VERSION_STALE",
  });
  expect((await put(7)).json()).toMatchObject({ status: 409, code: "REGISTRY_VERSION_STALE" });
  expect((await put(1)).headers["etag"]).toBe('"2"');
  expect((await operator.get(address)).json()).toMatchObject({ role: "driver", version: 2 });
});

test("a reset password is shown once and ends the person's sessions", async (t) => {
  const made = await createKitchenApi(t);
  const operator = await made.signIn("operator");
  const head = await made.signIn("head");
  const url = `/api/people/${encodeURIComponent(head.email)}/password`;
  const { password } = (await operator.send("POST", url, { body: {} })).json();
  await made.feed.poke();
  expect((await head.get("/api/session")).statusCode).toBe(401);
  const login = (word: string) => made.post("/api/session", { email: head.email, password: word });
  expect((await login(head.password)).statusCode).toBe(401);
  expect((await login(password)).statusCode).toBe(200);
});

test("who is promoted while a head changes them stays out of the head's reach", async (t) => {
  const made = await createKitchenApi(t);
  const head = await made.signIn("head");
  await addCook(head);
  const { findUser } = made.registry;
  // The operator's change comes between the look at the person and the write.
  made.registry.findUser = async (email) => {
    const seen = await findUser(email);
    await made.registry.updateUser({ email, role: "head" }, "user:operator@example.org");
    return seen;
  };
  const reset = await head.send("POST", `${address}/password`, { body: {} });
  expect(reset.json()).toMatchObject({ status: 409, code: "REGISTRY_VERSION_STALE" });
  expect(reset.body).not.toContain("password");
  await made.registry.updateUser({ email: cook.email, role: "cook" }, "cli");
  const body = { role: "viewer", kitchens: [sppgId], isEnabled: true, expectedVersion: 4 };
  expect((await head.send("PUT", address, { body })).statusCode).toBe(409);
  expect(await findUser(cook.email)).toMatchObject({ role: "head", version: 4 });
});

test("a head manages who works below them in their own kitchens, and nobody else", async (t) => {
  const made = await createKitchenApi(t);
  const head = await made.signIn("head", [sppgId]);
  const other = await made.addPerson("head", [sppgId]);
  const both = await made.addPerson("driver", [sppgId, otherSppgId]);
  const stranger = await made.addPerson("cook", [otherSppgId]);
  const boss = await made.addPerson("operator");
  await addCook(head);
  const { people } = (await head.get("/api/people")).json<{
    people: { email: string; kitchens: string[]; mayChange: boolean }[];
  }>();
  const seen = people.map(({ email, kitchens, mayChange }) => [email, kitchens, mayChange]);
  expect(seen).toEqual([
    [cook.email, [sppgId], true],
    [both.email, [sppgId], false],
    [head.email, [sppgId], false],
    [other.email, [sppgId], false],
  ]);
  const change = (email: string, given: object = {}) =>
    head.send("PUT", `/api/people/${encodeURIComponent(email)}`, {
      body: { role: "viewer", kitchens: [sppgId], isEnabled: true, expectedVersion: 1, ...given },
    });
  const missing = (await change("nobody@example.org")).body;
  for (const { email } of [stranger, boss]) {
    expect([email, (await change(email)).body]).toEqual([email, missing]);
  }
  for (const { email } of [head, other, both]) {
    expect([email, (await change(email)).statusCode]).toEqual([email, 403]);
  }
  expect((await change(cook.email, { role: "head" })).statusCode).toBe(403);
  expect((await change(cook.email, { kitchens: [otherSppgId] })).body).toBe(missing);
  expect((await change(cook.email)).json()).toMatchObject({ role: "viewer", version: 2 });
  const add = (given: object) => head.send("POST", "/api/people", { body: { ...cook, ...given } });
  expect((await add({ email: "b@example.org", role: "operator", kitchens: [] })).statusCode).toBe(
    403,
  );
  expect((await add({ email: "b@example.org", kitchens: [otherSppgId] })).body).toBe(missing);
});

test("the last operator stays one, whatever another operator's request says", async (t) => {
  const made = await createKitchenApi(t);
  const first = await made.signIn("operator");
  const second = await made.signIn("operator");
  const disable = (client: Client, { email }: { email: string }) =>
    client.send("PUT", `/api/people/${encodeURIComponent(email)}`, {
      body: { role: "operator", kitchens: [], isEnabled: false, expectedVersion: 1 },
    });
  expect((await disable(first, first)).statusCode).toBe(403);
  expect((await disable(first, second)).statusCode).toBe(200);
  // As a request that was let in before its person was disabled.
  const late = made.registry.updateUser({ email: first.email, enabled: false }, "user:late");
  await expect(late).rejects.toMatchObject({ code: "REGISTRY_OPERATOR_LAST" });
});

test("people are paged by address, searched literally, and filtered by kitchen", async (t) => {
  const made = await createKitchenApi(t);
  const operator = await made.signIn("operator");
  for (const name of ["a_1", "a-1", "b1", "c1"]) {
    await made.registry.addUser(
      { email: `${name}@example.org`, role: "viewer", kitchens: [otherSppgId] },
      "cli",
    );
  }
  const emails = async (query: string): Promise<string[]> => {
    const { people } = (await operator.get(`/api/people?${query}`)).json();
    return people.map(({ email }: { email: string }) => email.split("@")[0]);
  };
  expect(await emails("search=a_")).toEqual(["a_1"]);
  expect(await emails("search=%25")).toEqual([]);
  expect(await emails(`kitchen=${otherSppgId}`)).toEqual(["a-1", "a_1", "b1", "c1"]);
  expect((await operator.get("/api/people?kitchen=sppg-nowhere-1")).statusCode).toBe(404);
  const all: string[] = [];
  let url: string | undefined = "/api/people?limit=2";
  while (url !== undefined) {
    const answer = await operator.get(url);
    for (const { email } of answer.json().people) all.push(email.split("@")[0]);
    url = /<(.*)>; rel="next"/.exec(String(answer.headers["link"]))?.[1];
  }
  expect(all).toEqual(["a-1", "a_1", "b1", "c1", "operator-1"]);
  for (const cursor of ["x", "bnVsbA", "WzFd", "A".repeat(100)]) {
    expect((await operator.get(`/api/people?cursor=${cursor}`)).statusCode).toBe(400);
  }
});

async function sessionsOf(client: Client, query = "") {
  return (await client.get(`/api/sessions/everybody${query}`)).json<{
    sessions: { email: string; sessionId: string; isCurrent: boolean }[];
    nextCursor: string | null;
  }>();
}

test("an operator sees everybody's sessions and ends one; nobody else does", async (t) => {
  const made: KitchenApi = await createKitchenApi(t);
  const head = await made.signIn("head");
  const operator = await made.signIn("operator");
  const { sessions } = await sessionsOf(operator);
  const seen = new Map(sessions.map(({ email, isCurrent }) => [email, isCurrent]));
  expect(seen).toEqual(
    new Map([
      [head.email, false],
      [operator.email, true],
    ]),
  );
  const first = await sessionsOf(operator, "?limit=1");
  const rest = await sessionsOf(operator, `?limit=1&cursor=${first.nextCursor}`);
  expect([...first.sessions, ...rest.sessions]).toEqual(sessions);
  const [own] = (await sessionsOf(operator, `?person=${head.email.slice(1, 8).toUpperCase()}`))
    .sessions;
  const url = `/api/people/${encodeURIComponent(head.email)}/sessions/${own?.sessionId}`;
  expect((await head.send("DELETE", url)).statusCode).toBe(403);
  expect((await head.get("/api/sessions/everybody")).statusCode).toBe(403);
  expect((await operator.send("DELETE", url)).statusCode).toBe(204);
  expect((await head.get("/api/session")).statusCode).toBe(401);
  expect((await operator.send("DELETE", url)).statusCode).toBe(404);
});
