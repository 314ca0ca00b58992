import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import type { FastifyReply, FastifyRequest } from "fastify";
import { pagePaths } from "../contract/index.ts";
import type { HttpServer } from "./app.ts";
import type { HttpConfig } from "./config.ts";
import { sendProblem } from "./problems.ts";

/** A built page, as `build-web-page.ts` leaves it. */
export interface WebPage {
  index: PageFile;
  /** By address, e.g. `/assets/index-BU_XLX14.css`. */
  files: ReadonlyMap<string, PageFile>;
}

interface PageFile {
  type: string;
  body: Buffer;
  /** `null` where compression gains nothing. */
  gzip: Buffer | null;
  etag: string;
}

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".json": "application/json; charset=utf-8",
  ".webmanifest": "application/manifest+json",
};

/**
 * The page's own files and calls, and nothing from anywhere else; no inline script or style.
 * `imageOrigin`: the operator's server of map tiles, for images alone.
 */
export function pagePolicy(imageOrigin: string | null): string {
  return [
    "default-src 'self'",
    ...(imageOrigin === null ? [] : [`img-src 'self' ${imageOrigin}`]),
    "worker-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "object-src 'none'",
  ].join("; ");
}

/** At the root, because a worker is in charge of what lies below its own address. */
const workerAddress = "/sw.js";
const workerPolicy = "default-src 'none'; connect-src 'self'; frame-ancestors 'none'";

/**
 * Reads the built page whole, so that a build beside a running Nadi never mixes two versions.
 * `null`: there is none. A folder, and what is of no known type, is left out.
 */
export function readWebPage(directory: string): WebPage | null {
  const names = listFiles(directory);
  if (names === null) return null;
  const files = new Map<string, PageFile>();
  for (const name of names) {
    const type = types[path.extname(name)];
    if (type === undefined) continue;
    const body = readFileSync(path.join(directory, name));
    const gzip = names.includes(`${name}.gz`)
      ? readFileSync(path.join(directory, `${name}.gz`))
      : null;
    const etag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
    files.set(`/${name}`, { type, body, gzip, etag });
  }
  const index = files.get("/index.html");
  files.delete("/index.html");
  return index === undefined ? null : { index, files };
}

function listFiles(directory: string): string[] | null {
  try {
    return readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(directory, path.join(entry.parentPath, entry.name)))
      .map((name) => name.replaceAll(path.sep, "/"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

/** Answers the addresses of pages with the page, and its files; nothing else. */
export function registerWebPage(server: HttpServer, page: WebPage, { map }: HttpConfig): void {
  const { index, files } = page;
  const policy = pagePolicy(map.kind === "raster" ? map.origin : null);
  for (const address of Object.values(pagePaths)) {
    server.get(address, (request, reply) => {
      reply.header("content-security-policy", policy);
      // Kept, but asked about each time: it names the files of one version.
      return sendFile(request, reply.header("cache-control", "no-cache"), index);
    });
  }
  for (const [address, file] of files) {
    if (address.startsWith("/assets/")) continue;
    server.get(address, (request, reply) => {
      // A worker is bound by its own answer's policy, not by the page's: it must reach our origin.
      if (address === workerAddress) reply.header("content-security-policy", workerPolicy);
      return sendFile(request, reply.header("cache-control", "no-cache"), file);
    });
  }
  server.get<{ Params: { name: string } }>("/assets/:name", (request, reply) => {
    const file = files.get(`/assets/${request.params.name}`);
    if (file === undefined) return sendProblem(reply, "DASHBOARD_NOT_FOUND");
    // Its name holds a hash of what is in it.
    reply.header("cache-control", "public, max-age=31536000, immutable");
    return sendFile(request, reply, file);
  });
}

function sendFile(request: FastifyRequest, reply: FastifyReply, file: PageFile): FastifyReply {
  reply.headers({ etag: file.etag, vary: "accept-encoding" });
  if (request.headers["if-none-match"] === file.etag) return reply.code(304).send();
  reply.type(file.type);
  const takesGzip = /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?(?:,|$))/.test(
    request.headers["accept-encoding"] ?? "",
  );
  if (file.gzip === null || !takesGzip) return reply.send(file.body);
  return reply.header("content-encoding", "gzip").send(file.gzip);
}
