import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import type { InfluxServer } from "./influx-server.ts";
import type { Scope } from "./nadi-process.ts";

/**
 * The HTTP surface of InfluxDB 2 or 3 Core, as their documentation describes it, before a real
 * InfluxDB 1.x: no such server is installed. It knows the paths that Nadi uses, refuses what the
 * documentation says is refused, and hands lines and queries on. It proves what Nadi says to them,
 * not what their engines do with it.
 */
export interface InfluxDouble {
  readonly url: string;
  readonly token: string;
  readonly org: string;
  /** Buckets or databases, with their retention in seconds, in the order of their making. */
  readonly buckets: ReadonlyMap<string, number>;
}

interface Answer {
  status: number;
  body?: unknown;
}

interface Call {
  method: string;
  path: string;
  parameters: URLSearchParams;
  body: string;
}

export async function startInfluxDouble(
  scope: Scope,
  server: InfluxServer,
  version: 2 | 3,
): Promise<InfluxDouble> {
  const token = "double-token";
  const org = "dapur";
  const buckets = new Map<string, number>();
  const scheme = version === 2 ? "Token" : "Bearer";
  const surface =
    version === 2 ? version2({ server, buckets, org }) : version3({ server, buckets });
  const answer = async (request: IncomingMessage): Promise<Answer> => {
    const isKnown = request.headers.authorization === `${scheme} ${token}`;
    if (!isKnown) return { status: 401, body: { code: "unauthorized" } };
    return surface(await toCall(request));
  };
  const http = createServer((request, response) => {
    const respond = async (): Promise<void> => {
      const { status, body } = await answer(request);
      response.writeHead(status, { "content-type": "application/json" });
      response.end(body === undefined ? "" : JSON.stringify(body));
    };
    respond().catch((error: unknown) =>
      response.destroy(error instanceof Error ? error : undefined),
    );
  });
  await once(http.listen(0, "127.0.0.1"), "listening");
  scope.onTestFinished(async () => {
    const closed = once(http, "close");
    http.close();
    http.closeAllConnections();
    await closed;
  });
  const address = http.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return { url: `http://127.0.0.1:${port}`, token, org, buckets };
}

async function toCall(request: IncomingMessage): Promise<Call> {
  const { pathname, searchParams } = new URL(request.url ?? "", "http://double");
  const body = await text(request);
  return { method: request.method ?? "", path: pathname, parameters: searchParams, body };
}

interface Double {
  server: InfluxServer;
  buckets: Map<string, number>;
}

/** `nadi/minute` is the retention policy `minute` of the database `nadi` behind the double. */
function policyOf(bucket: string): { db: string; rp: string } {
  const [db = "", rp = "raw"] = bucket.split("/");
  return { db, rp };
}

async function makeBucket({ server, buckets }: Double, name: string, seconds: number) {
  const { db, rp } = policyOf(name);
  if (rp === "raw") await server.query(`CREATE DATABASE "${db}"`);
  await server.query(
    `CREATE RETENTION POLICY "${rp}" ON "${db}" DURATION INF REPLICATION 1 SHARD DURATION 7d`,
  );
  buckets.set(name, seconds);
}

async function writeLines({ server, buckets }: Double, call: Call): Promise<Answer> {
  const bucket = call.parameters.get("bucket") ?? "";
  if (!buckets.has(bucket)) return { status: 404, body: { code: "not found" } };
  if (call.parameters.get("precision") !== "ns") return { status: 400, body: { code: "invalid" } };
  const { db, rp } = policyOf(bucket);
  const target = new URLSearchParams({ db, rp, precision: "ns" }).toString();
  const response = await fetch(`${server.url}/write?${target}`, {
    method: "POST",
    body: call.body,
  });
  const answer = await response.text();
  if (response.status === 204) return { status: 204 };
  return { status: response.status, body: { code: "invalid", message: answer } };
}

async function query({ server }: Double, call: Call): Promise<Answer> {
  const response = await fetch(`${server.url}/query?${call.parameters.toString()}`);
  return { status: response.status, body: await response.json() };
}

/** [docs.influxdata.com/influxdb/v2/api] */
function version2(double: Double & { org: string }): (call: Call) => Promise<Answer> {
  const ids = new Map<string, string>();
  const mappings: { bucketID: string; database: string; retention_policy: string }[] = [];
  const nameOf = (id: string): string => [...ids].find(([, one]) => one === id)?.[0] ?? "";
  return async (call) => {
    const { method, path, parameters, body } = call;
    const parsed = body.startsWith("{") ? (JSON.parse(body) as Record<string, unknown>) : {};
    const rules = parsed["retentionRules"] as { everySeconds: number }[] | undefined;
    const seconds = rules?.[0]?.everySeconds ?? 0;
    switch (`${method} ${path.replace(/^(\/api\/v2\/buckets)\/.*/, "$1/id")}`) {
      case "POST /api/v2/write":
        if (parameters.get("org") !== double.org) return { status: 404, body: { code: "x" } };
        return writeLines(double, call);
      case "GET /query": {
        const isMapped = mappings.some(
          (one) =>
            one.database === parameters.get("db") && one.retention_policy === parameters.get("rp"),
        );
        if (isMapped) return query(double, call);
        return { status: 404, body: { code: "not found", message: "no dbrp mapping found" } };
      }
      case "GET /api/v2/orgs": {
        const isKnown = parameters.get("org") === double.org;
        if (isKnown) return { status: 200, body: { orgs: [{ id: "0f", name: double.org }] } };
        return { status: 404, body: { code: "not found", message: "organization not found" } };
      }
      case "GET /api/v2/buckets": {
        const name = parameters.get("name") ?? "";
        const id = ids.get(name);
        const buckets = id === undefined ? [] : [{ id, name }];
        return { status: 200, body: { buckets } };
      }
      case "POST /api/v2/buckets": {
        const name = String(parsed["name"]);
        if (ids.has(name)) return { status: 422, body: { code: "conflict" } };
        await makeBucket(double, name, seconds);
        ids.set(name, `b${ids.size}`);
        return { status: 201, body: { id: ids.get(name), name } };
      }
      case "PATCH /api/v2/buckets/id": {
        const id = path.split("/").at(-1) ?? "";
        const name = nameOf(id);
        double.buckets.set(name, seconds);
        return { status: 200, body: { id, name } };
      }
      case "GET /api/v2/dbrps": {
        const content = mappings.filter((one) => one.bucketID === parameters.get("bucketID"));
        return { status: 200, body: { content } };
      }
      case "POST /api/v2/dbrps":
        mappings.push(parsed as unknown as (typeof mappings)[number]);
        return { status: 201, body: parsed };
      default:
        return { status: 404, body: { code: "not found" } };
    }
  };
}

/** [docs.influxdata.com/influxdb3/core/api] */
function version3(double: Double): (call: Call) => Promise<Answer> {
  return async (call) => {
    const { method, path, parameters, body } = call;
    switch (`${method} ${path}`) {
      case "POST /api/v2/write":
        return writeLines(double, call);
      case "GET /query": {
        const { db, rp } = { db: parameters.get("db"), rp: parameters.get("rp") };
        const name = rp === "raw" ? `${db}` : `${db}/${rp}`;
        if (double.buckets.has(name)) return query(double, call);
        return { status: 404, body: { error: `database not found: ${name}` } };
      }
      case "POST /api/v3/configure/database": {
        const given = JSON.parse(body) as { db: string; retention_period: string };
        if (double.buckets.has(given.db)) return { status: 409, body: { error: "exists" } };
        const days = Number(/^(\d+)d$/.exec(given.retention_period)?.[1]);
        await makeBucket(double, given.db, days * 86_400);
        return { status: 200 };
      }
      default:
        return { status: 404, body: { error: "not found" } };
    }
  };
}
