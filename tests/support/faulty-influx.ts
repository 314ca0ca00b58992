import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import type { Scope } from "./nadi-process.ts";

/** What happens to one request. `kept`: InfluxDB has it all the same. */
export type InfluxFault =
  | {
      kind: "answer";
      status: number;
      headers?: Record<string, string>;
      body?: string;
      /** Default: no. */
      kept?: boolean;
    }
  /** Nobody ever answers. */
  | { kind: "hang"; kept: boolean }
  /** A 204 that comes so late. */
  | { kind: "late"; ms: number }
  /** Two 204 for one request. */
  | { kind: "twice" }
  /** The beginning of an answer, and the connection ends. */
  | { kind: "broken"; kept: boolean }
  /** Another lines' judge: its answer, or `null` to pass the request on. */
  | { kind: "judge"; answer: (body: string) => { status: number; body: string } | null };

export interface FaultyInflux {
  readonly url: string;
  /** The next requests to paths that begin so meet these, one after the other. */
  next(path: string, ...faults: InfluxFault[]): void;
  /** Meets all of them until it is taken back with `null`. */
  always(path: string, fault: InfluxFault | null): void;
  /** The paths and queries of all requests so far, in the order in which they came. */
  readonly seen: readonly string[];
  /** Requests to such paths so far. */
  requests(path: string): number;
}

/** An HTTP proxy before a real InfluxDB that fails as it is told. */
export async function startFaultyInflux(scope: Scope, targetUrl: string): Promise<FaultyInflux> {
  const queued: { path: string; fault: InfluxFault }[] = [];
  const standing = new Map<string, InfluxFault>();
  const seen: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    seen.push(path);
    const at = queued.findIndex((one) => path.startsWith(one.path));
    const [first] = at === -1 ? [] : queued.splice(at, 1);
    const always = [...standing].find(([start]) => path.startsWith(start))?.[1];
    const fault = first?.fault ?? always ?? null;
    answer({ request, response, targetUrl }, fault).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : new Error(String(error)));
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  scope.onTestFinished(async () => {
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
  });
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    seen,
    next(path, ...faults) {
      for (const fault of faults) queued.push({ path, fault });
    },
    always(path, fault) {
      if (fault === null) standing.delete(path);
      else standing.set(path, fault);
    },
    requests: (path) => seen.filter((one) => one.startsWith(path)).length,
  };
}

interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  targetUrl: string;
}

async function answer(exchange: Exchange, fault: InfluxFault | null): Promise<void> {
  const { request, response } = exchange;
  const body = await buffer(request);
  const isKept = isKeptUnder(fault);
  if (fault?.kind === "answer") {
    if (isKept) await forward(exchange, body);
    response.writeHead(fault.status, fault.headers).end(fault.body ?? "");
    return;
  }
  if (fault?.kind === "judge") {
    const verdict = fault.answer(body.toString("utf8"));
    if (verdict !== null) {
      response.writeHead(verdict.status, { "content-type": "application/json" }).end(verdict.body);
      return;
    }
  }
  const real = isKept ? await forward(exchange, body) : null;
  if (fault?.kind === "hang") return;
  if (fault?.kind === "late") await new Promise((resolve) => setTimeout(resolve, fault.ms));
  if (fault?.kind === "twice") {
    request.socket.write("HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n");
    return;
  }
  if (fault?.kind === "broken") {
    request.socket.write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{");
    request.socket.destroySoon();
    return;
  }
  const { status = 500, text = "" } = real ?? {};
  response.writeHead(status, { "content-type": "application/json" }).end(text);
}

function isKeptUnder(fault: InfluxFault | null): boolean {
  if (fault?.kind === "answer") return fault.kept ?? false;
  return fault === null || !("kept" in fault) || fault.kept;
}

async function forward(
  { request, targetUrl }: Exchange,
  body: Buffer,
): Promise<{ status: number; text: string }> {
  const { method = "GET", url = "" } = request;
  const contentType = request.headers["content-type"] ?? "";
  const response = await fetch(`${targetUrl}${url}`, {
    method,
    headers: { "content-type": contentType },
    ...(method === "GET" ? {} : { body: new Uint8Array(body) }),
  });
  return { status: response.status, text: await response.text() };
}
