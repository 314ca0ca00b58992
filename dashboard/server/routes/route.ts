import type { FastifyReply, FastifyRequest } from "fastify";
import * as z from "zod/mini";
import { isSppgId, type Kitchen } from "../../../devices/index.ts";
import {
  mayCall,
  type RouteAnswer,
  type RouteFacts,
  type RouteInput,
  type RouteName,
  type RouteSchemas,
  routeSchemas,
  routes,
} from "../../contract/index.ts";
import type { HttpServer } from "../app.ts";
import type { HttpConfig } from "../config.ts";
import { dashboardError } from "../errors.ts";
import type { HeavyReads } from "../heavy-reads.ts";
import type { KitchenDirectory } from "../kitchen-directory.ts";
import { actorOf, type PersonSession } from "../people/live-session.ts";
import type { Sessions } from "../people/sessions.ts";
import { notFound, sendProblem } from "../problems.ts";
import type { RefusalNotes } from "../refusal-notes.ts";
import { refusalOf } from "../request-guard.ts";
import type { DashboardServices } from "../services.ts";

/** What every route works with. */
export interface Api {
  server: HttpServer;
  services: DashboardServices;
  config: HttpConfig;
  sessions: Sessions;
  kitchens: KitchenDirectory;
  heavyReads: HeavyReads;
  refusals: RefusalNotes;
  clock: { wallMs(): number; monotonicMs(): number };
}

type PathOf<Name extends RouteName> = (typeof routes)[Name]["path"];

/** One request of a route, once the caller may make it and all it carries has been checked. */
export interface Call<Name extends RouteName> extends RouteInput<Name> {
  session: (typeof routes)[Name]["who"] extends "anyone" ? null : PersonSession;
  /** The kitchen of the address, which the caller may see. */
  kitchen: PathOf<Name> extends `${string}{sppgId}${string}` ? Kitchen : null;
  request: FastifyRequest;
  reply: FastifyReply;
}

type Handler<Name extends RouteName> = (
  call: Call<Name>,
) => Promise<RouteAnswer<Name> | FastifyReply>;

interface Caller {
  session: PersonSession | null;
  kitchen: Kitchen | null;
}

/**
 * Registers a route of the contract. In this order: is it from our own page (403, 414, 415), who
 * asks (401), may they see this kitchen (404), does their role allow it (403), is what they send
 * right (400).
 */
export function route<Name extends RouteName>(api: Api, name: Name, handler: Handler<Name>): void {
  const facts: RouteFacts = routes[name];
  const callers = new WeakMap<FastifyRequest, Caller>();
  api.server.route({
    method: facts.method,
    url: facts.path.replaceAll(/\{(\w+)\}/g, ":$1"),
    // Before the body is read: strangers make nobody parse anything.
    onRequest: async (request) => {
      const refusal = refusalOf(request, api.config);
      if (refusal !== null) {
        noteRefusal(api, { name, session: null, request, because: refusal.code });
        throw refusal;
      }
      callers.set(request, await admit(api, name, request));
    },
    handler: async (request, reply) => {
      const parsed = parseInput(routeSchemas[name], request);
      if ("issues" in parsed) {
        return sendProblem(reply, "DASHBOARD_INPUT_INVALID", { issues: parsed.issues });
      }
      // `admit` and the schemas of this very route have made it what the types say.
      const call = { ...callers.get(request), ...parsed, request, reply } as unknown as Call<Name>;
      const answer = await handler(call);
      if (reply.sent || answer === reply) return reply;
      return answer === undefined ? reply.code(204).send() : answer;
    },
  });
}

/** Who acts, for the audit log. */
export function authorOf(
  request: FastifyRequest,
  session: PersonSession,
): { actor: string; address: string } {
  return { actor: actorOf(session), address: request.ip };
}

async function admit(api: Api, name: RouteName, request: FastifyRequest): Promise<Caller> {
  const facts: RouteFacts = routes[name];
  if (facts.who === "anyone") return { session: null, kitchen: null };
  const session = await api.sessions.authenticate(request);
  if (session === null) {
    throw dashboardError("DASHBOARD_SESSION_MISSING", { message: "Nobody is signed in." });
  }
  const isOfKitchen = facts.path.includes("{sppgId}");
  const kitchen = isOfKitchen ? await findOwnKitchen(api, session, request.params) : null;
  if (isOfKitchen && kitchen === null) {
    noteRefusal(api, { name, session, request, because: "kitchen" });
    throw notFound();
  }
  if (!mayCall(session.role, name)) {
    noteRefusal(api, { name, session, request, because: "role" });
    throw dashboardError("DASHBOARD_ROLE_FORBIDDEN", { message: "The role does not allow it." });
  }
  return { session, kitchen };
}

async function findOwnKitchen(
  api: Api,
  session: PersonSession,
  params: unknown,
): Promise<Kitchen | null> {
  const { sppgId = "" } = params as { sppgId?: string };
  const isOwn = session.kitchens === "all" || session.kitchens.has(sppgId);
  // What can be no id is an error to the registry; here it is one more kitchen that is not there.
  if (!isOwn || !isSppgId(sppgId)) return null;
  return api.kitchens.find(sppgId);
}

interface Refusal {
  name: RouteName;
  session: PersonSession | null;
  request: FastifyRequest;
  because: string;
}

function noteRefusal(api: Api, { name, session, request, because }: Refusal): void {
  const source = session?.sessionId ?? request.ip;
  if (!api.refusals.isWorth(source, `${name} ${because}`)) return;
  const { sppgId = "" } = request.params as { sppgId?: string };
  api.services.audit.write({
    atMs: api.clock.wallMs(),
    actor: session === null ? "anonymous" : actorOf(session),
    action: "http.refused",
    // Else it is no kitchen but whatever somebody has sent.
    sppgId: isSppgId(sppgId) ? sppgId : null,
    subject: name,
    address: request.ip,
    outcome: "refused",
    detail: { because, role: session?.role ?? null },
  });
}

interface Issue {
  path: string;
  message: string;
}

/** What one answer tells at most: a body of 64 KB can be wrong in thousands of places. */
const issuesMax = 20;

function parseInput(
  schemas: RouteSchemas,
  request: FastifyRequest,
): { params: unknown; query: unknown; body: unknown } | { issues: Issue[] } {
  const params = parsePart("path", schemas.params, request.params);
  const query = parsePart("query", schemas.query ?? noQuery, request.query);
  const body = parsePart("body", schemas.body, request.body);
  const issues = [params, query, body].flatMap((part) => part.issues).slice(0, issuesMax);
  if (issues.length > 0) return { issues };
  return { params: params.value, query: query.value, body: body.value };
}

/** The small zod that browsers load brings no sentences of its own. */
const sayInEnglish = z.locales.en().localeError;

/** A parameter that nobody reads is a mistake of the caller, and better told. */
const noQuery = z.strictObject({});

function parsePart(
  part: "path" | "query" | "body",
  schema: z.ZodMiniType | undefined,
  value: unknown,
): { value: unknown; issues: Issue[] } {
  if (schema === undefined) return { value: undefined, issues: [] };
  const parsed = z.safeParse(schema, value, { error: sayInEnglish });
  if (parsed.success) return { value: parsed.data, issues: [] };
  const issues = parsed.error.issues.map(({ path, message }) => ({
    path: [part, ...path].join(".").slice(0, 200),
    message: message.slice(0, 200),
  }));
  return { value: undefined, issues };
}
