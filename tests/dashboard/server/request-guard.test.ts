import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { createKitchenApi } from "./kitchen-api.ts";

const json = "application/json";
const own = "https://nadi.example";

/** What a browser or a tool sends with a sign-in, and what must come of it. */
const cases: { name: string; headers: Record<string, string>; status: number }[] = [
  { name: "a tool", headers: {}, status: 401 },
  { name: "our page", headers: { origin: own, "sec-fetch-site": "same-origin" }, status: 401 },
  { name: "our page in an old browser", headers: { origin: own }, status: 401 },
  { name: "another site", headers: { origin: "https://evil.example" }, status: 403 },
  { name: "a sandboxed frame", headers: { origin: "null" }, status: 403 },
  { name: "an empty origin", headers: { origin: "" }, status: 403 },
  {
    name: "our name, longer",
    headers: { origin: "https://nadi.example.evil.example" },
    status: 403,
  },
  { name: "our name over HTTP", headers: { origin: "http://nadi.example" }, status: 403 },
  { name: "our name, other port", headers: { origin: "https://nadi.example:444" }, status: 403 },
  { name: "our name in capitals", headers: { origin: "https://NADI.example" }, status: 403 },
  { name: "cross-site without origin", headers: { "sec-fetch-site": "cross-site" }, status: 403 },
  { name: "a sister site", headers: { origin: own, "sec-fetch-site": "same-site" }, status: 403 },
  { name: "no page at all", headers: { "sec-fetch-site": "none" }, status: 403 },
  { name: "a form", headers: { "content-type": "application/x-www-form-urlencoded" }, status: 415 },
  { name: "a form of text", headers: { "content-type": "text/plain" }, status: 415 },
  { name: "a file", headers: { "content-type": "multipart/form-data; boundary=x" }, status: 415 },
  { name: "almost JSON", headers: { "content-type": "application/jsonp" }, status: 415 },
  { name: "no type", headers: { "content-type": "" }, status: 415 },
  {
    name: "JSON with a charset",
    headers: { "content-type": `${json}; charset=utf-8` },
    status: 401,
  },
];

test("what changes something comes as JSON, from our own page or from no page", async (t) => {
  const made = await createKitchenApi(t, { NADI_PUBLIC_URL: own });
  const login = { email: "x@example.org", password: "x" };
  for (const [index, { name, headers, status }] of cases.entries()) {
    const answer = await made.server.inject({
      method: "POST",
      url: "/api/session",
      headers: { "content-type": json, ...headers },
      payload: JSON.stringify({ ...login, email: `x${index}@example.org` }),
    });
    expect([name, answer.statusCode]).toEqual([name, status]);
  }
});

test("a foreign page can't end a session, though the browser sends the cookie", async (t) => {
  const made = await createKitchenApi(t);
  const head = await made.signIn("head");
  const foreign = { headers: { origin: "https://evil.example" } };
  expect((await head.send("DELETE", "/api/session", foreign)).statusCode).toBe(403);
  expect(made.audit.at(-1)).toMatchObject({
    actor: "anonymous",
    action: "http.refused",
    subject: "signOut",
    detail: { because: "DASHBOARD_ORIGIN_FORBIDDEN" },
  });
  expect((await head.get("/api/session")).statusCode).toBe(200);
});

test("without NADI_PUBLIC_URL our origin is the address that the request came to", async (t) => {
  const made = await createKitchenApi(t);
  const ask = (host: string, origin: string) =>
    made.post("/api/session", { email: "x@example.org", password: "x" }, { host, origin });
  expect((await ask("127.0.0.1:8080", "http://127.0.0.1:8080")).statusCode).toBe(401);
  expect((await ask("127.0.0.1:8080", "http://127.0.0.1:8081")).statusCode).toBe(403);
  expect((await ask("127.0.0.1:8080", "https://127.0.0.1:8080")).statusCode).toBe(403);
});

test("a foreign request is refused before its cookie or body is looked at", async (t) => {
  const made = await createKitchenApi(t);
  const headers = { origin: "https://evil.example", "content-type": json };
  const payload = "{".repeat(1_000);
  const url = "/api/session";
  const answer = await made.server.inject({ method: "POST", url, headers, payload });
  expect(answer.json()).toMatchObject({ code: "DASHBOARD_ORIGIN_FORBIDDEN" });
});

test("an address longer than 2 KB is refused", async (t) => {
  const made = await createKitchenApi(t);
  const head = await made.signIn("head");
  const answer = await head.get(`/api/kitchens?x=${"a".repeat(2_100)}`);
  expect(answer.json()).toMatchObject({ status: 414, code: "DASHBOARD_URL_TOO_LONG" });
});

test("hostile JSON is refused, and nothing of it reaches a prototype", async (t) => {
  const made = await createKitchenApi(t);
  const bodies = [
    '{"__proto__":{"role":"operator"},"email":"x","password":"x"}',
    '{"constructor":{"prototype":{"role":"operator"}},"email":"x","password":"x"}',
    `${"[".repeat(30_000)}${"]".repeat(30_000)}`,
    `{${Array.from({ length: 5_000 }, (_, at) => `"k${at}":1`).join(",")}}`,
    '{"email":"x@example.org","password":"x","role":"operator"}',
    '{"email":["x@example.org"],"password":{"$ne":null}}',
    '"x"',
    "null",
    "",
  ];
  for (const payload of bodies) {
    const answer = await made.server.inject({
      method: "POST",
      url: "/api/session",
      headers: { "content-type": json },
      payload,
    });
    expect([payload.slice(0, 40), answer.statusCode]).toEqual([payload.slice(0, 40), 400]);
    expect(answer.body.length).toBeLessThan(6_000);
  }
  expect(Object.hasOwn(Object.prototype, "role")).toBe(false);
});

test("a gzip bomb is refused unread, whatever it would be", async (t) => {
  const made = await createKitchenApi(t);
  const unpackedBytes = 48 * 1024 * 1024;
  const bomb = gzipSync(Buffer.alloc(unpackedBytes, " "));
  // Small enough for the limit of bodies: only its encoding gives it away.
  expect(bomb.length).toBeLessThan(64 * 1024);
  const headers = { "content-type": json, "content-encoding": "gzip" };
  const before = process.memoryUsage().rss;
  for (const url of ["/api/session", "/api/people"]) {
    const answer = await made.server.inject({ method: "POST", url, headers, payload: bomb });
    expect(answer.json()).toMatchObject({
      status: 415,
      code: "DASHBOARD_MEDIA_TYPE_UNSUPPORTED",
    });
  }
  expect(process.memoryUsage().rss - before).toBeLessThan(unpackedBytes / 2);
  const plain = { "content-type": json, "content-encoding": "identity" };
  const payload = JSON.stringify({ email: "x@example.org", password: "x" });
  const asked = { method: "POST", url: "/api/session", headers: plain, payload } as const;
  expect((await made.server.inject(asked)).statusCode).toBe(401);
});

test("nobody becomes an operator by what JSON can say of prototypes", async (t) => {
  const made = await createKitchenApi(t);
  const head = await made.signIn("head");
  const person = '"email":"x@example.org","role":"cook","kitchens":["sppg-jakarta-001"]';
  for (const pollution of [
    '"__proto__":{"role":"operator"}',
    '"constructor":{"prototype":{"role":"operator"}}',
    '"prototype":{"role":"operator"}',
  ]) {
    const answer = await made.server.inject({
      method: "POST",
      url: "/api/people",
      headers: { cookie: head.cookie, "content-type": json },
      payload: `{${pollution},${person}}`,
    });
    expect([pollution, answer.statusCode]).toEqual([pollution, 400]);
  }
  const { email } = head;
  expect(await made.registry.findUser("x@example.org")).toBeNull();
  expect(await made.registry.findUser(email)).toMatchObject({ role: "head" });
  expect(Object.hasOwn(Object.prototype, "role")).toBe(false);
});

test("a body beyond 64 KB is refused before anybody parses it, signed in or not", async (t) => {
  const made = await createKitchenApi(t);
  const head = await made.signIn("head");
  const note = "x".repeat(65 * 1024);
  const post = (url: string, cookie: string) =>
    made.server.inject({
      method: "POST",
      url,
      headers: { "content-type": json, cookie },
      payload: JSON.stringify({ note }),
    });
  const tooLarge = { status: 413, code: "DASHBOARD_BODY_TOO_LARGE" };
  expect((await post("/api/session", "")).json()).toMatchObject(tooLarge);
  expect((await post("/api/people", head.cookie)).json()).toMatchObject(tooLarge);
});
