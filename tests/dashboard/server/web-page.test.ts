import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { Registry as MetricsRegistry } from "@prometheus-io/client";
import { pino } from "pino";
import { expect, test, type TestContext } from "vitest";
import { createHttpApp } from "../../../dashboard/server/app.ts";
import { loadHttpConfig } from "../../../dashboard/server/config.ts";

const script = "console.log(1);".repeat(200);

/** A small page in the form that the builder leaves; `null`: none was built. */
function createPage(
  t: TestContext,
  files: Record<string, string | Buffer> | null,
  env: Record<string, string> = {},
) {
  const pageDirectory = mkdtempSync(path.join(tmpdir(), "nadi-page-"));
  t.onTestFinished(() => rmSync(pageDirectory, { recursive: true }));
  mkdirSync(path.join(pageDirectory, "assets"));
  for (const [name, content] of Object.entries(files ?? {})) {
    writeFileSync(path.join(pageDirectory, name), content);
  }
  const app = createHttpApp({
    config: loadHttpConfig({ NADI_HTTP_PORT: "0", ...env }),
    log: pino({ level: "silent" }),
    metrics: new MetricsRegistry(),
    readiness: [],
    pageDirectory,
  });
  t.onTestFinished(() => app.stop());
  return app.server;
}

const files = {
  "index.html": "<!doctype html><title>Nadi</title>",
  "theme.js": "1;",
  ".sources": "secret",
  "assets/index-abc.js": script,
  "assets/index-abc.js.gz": gzipSync(script),
};

test("every page's address answers with the page, which is asked about each time", async (t) => {
  const server = createPage(t, files);
  for (const url of ["/", "/?x=1", "/kitchens/sppg-jakarta-001", "/alerts?state=resolved"]) {
    const answer = await server.inject(url);
    expect(answer.statusCode).toBe(200);
    expect(answer.body).toBe(files["index.html"]);
    expect(answer.headers["content-type"]).toBe("text/html; charset=utf-8");
    expect(answer.headers["cache-control"]).toBe("no-cache");
    const again = await server.inject({
      url,
      headers: { "if-none-match": String(answer.headers.etag) },
    });
    expect(again.statusCode).toBe(304);
    expect(again.body).toBe("");
  }
});

test("the page's policy lets nothing inline run, and nothing foreign load", async (t) => {
  const { headers } = await createPage(t, files).inject("/");
  const policy = String(headers["content-security-policy"]);
  expect(policy).toContain("default-src 'self'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toMatch(/unsafe|data:|blob:|https?:|\*/);
  expect(headers["x-content-type-options"]).toBe("nosniff");
});

test("an operator's map tiles open the policy for images of that one origin, and no more", async (t) => {
  const closed = await createPage(t, files).inject("/fleet");
  const tiles = { NADI_MAP_TILES_URL: "https://tiles.example:8443/osm/{z}/{x}/{y}.png" };
  const opened = await createPage(t, files, tiles).inject("/fleet");
  const policyOf = ({ headers }: typeof opened): string[] =>
    String(headers["content-security-policy"]).split("; ");
  expect(policyOf(closed)).toEqual([
    "default-src 'self'",
    "worker-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "object-src 'none'",
  ]);
  expect(policyOf(opened)).toEqual([
    "default-src 'self'",
    "img-src 'self' https://tiles.example:8443",
    ...policyOf(closed).slice(1),
  ]);
});

test("the service worker may reach our own origin, and nothing else", async (t) => {
  const server = createPage(t, { ...files, "sw.js": "1;" });
  const { headers } = await server.inject("/sw.js");
  expect(headers["content-type"]).toBe("text/javascript; charset=utf-8");
  expect(headers["cache-control"]).toBe("no-cache");
  const policy = String(headers["content-security-policy"]);
  expect(policy).toBe("default-src 'none'; connect-src 'self'; frame-ancestors 'none'");
  const page = await server.inject("/wall/sppg-jakarta-001");
  expect(String(page.headers["content-security-policy"])).toContain("worker-src 'self'");
});

test("a file with a hash in its name is kept for good, and compressed for who takes it", async (t) => {
  const server = createPage(t, files);
  const url = "/assets/index-abc.js";
  const plain = await server.inject(url);
  expect(plain.body).toBe(script);
  expect(plain.headers["cache-control"]).toBe("public, max-age=31536000, immutable");
  expect(plain.headers.vary).toBe("accept-encoding");
  const gzip = await server.inject({ url, headers: { "accept-encoding": "br, gzip" } });
  expect(gzip.headers["content-encoding"]).toBe("gzip");
  expect(gunzipSync(gzip.rawPayload).toString()).toBe(script);
  const refused = await server.inject({ url, headers: { "accept-encoding": "gzip;q=0" } });
  expect(refused.headers["content-encoding"]).toBeUndefined();
});

test("no other address answers with the page, or with a file beside it", async (t) => {
  const server = createPage(t, files);
  const urls = [
    "/nowhere",
    "/api/nowhere",
    "/problems/NOWHERE",
    "/.sources",
    "/index.html.gz",
    "/assets/..%2f.sources",
    "/assets/%2e%2e/.sources",
    "/assets/index-old.js",
    "/kitchens/a/b",
  ];
  for (const url of urls) {
    const answer = await server.inject(url);
    expect(answer.statusCode, url).toBe(404);
    expect(answer.headers["content-type"], url).toContain("application/problem+json");
  }
});

test("without a built page the root names the addresses of the platform", async (t) => {
  const answer = await createPage(t, null).inject("/");
  expect(answer.json()).toMatchObject({ name: "nadi", see: { live: "/livez" } });
});
