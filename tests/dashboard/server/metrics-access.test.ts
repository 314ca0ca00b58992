import { Registry } from "@prometheus-io/client";
import type { InjectOptions } from "fastify";
import { pino } from "pino";
import { expect, type TestContext, test } from "vitest";
import { createHttpApp } from "../../../dashboard/server/app.ts";
import { loadHttpConfig } from "../../../dashboard/server/config.ts";

const token = "0123456789abcdef0123";
const bearer = { authorization: `Bearer ${token}` };

/** Asks `/metrics` of a service with this environment; the answer's status. */
function createAsk(t: TestContext, env: Record<string, string> = {}) {
  const app = createHttpApp({
    config: loadHttpConfig({ NADI_HTTP_PORT: "0", ...env }),
    log: pino({ level: "silent" }),
    metrics: new Registry(),
    readiness: [],
  });
  t.onTestFinished(() => app.stop());
  return async (request: Pick<InjectOptions, "headers" | "remoteAddress">) => {
    const answer = await app.server.inject({ url: "/metrics", ...request });
    const isForbidden = answer.body.includes('"DASHBOARD_METRICS_FORBIDDEN"');
    expect(isForbidden).toBe(answer.statusCode === 403);
    return answer.statusCode;
  };
}

test("callers from elsewhere, or proxied, need the token", async (t) => {
  const ask = createAsk(t, { NADI_METRICS_TOKEN: token });
  const far = { remoteAddress: "192.0.2.7" };
  expect(await ask({})).toBe(200);
  expect(await ask(far)).toBe(403);
  expect(await ask({ headers: { "x-forwarded-for": "192.0.2.7" } })).toBe(403);
  expect(await ask({ ...far, headers: { authorization: `Bearer ${token}x` } })).toBe(403);
  expect(await ask({ ...far, headers: bearer })).toBe(200);
});

test("without a configured token no bearer opens it", async (t) => {
  const ask = createAsk(t);
  const far = { remoteAddress: "192.0.2.7", headers: { authorization: "Bearer " } };
  expect(await ask(far)).toBe(403);
});

test("where a proxy stands before Nadi, this machine needs the token too", async (t) => {
  for (const env of [
    { NADI_PUBLIC_URL: "https://nadi.example" },
    { NADI_PUBLIC_URL: "https://nadi.example", NADI_TRUSTED_PROXIES: "127.0.0.1" },
  ]) {
    const ask = createAsk(t, { ...env, NADI_METRICS_TOKEN: token });
    expect(await ask({})).toBe(403);
    expect(await ask({ headers: bearer })).toBe(200);
  }
});

test("a page whose name leads to this machine reads nothing", async (t) => {
  const ask = createAsk(t);
  for (const host of ["evil.example", "evil.example:8080", "localhost.evil.example", "x y"]) {
    expect([host, await ask({ headers: { host } })]).toEqual([host, 403]);
  }
  for (const host of ["localhost:8080", "127.0.0.1", "127.0.0.1:8080", "[::1]:8080"]) {
    expect([host, await ask({ headers: { host } })]).toEqual([host, 200]);
  }
});
