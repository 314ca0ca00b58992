import { createServer as createPlainServer, type RequestListener, type Server } from "node:http";
import {
  createServer as createTlsServer,
  type ServerOptions as TlsServerOptions,
} from "node:https";
import { type AddressInfo, isIP } from "node:net";
import type { Registry } from "@prometheus-io/client";
import { type FastifyReply, fastify, LogController } from "fastify";
import type { Logger } from "pino";
import { shareOpenFiles } from "../../broker/index.ts";
import {
  CodedError,
  explainListenError,
  readConfiguredFile,
  useTlsFiles,
} from "../../devices/index.ts";
import { registerApi, type RegisteredApi } from "./api.ts";
import type { HttpConfig } from "./config.ts";
import { boundPipelining, limitConnections } from "./connection-limits.ts";
import { mayReadMetrics } from "./metrics-access.ts";
import { isProblemCode, type ProblemCode, problemMessages } from "./problem-messages.ts";
import { sendCodedProblem, sendProblem } from "./problems.ts";
import { checkReadiness, type ReadinessCheck } from "./readiness.ts";
import type { DashboardServices } from "./services.ts";
import { readWebPage, registerWebPage } from "./web-page.ts";

export interface HttpAppOptions {
  config: HttpConfig;
  log: Logger;
  metrics: Registry;
  /** What `/readyz` asks, in this order. */
  readiness: readonly ReadinessCheck[];
  /** Left out: status only, without people and the API. */
  api?: DashboardServices;
  /** Where the built page is; left out, or none there: `/` names the addresses instead. */
  pageDirectory?: string;
}

/** The HTTP service. `start` and `stop` may be called again: the second call awaits the first. */
export interface HttpApp {
  /** Routes and plugins are registered here before `start`. */
  readonly server: HttpServer;
  /** `null` without the services of the API. */
  readonly api: RegisteredApi | null;
  start(): Promise<{ url: string; port: number }>;
  /** Accepts nothing new, lets running requests end for at most `drainMsMax`. */
  stop(): Promise<void>;
}

export type HttpServer = ReturnType<typeof createServer>;

/** No request of ours carries a file; a menu document has its own limit on its own route. */
const bodyBytesMax = 64 * 1024;
const headerBytesMax = 16 * 1024;
/** A client that drips its request holds a socket for this long at most. */
const requestMsMax = 10_000;
/** How late Node may notice it: its default of 30 s would make 40 s of the 10. */
const timeoutCheckMs = 1_000;
/** Longer than the 60 s after which common proxies give up an idle connection. */
const keepAliveMs = 72_000;
/** A kitchen has tens of screens; beyond this a flood would take the broker's memory. */
const connectionsMax = 5_000;
/** The whole process has 5 s to end after SIGTERM. */
const drainMsMax = 2_000;

const securityHeaders = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

export function createHttpApp(options: HttpAppOptions): HttpApp {
  const server = createServer(options);
  answerErrors(server);
  registerStatusRoutes(server, options);
  const page = options.pageDirectory === undefined ? null : readWebPage(options.pageDirectory);
  if (page === null) registerIndex(server, options);
  else registerWebPage(server, page, options.config);
  const api = options.api === undefined ? null : registerApi(server, options.api, options);
  let starting: Promise<{ url: string; port: number }> | null = null;
  let stopping: Promise<void> | null = null;
  return {
    server,
    api,
    start: () => (starting ??= listen(server, options)),
    stop: () => (stopping ??= drain(server)),
  };
}

function createServer({ config, log }: HttpAppOptions) {
  const server = fastify({
    loggerInstance: log.child({ component: "http" }),
    // One line a request at debug, below, instead of two at info.
    logController: new LogController({ disableRequestLogging: true }),
    trustProxy: config.trustedProxies.length > 0 ? [...config.trustedProxies] : false,
    // A person's address in a path: RFC 5321 allows 254 characters, fastify 100.
    routerOptions: { maxParamLength: 254 },
    bodyLimit: bodyBytesMax,
    forceCloseConnections: "idle",
    // A HEAD would do all the work of its GET, and throw it away as fast as it comes.
    exposeHeadRoutes: false,
    serverFactory: (handle) => createNodeServer(config, handle),
    frameworkErrors: (error, _request, reply) => {
      sendProblem(reply, "DASHBOARD_REQUEST_INVALID", { detail: error.message });
    },
  });
  server.addHook("onRequest", async (request, reply) => {
    // A proxy may pass on what is no address: then the caller is the proxy's own.
    if (isIP(request.ip) === 0) delete request.raw.headers["x-forwarded-for"];
    reply.headers(securityHeaders);
    if (config.tls !== null) reply.header("strict-transport-security", "max-age=31536000");
  });
  server.addHook("onResponse", async (request, reply) => {
    request.log.debug(
      { method: request.method, route: request.routeOptions.url, status: reply.statusCode },
      "request answered",
    );
  });
  return server;
}

function createSecureServer(
  options: TlsServerOptions,
  { certFile, keyFile }: NonNullable<HttpConfig["tls"]>,
  handle: RequestListener,
): Server {
  const cert = readConfiguredFile("NADI_TLS_CERT", certFile);
  const key = readConfiguredFile("NADI_TLS_KEY", keyFile);
  return useTlsFiles(["NADI_TLS_CERT", "NADI_TLS_KEY"], () =>
    createTlsServer({ ...options, cert, key }, handle),
  );
}

/** Made here and not by fastify, which sets the timeouts too late to be looked at in time. */
function createNodeServer(config: HttpConfig, handle: RequestListener): Server {
  const options = {
    maxHeaderSize: headerBytesMax,
    headersTimeout: requestMsMax,
    requestTimeout: requestMsMax,
    connectionsCheckingInterval: timeoutCheckMs,
    keepAliveTimeout: keepAliveMs,
  };
  const bounded = boundPipelining(handle);
  const server =
    config.tls === null
      ? createPlainServer(options, bounded)
      : createSecureServer({ ...options, handshakeTimeout: requestMsMax }, config.tls, bounded);
  const max = Math.min(connectionsMax, shareOpenFiles().httpSockets);
  limitConnections(server, { max, trustedProxies: config.trustedProxies });
  return server;
}

function answerErrors(server: HttpServer): void {
  server.setNotFoundHandler((_request, reply) => sendProblem(reply, "DASHBOARD_NOT_FOUND"));
  server.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
    if (error instanceof CodedError) {
      const isOurs = error.errorClass === "internal" || error.errorClass === "unavailable";
      request.log[isOurs ? "error" : "debug"]({ err: error }, "request failed");
      return sendCodedProblem(reply, error);
    }
    const status = error.statusCode ?? 500;
    if (status === 413) return sendProblem(reply, "DASHBOARD_BODY_TOO_LARGE");
    if (status === 415) return sendProblem(reply, "DASHBOARD_MEDIA_TYPE_UNSUPPORTED");
    if (status >= 400 && status < 500) {
      request.log.info({ err: error }, "request refused");
      return sendProblem(reply, "DASHBOARD_REQUEST_INVALID", { detail: error.message, status });
    }
    request.log.error({ err: error }, "request failed");
    return sendProblem(reply, "DASHBOARD_INTERNAL");
  });
}

/** What `/` answers while no page is built. */
function registerIndex(server: HttpServer, options: HttpAppOptions): void {
  server.get("/", () => ({
    name: "nadi",
    about: "Live telemetry for school-meal kitchens: a PUBACK means the reading is on disk.",
    see: {
      live: "/livez",
      ready: "/readyz",
      metrics: "/metrics",
      ...(options.api === undefined ? {} : { api: "/api/docs" }),
    },
  }));
}

function registerStatusRoutes(server: HttpServer, options: HttpAppOptions): void {
  // Answered by the event loop alone: while it turns, a restart would not help.
  server.get("/livez", () => ({ ok: true }));
  const readiness = shareRunning(() => checkReadiness(options.readiness));
  const metrics = shareRunning(() => options.metrics.metrics());
  server.get("/readyz", async (_request, reply) => {
    const report = await readiness();
    return reply.code(report.ok ? 200 : 503).send(report);
  });
  server.get("/metrics", async (request, reply) => {
    if (!mayReadMetrics(request, options.config)) {
      return sendProblem(reply, "DASHBOARD_METRICS_FORBIDDEN");
    }
    return reply.type(options.metrics.contentType).send(await metrics());
  });
  server.get<{ Params: { code: string } }>("/problems/:code", ({ params }, reply) =>
    isProblemCode(params.code)
      ? describeProblem(reply, params.code)
      : sendProblem(reply, "DASHBOARD_NOT_FOUND"),
  );
}

/** Whoever asks while it runs gets the same answer: a crowd that asks costs no more than one. */
function shareRunning<Result>(work: () => Promise<Result>): () => Promise<Result> {
  let running: Promise<Result> | null = null;
  return () =>
    (running ??= work().finally(() => {
      running = null;
    }));
}

function describeProblem(reply: FastifyReply, code: ProblemCode): FastifyReply {
  const { en, id } = problemMessages[code];
  return reply.type("text/plain; charset=utf-8").send(`${code}\n\nen: ${en}\nid: ${id}\n`);
}

async function listen(server: HttpServer, { config, log }: HttpAppOptions) {
  const { host: bound, port: wanted } = config;
  try {
    await server.listen({ host: bound, port: wanted });
  } catch (error) {
    const variables = { hostVariable: "NADI_HTTP_HOST", portVariable: "NADI_HTTP_PORT" };
    throw explainListenError(error, { host: bound, port: wanted, ...variables });
  }
  // A listening TCP server has an address record; `string` is for pipes, `null` for none.
  const { port } = server.server.address() as AddressInfo;
  const host = config.host.includes(":") ? `[${config.host}]` : config.host;
  const url = `${config.tls === null ? "http" : "https"}://${host}:${port}`;
  log.info({ component: "http", url }, "http listens");
  if (config.isInsecure) {
    log.warn({ component: "http", url }, "http is open beyond loopback without a certificate");
  }
  return { url, port };
}

async function drain(server: HttpServer): Promise<void> {
  const timer = setTimeout(() => server.server.closeAllConnections(), drainMsMax);
  try {
    await server.close();
  } finally {
    clearTimeout(timer);
  }
}
