import { type IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { FastifyReply, FastifyRequest } from "fastify";
import { WebSocketServer } from "ws";
import type { ConnectionOrigin, PersonSession } from "../../broker/index.ts";
import type { HttpServer } from "./app.ts";
import { sendProblem } from "./problems.ts";
import type { RequestPlace } from "./request-guard.ts";
import { WebSocketStream } from "./web-socket-stream.ts";

export interface MqttWebSocketOptions {
  /** Whose cookie it is, or `null`; rejects when that can't be found out now. */
  authenticate(request: FastifyRequest): Promise<PersonSession | null>;
  /** Exactly our own origin; `false` also if the request names none. */
  isAllowedOrigin(place: RequestPlace): boolean;
  /** Hears of each refused upgrade; who listens decides what is worth a line. */
  onRefused?(request: FastifyRequest, because: string): void;
  /** Takes the byte stream: the broker's `handle`. */
  handle(conn: Duplex, origin: ConnectionOrigin): void;
}

const path = "/mqtt";
const subprotocol = "mqtt";
/** As the largest MQTT packet; a client of ours sends far less. */
const messageBytesMax = 262_144;
/** Sockets whose upgrade is being judged: a look-up takes milliseconds. */
const upgradingMax = 256;
const upgradeMsMax = 5_000;
/** For the last bytes of a refusal to leave. */
const refusedMsMax = 250;
const closeMs = 500;

interface Upgrade {
  socket: Socket;
  head: Buffer;
  response: ServerResponse;
  timer: NodeJS.Timeout;
}

/** Sockets between their request and its answer: fastify answers them as any other request. */
class Upgrades {
  readonly #server: HttpServer;
  readonly #waiting = new Map<IncomingMessage, Upgrade>();
  readonly #begin = (request: IncomingMessage, socket: Duplex, head: Buffer): void =>
    // An upgrade's socket is always a network socket; its type is wider.
    this.#open(request, socket as Socket, head);

  constructor(server: HttpServer) {
    this.#server = server;
    server.server.on("upgrade", this.#begin);
  }

  has(request: IncomingMessage): boolean {
    return this.#waiting.has(request);
  }

  /** Takes the socket out, to be upgraded; `null`: it is gone. */
  take(request: IncomingMessage): Upgrade | null {
    const upgrade = this.#waiting.get(request);
    if (upgrade === undefined || upgrade.socket.destroyed) return null;
    this.#waiting.delete(request);
    clearTimeout(upgrade.timer);
    upgrade.response.detachSocket(upgrade.socket);
    return upgrade;
  }

  stop(): void {
    this.#server.server.off("upgrade", this.#begin);
    for (const { socket } of this.#waiting.values()) socket.destroy();
  }

  #open(request: IncomingMessage, socket: Socket, head: Buffer): void {
    socket.on("error", () => socket.destroy());
    // Only a request without a body may wait: nobody reads one here.
    const refusal = request.method === "GET" ? null : "400 Bad Request";
    const status = this.#waiting.size < upgradingMax ? refusal : "503 Service Unavailable";
    const timer = setTimeout(() => socket.destroy(), upgradeMsMax);
    socket.once("close", () => {
      clearTimeout(timer);
      this.#waiting.delete(request);
    });
    if (status !== null) {
      socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
      return;
    }
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    response.once("finish", () => {
      // Refused: whoever keeps its side open must not take the place of others.
      this.#waiting.delete(request);
      socket.end();
      clearTimeout(timer);
      const last = setTimeout(() => socket.destroy(), refusedMsMax);
      socket.once("close", () => clearTimeout(last));
    });
    this.#waiting.set(request, { socket, head, response, timer });
    this.#server.routing(request, response);
  }
}

/**
 * MQTT over WebSocket at `/mqtt`, for people. The upgrade goes through fastify's own routing, so
 * that hooks, the address behind trusted proxies and problem documents are those of any request.
 * Call it before `start`; it ends with the server.
 */
export function registerMqttWebSocket(server: HttpServer, options: MqttWebSocketOptions): void {
  const upgrades = new Upgrades(server);
  const streams = new Set<WebSocketStream>();
  const sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: messageBytesMax,
    perMessageDeflate: false,
    autoPong: false,
    handleProtocols: () => subprotocol,
  });

  const upgrade = (request: FastifyRequest, person: PersonSession): void => {
    const taken = upgrades.take(request.raw);
    if (taken === null) return;
    sockets.handleUpgrade(request.raw, taken.socket, taken.head, (socket) => {
      const stream = new WebSocketStream(socket);
      streams.add(stream);
      stream.once("close", () => streams.delete(stream));
      const address = plainAddress(request.ip);
      options.handle(stream, { address, transport: "websocket", certificateName: null, person });
    });
  };

  const refuse = (
    request: FastifyRequest,
    reply: FastifyReply,
    code: "DASHBOARD_ORIGIN_FORBIDDEN" | "DASHBOARD_SESSION_MISSING",
  ): FastifyReply => {
    options.onRefused?.(request, code);
    return sendProblem(reply, code);
  };

  server.get(path, async (request, reply) => {
    const refusal = refusalOf(request, upgrades.has(request.raw));
    if (refusal !== null) {
      return sendProblem(reply, "DASHBOARD_REQUEST_INVALID", { detail: refusal });
    }
    // Before the cookie is looked at: another site's page shall not learn whether it is good.
    const { protocol, host, headers } = request;
    if (!options.isAllowedOrigin({ protocol, host, headers })) {
      return refuse(request, reply, "DASHBOARD_ORIGIN_FORBIDDEN");
    }
    const person = await options.authenticate(request);
    if (person === null) return refuse(request, reply, "DASHBOARD_SESSION_MISSING");
    reply.hijack();
    upgrade(request, person);
    return reply;
  });
  server.addHook("preClose", async () => {
    upgrades.stop();
    await Promise.all([...streams].map(endStream));
  });
}

function refusalOf({ headers }: FastifyRequest, isUpgrade: boolean): string | null {
  if (!isUpgrade) return "This address is for WebSockets.";
  const offered = (headers["sec-websocket-protocol"] ?? "").split(",").map((name) => name.trim());
  return offered.includes(subprotocol) ? null : `The subprotocol must be "${subprotocol}".`;
}

/** An IPv4 address that came over an IPv6 socket is the same address. */
function plainAddress(address: string): string {
  return address.startsWith("::ffff:") ? address.slice("::ffff:".length) : address;
}

async function endStream(stream: WebSocketStream): Promise<void> {
  const timer = setTimeout(() => stream.destroy(), closeMs);
  await new Promise<void>((resolve) => {
    stream.once("close", () => resolve());
    stream.end();
  });
  clearTimeout(timer);
}
