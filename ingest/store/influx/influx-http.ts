import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { HttpError, InfluxDB } from "@influxdata/influxdb-client";
import { bucketOf, type InfluxConfig, type InfluxLimits, type LevelName } from "./influx-config.ts";
import { AnswerTooLong, InfluxError } from "./influx-errors.ts";

export interface InfluxRequest {
  method: "GET" | "POST" | "PATCH";
  /** With its query string. */
  path: string;
  body?: string;
  contentType?: string;
  deadlineMs: number;
  /** Another status is a failure: a proxy's friendly page has stored nothing. */
  expect?: readonly number[];
}

/** Requests to one InfluxDB; each ends within its deadline. */
export interface InfluxHttp {
  readonly config: InfluxConfig;
  readonly limits: InfluxLimits;
  /** Resolves with the whole body; rejects with an `InfluxError`. */
  send(request: InfluxRequest): Promise<string>;
  /** Line protocol in ns; resolves when the server has taken all of it. */
  write(level: LevelName, lines: string): Promise<void>;
  /** Ends what is under way. */
  abort(): void;
  close(): void;
}

/** A writer has one request under way, a reader a few; more sockets would wait for nothing. */
const socketsMax = 8;

/**
 * Stands on the transport of `@influxdata/influxdb-client`. Its `WriteApi` is not used: it sends
 * in the background, and neither `flush()` nor `close()` waits for that.
 */
export function connectInflux(config: InfluxConfig, limits: InfluxLimits): InfluxHttp {
  const agentOptions = { keepAlive: true, maxSockets: socketsMax };
  const isTls = config.url.startsWith("https:");
  const agent = isTls ? new HttpsAgent(agentOptions) : new HttpAgent(agentOptions);
  const { transport } = new InfluxDB({
    url: config.url,
    headers: loginHeaders(config),
    timeout: Math.max(limits.writeMsMax, limits.queryMsMax),
    transportOptions: { agent },
  });
  const running = new Set<AbortController>();
  const send = async (request: InfluxRequest): Promise<string> => {
    const controller = new AbortController();
    running.add(controller);
    try {
      return await sendOnce(request, { transport, controller, limits });
    } finally {
      running.delete(controller);
    }
  };
  return {
    config,
    limits,
    send,
    async write(level, lines) {
      const path = writePath(config, level);
      await send({
        method: "POST",
        path,
        body: lines,
        deadlineMs: limits.writeMsMax,
        expect: [204],
      });
    },
    abort: () => running.forEach((controller) => controller.abort()),
    close() {
      for (const controller of running) controller.abort();
      agent.destroy();
    },
  };
}

interface Sending {
  transport: InfluxDB["transport"];
  controller: AbortController;
  limits: InfluxLimits;
}

function sendOnce(request: InfluxRequest, sending: Sending): Promise<string> {
  const { transport, controller, limits } = sending;
  const { method, path, body = "", contentType = "text/plain; charset=utf-8" } = request;
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const fail = (error: unknown): void => {
    reject(toInfluxError(error, request));
    // The socket of a failed request is not used again.
    controller.abort();
  };
  const timer = setTimeout(() => {
    fail(new InfluxError(`no answer within ${request.deadlineMs} ms`, {}));
  }, request.deadlineMs);
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  let status = 0;
  const { signal } = controller;
  const options = { method, headers: { "content-type": contentType }, signal };
  transport.send(path, body, options, {
    responseStarted(_headers, statusCode) {
      status = statusCode ?? 0;
    },
    next(chunk) {
      bytes += chunk.length;
      if (bytes <= limits.answerBytesMax) text += decoder.decode(chunk, { stream: true });
      else fail(new AnswerTooLong(`more than ${limits.answerBytesMax} bytes of answer`, {}));
    },
    error: fail,
    complete() {
      if (request.expect?.includes(status) ?? true) resolve(text);
      else fail(new InfluxError(`the answer to a write was ${status}, not 204`, { status }));
    },
  });
  return promise.finally(() => clearTimeout(timer));
}

/** 3 Core's own paths know `Bearer` alone, which its compatible ones take too. */
function loginHeaders({ version, token, login }: InfluxConfig): Record<string, string> {
  if (token !== null) return { authorization: `${version === 3 ? "Bearer" : "Token"} ${token}` };
  if (login === null) return {};
  const pair = Buffer.from(`${login.username}:${login.password}`, "utf8").toString("base64");
  return { authorization: `Basic ${pair}` };
}

/** The path with its query string. */
export function withParameters(path: string, parameters: Record<string, string>): string {
  return `${path}?${new URLSearchParams(parameters).toString()}`;
}

/** 1.x has no `/api/v2/write` before 1.8; 3 Core takes that of 2.x. */
function writePath(config: InfluxConfig, level: LevelName): string {
  if (config.version === 1) {
    return withParameters("/write", { db: config.bucket, rp: level, precision: "ns" });
  }
  const org = config.org === null ? {} : { org: config.org };
  const bucket = bucketOf(config, level);
  return withParameters("/api/v2/write", { ...org, bucket, precision: "ns" });
}

/** Statuses and texts of the server, without anything of the request: it holds the secrets. */
function toInfluxError(error: unknown, { path }: InfluxRequest): InfluxError {
  if (error instanceof InfluxError) return error;
  const place = path.split("?", 1)[0];
  if (error instanceof HttpError) {
    const { statusCode: status, body = "" } = error;
    const retryAfterMs = parseRetryAfter(error.headers?.["retry-after"]);
    const message = `${place} answered ${status} ${describeBody(body)}`.trimEnd();
    return new InfluxError(message, { status, retryAfterMs, cause: error });
  }
  const text = error instanceof Error ? error.message || error.name : String(error);
  return new InfluxError(`${place}: ${text}`, { cause: error });
}

/** 1.x and 3 say `error`, 2.x `message`; 3 tells each line's fault in `data`. */
function describeBody(body: string): string {
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed === "object" && parsed !== null) {
      const { error, message, data } = parsed as Record<string, unknown>;
      const texts = [error, message].filter((text) => typeof text === "string");
      const details = data === undefined || data === null ? [] : [JSON.stringify(data)];
      return [...texts, ...details].join(" ").slice(0, 500);
    }
  } catch {
    // Not JSON: a proxy's page, say. Its beginning tells more than nothing.
  }
  return body.slice(0, 200);
}

/** Seconds, or a date [RFC 9110 section 10.2.3]. */
function parseRetryAfter(header: string | string[] | undefined): number {
  if (typeof header !== "string") return 0;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : 0;
}
