import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { get as httpsGet } from "node:https";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { Counter, Registry } from "@prometheus-io/client";
import { pino } from "pino";
import { expect, type TestContext, test } from "vitest";
import { createHttpApp, type HttpApp, type HttpAppOptions } from "../../../dashboard/server/app.ts";
import { loadHttpConfig } from "../../../dashboard/server/config.ts";
import { type ReadinessCheck, checkReadiness } from "../../../dashboard/server/readiness.ts";

interface AppSettings {
  env?: Record<string, string>;
  readiness?: ReadinessCheck[];
  lines?: string[];
}

function createApp(t: TestContext, settings: AppSettings = {}): HttpApp {
  const metrics = new Registry();
  new Counter({ name: "nadi_test_total", help: "A counter.", registers: [metrics] }).inc(3);
  const write = (line: string) => settings.lines?.push(line);
  const options: HttpAppOptions = {
    config: loadHttpConfig({ NADI_HTTP_PORT: "0", ...settings.env }),
    log: pino({ level: "info" }, { write }),
    metrics,
    readiness: settings.readiness ?? [],
  };
  const app = createHttpApp(options);
  t.onTestFinished(() => app.stop());
  return app;
}

test("/livez answers 200 while the loop turns, ready or not", async (t) => {
  const app = createApp(t, {
    readiness: [{ name: "x", check: () => ({ ok: false, detail: "" }) }],
  });
  const { url } = await app.start();
  const response = await fetch(`${url}/livez`);
  expect(response.status).toBe(200);
});

test("/readyz lists each check by name and is 200 only when all hold", async (t) => {
  const disk = { ok: true, detail: "12 GB free" };
  const app = createApp(t, {
    readiness: [
      { name: "disk", check: () => disk },
      { name: "journal", check: async () => ({ ok: true, detail: "file" }) },
    ],
  });
  const ready = await app.server.inject("/readyz");
  expect(ready.statusCode).toBe(200);
  expect(ready.json()).toEqual({
    ok: true,
    checks: [
      { name: "disk", ok: true, detail: "12 GB free" },
      { name: "journal", ok: true, detail: "file" },
    ],
  });
  disk.ok = false;
  const red = await app.server.inject("/readyz");
  expect(red.statusCode).toBe(503);
  expect(red.json()).toMatchObject({ ok: false, checks: [{ name: "disk", ok: false }, {}] });
});

test("a readiness check that throws or hangs has failed, and the others still answer", async () => {
  const report = await checkReadiness(
    [
      { name: "throws", check: () => Promise.reject(new Error("no log")) },
      { name: "hangs", check: () => new Promise(() => undefined) },
      { name: "holds", check: () => ({ ok: true, detail: "fine" }) },
    ],
    10,
  );
  expect(report).toEqual({
    ok: false,
    checks: [
      { name: "throws", ok: false, detail: "no log" },
      { name: "hangs", ok: false, detail: "no answer within 10 ms" },
      { name: "holds", ok: true, detail: "fine" },
    ],
  });
});

test("a crowd that asks /readyz at once costs one check", async (t) => {
  const held = Promise.withResolvers<{ ok: boolean; detail: string }>();
  let checks = 0;
  const check = () => {
    checks += 1;
    return held.promise;
  };
  const app = createApp(t, { readiness: [{ name: "disk", check }] });
  await app.server.ready();
  const answers = Promise.all(Array.from({ length: 20 }, () => app.server.inject("/readyz")));
  held.resolve({ ok: true, detail: "" });
  expect((await answers).map(({ statusCode }) => statusCode)).toEqual(Array(20).fill(200));
  expect(checks).toBe(1);
  await app.server.inject("/readyz");
  expect(checks).toBe(2);
});

test("a request must arrive whole within 10 s", (t) => {
  const { server } = createApp(t).server;
  expect(server).toMatchObject({ headersTimeout: 10_000, requestTimeout: 10_000 });
});

test("a client that sends requests without waiting for answers is cut off", async (t) => {
  const { port } = await createApp(t).start();
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => socket.destroy());
  const closed = once(socket.resume(), "close");
  // Also addresses that fastify refuses before any hook.
  socket.write("GET /%zz HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(100));
  await closed;
  expect((await fetch(`http://127.0.0.1:${port}/livez`)).status).toBe(200);
});

test("/metrics answers Prometheus text to this machine itself", async (t) => {
  const { url } = await createApp(t).start();
  const response = await fetch(`${url}/metrics`);
  expect(response.headers.get("content-type")).toMatch(/^text\/plain/);
  expect(await response.text()).toContain("nadi_test_total 3");
});

test("HEAD is answered nowhere", async (t) => {
  const app = createApp(t);
  for (const url of ["/livez", "/readyz", "/metrics"]) {
    expect((await app.server.inject({ method: "HEAD", url })).statusCode).toBe(404);
  }
});

test("errors are problem documents with a stable code and a page of their own", async (t) => {
  const app = createApp(t);
  app.server.post("/echo", (request) => ({ body: request.body }));
  const missing = await app.server.inject("/nowhere");
  expect(missing.headers["content-type"]).toMatch(/^application\/problem\+json/);
  expect(missing.json()).toEqual({
    type: "/problems/DASHBOARD_NOT_FOUND",
    title: "There is nothing at this address.",
    status: 404,
    code: "DASHBOARD_NOT_FOUND",
  });
  const page = await app.server.inject(missing.json().type);
  expect(page.body).toContain("Tidak ada");
  const headers = { "content-type": "application/json" };
  const broken = { method: "POST", url: "/echo", headers, payload: "{" } as const;
  expect((await app.server.inject(broken)).json()).toMatchObject({
    status: 400,
    code: "DASHBOARD_REQUEST_INVALID",
  });
  const large = { ...broken, payload: JSON.stringify("x".repeat(65 * 1024)) };
  expect((await app.server.inject(large)).json()).toMatchObject({
    status: 413,
    code: "DASHBOARD_BODY_TOO_LARGE",
  });
  expect((await app.server.inject("/%zz")).json()).toMatchObject({
    code: "DASHBOARD_REQUEST_INVALID",
  });
  expect((await app.server.inject("/problems/constructor")).statusCode).toBe(404);
});

test("a failure of ours tells its cause to the log and not to the caller", async (t) => {
  const lines: string[] = [];
  const app = createApp(t, { lines });
  app.server.get("/fails", () => {
    throw new Error("the database password is wrong");
  });
  const response = await app.server.inject("/fails");
  expect(response.statusCode).toBe(500);
  expect(response.json()).toMatchObject({ code: "DASHBOARD_INTERNAL" });
  expect(response.body).not.toContain("password");
  expect(lines.join("")).toContain("the database password is wrong");
});

test("every answer carries the security headers", async (t) => {
  const app = createApp(t);
  for (const url of ["/", "/nowhere", "/readyz"]) {
    const { headers } = await app.server.inject(url);
    expect(headers["x-content-type-options"]).toBe("nosniff");
    expect(headers["content-security-policy"]).toContain("default-src 'none'");
    expect(headers["cache-control"]).toBe("no-store");
  }
});

test("start and stop may be called twice, and stop frees the port", async (t) => {
  const app = createApp(t);
  const [first, second] = await Promise.all([app.start(), app.start()]);
  expect(second).toEqual(first);
  await fetch(`${first.url}/livez`);
  await Promise.all([app.stop(), app.stop()]);
  const socket = connect(first.port, "127.0.0.1");
  const refused = Promise.withResolvers<NodeJS.ErrnoException>();
  socket.once("error", refused.resolve);
  expect((await refused.promise).code).toBe("ECONNREFUSED");
});

test("with a certificate the same port speaks HTTPS and asks browsers to stay on it", async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), "nadi-http-"));
  t.onTestFinished(() => rmSync(folder, { recursive: true }));
  const certFile = path.join(folder, "cert.pem");
  const keyFile = path.join(folder, "key.pem");
  const kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const files = ["-keyout", keyFile, "-out", certFile, "-subj", "/CN=localhost"];
  execFileSync("openssl", ["req", ...kind, ...files], { stdio: "ignore" });
  const app = createApp(t, { env: { NADI_TLS_CERT: certFile, NADI_TLS_KEY: keyFile } });
  const { url } = await app.start();
  expect(url).toMatch(/^https:/);
  const answered = Promise.withResolvers<string | undefined>();
  const request = httpsGet(
    `${url}/livez`,
    { rejectUnauthorized: false, agent: false },
    (answer) => {
      answer.resume();
      answered.resolve(answer.headers["strict-transport-security"]);
    },
  );
  request.once("error", answered.reject);
  expect(await answered.promise).toContain("max-age");
});

test("what keeps HTTP from starting is told with its variable", async (t) => {
  const { port } = await createApp(t).start();
  await expect(createApp(t, { env: { NADI_HTTP_PORT: String(port) } }).start()).rejects.toThrow(
    `NADI_HTTP_PORT is ${port}, which another program has (EADDRINUSE at 127.0.0.1)`,
  );
  const elsewhere = { NADI_HTTP_HOST: "192.0.2.1", NADI_INSECURE_HTTP: "yes" };
  await expect(createApp(t, { env: elsewhere }).start()).rejects.toThrow(
    "NADI_HTTP_HOST is 192.0.2.1, which is no address of this machine",
  );
  const tls = { NADI_TLS_CERT: "/nowhere.pem", NADI_TLS_KEY: "/nowhere.key" };
  expect(() => createApp(t, { env: tls })).toThrow(
    "NADI_TLS_CERT names /nowhere.pem, which is not",
  );
});
