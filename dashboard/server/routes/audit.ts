import type { FastifyReply, FastifyRequest } from "fastify";
import * as z from "zod/mini";
import type { AuditQuery } from "../../../devices/index.ts";
import type { RouteAnswer, RouteInput } from "../../contract/index.ts";
import { formatPlace, linkNext, parsePlace } from "./paging.ts";
import { type Api, route } from "./route.ts";
import { refuseInput } from "./series.ts";

const eventsDefault = 100;
const auditPlace = z.tuple([z.int(), z.int()]);

/** The audit log as it is: a head reads what is about their kitchens, an operator all. */
export function registerAuditRoutes(api: Api): void {
  route(api, "readAudit", ({ session, query, request, reply }) => {
    const kitchens = session.kitchens === "all" ? session.kitchens : [...session.kitchens];
    return read(api, kitchens, { query, request, reply });
  });
  route(api, "readKitchenAudit", ({ kitchen, query, request, reply }) =>
    read(api, [kitchen.sppgId], { query, request, reply }),
  );
}

interface Asked {
  query: RouteInput<"readAudit">["query"];
  request: FastifyRequest;
  reply: FastifyReply;
}

async function read(
  api: Api,
  kitchens: AuditQuery["kitchens"],
  { query, request, reply }: Asked,
): Promise<RouteAnswer<"readAudit"> | FastifyReply> {
  const { kind, outcome, from: fromMs, to: toMs, cursor, limit = eventsDefault } = query;
  const place = cursor === undefined ? undefined : parsePlace(auditPlace, cursor);
  if (place === null) {
    return refuseInput(reply, [{ path: "query.cursor", message: "is none of ours" }]);
  }
  const before = place && { atMs: place[0], id: place[1] };
  const filter = { kitchens, kind, outcome, fromMs, toMs, before, limit };
  const { events, next } = await api.services.registry.readAudit(filter);
  const nextCursor = next === null ? null : formatPlace([next.atMs, next.id]);
  if (nextCursor !== null) linkNext(request, reply, nextCursor);
  return { events: events.map((event) => ({ ...event, detail: { ...event.detail } })), nextCursor };
}
