import * as z from "zod/mini";
import { notFound } from "../problems.ts";
import { formatPlace, linkNext, parsePlace } from "./paging.ts";
import { type Api, authorOf, route } from "./route.ts";
import { refuseInput } from "./series.ts";

const sessionsDefault = 100;
const sessionPlace = z.tuple([z.int(), z.string()]);

/** Everybody's sessions, for operators; one's own stand in `session.ts`. */
export function registerEverySessionRoutes(api: Api): void {
  route(api, "listEverySession", async ({ session, query, request, reply }) => {
    const { person: email, cursor, limit = sessionsDefault } = query;
    const place = cursor === undefined ? undefined : parsePlace(sessionPlace, cursor);
    if (place === null) {
      return refuseInput(reply, [{ path: "query.cursor", message: "is none of ours" }]);
    }
    const before = place && { createdAtMs: place[0], sessionId: place[1] };
    const found = await api.services.people.searchSessions({ email, before, limit: limit + 1 });
    const sessions = found
      .slice(0, limit)
      .map((one) => ({ ...one, isCurrent: one.sessionId === session.sessionId }));
    const last = found.length > limit ? sessions.at(-1) : undefined;
    const nextCursor = last === undefined ? null : formatPlace([last.createdAtMs, last.sessionId]);
    if (nextCursor !== null) linkNext(request, reply, nextCursor);
    return { sessions, nextCursor };
  });
  route(api, "revokePersonSession", async ({ session, params, request }) => {
    if (!(await api.sessions.end(params, authorOf(request, session)))) throw notFound();
    return undefined;
  });
}
