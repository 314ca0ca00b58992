import type { FastifyReply } from "fastify";
import * as z from "zod/mini";
import { type User, versionStale } from "../../../devices/index.ts";
import type { PersonSession } from "../people/live-session.ts";
import { notFound } from "../problems.ts";
import { etagOf, expectedVersionOf, staleByHeader } from "../versions.ts";
import { onceOnly } from "./once-only.ts";
import { formatPlace, linkNext, parsePlace } from "./paging.ts";
import { checkRights, describePerson, mayChange, maySee, roleForbidden } from "./people-rights.ts";
import { type Api, authorOf, route } from "./route.ts";
import { refuseInput } from "./series.ts";

const peopleDefault = 100;
const emailPlace = z.tuple([z.string()]);

export function registerPeopleRoutes(api: Api): void {
  registerReads(api);
  registerChanges(api);
  registerPasswords(api);
}

function registerReads(api: Api): void {
  const { registry } = api.services;
  route(api, "listPeople", async ({ session, query, request, reply }) => {
    const { kitchen, search, cursor, limit = peopleDefault } = query;
    const place = cursor === undefined ? undefined : parsePlace(emailPlace, cursor);
    if (place === null) return refuseInput(reply, [cursorIssue]);
    const kitchens = kitchen === undefined ? ownKitchens(session) : [kitchen];
    if (kitchen !== undefined) await checkKitchen(api, session, kitchen);
    const found = await registry.searchUsers({
      kitchens,
      search,
      after: place?.[0],
      limit: limit + 1,
    });
    const people = found.slice(0, limit).map((user) => describePerson(session, user));
    const last = found.length > limit ? people.at(-1) : undefined;
    const nextCursor = last === undefined ? null : formatPlace([last.email]);
    if (nextCursor !== null) linkNext(request, reply, nextCursor);
    return { people, nextCursor };
  });
  route(api, "readPerson", async ({ session, params, reply }) => {
    const user = await findPerson(api, session, params.email);
    return withTag(reply, describePerson(session, user));
  });
}

function registerChanges(api: Api): void {
  const { registry } = api.services;
  route(api, "addPerson", async (call) => {
    const { session, body, request, reply } = call;
    checkRights(session, body);
    const answer = await onceOnly(api, { ...call, name: "addPerson" }, async () => {
      const { user, password } = await registry.addUser(body, authorOf(request, session));
      return { person: describePerson(session, user), password };
    });
    withTag(reply, answer.person);
    return answer;
  });
  route(api, "putPerson", async ({ session, params, body, request, reply }) => {
    const { role, kitchens, isEnabled: enabled } = body;
    const expectedVersion = expectedVersionOf(request, body.expectedVersion);
    const before = await findChangeable(api, session, params.email);
    checkRights(session, body);
    // The rights were judged of this version: no later one may take its place meanwhile.
    if (expectedVersion > before.version) {
      throw staleByHeader(request, versionStale(before.email, before.version));
    }
    const change = { email: before.email, role, kitchens, enabled, expectedVersion };
    try {
      const user = await registry.updateUser(change, authorOf(request, session));
      return withTag(reply, describePerson(session, user));
    } catch (error) {
      throw staleByHeader(request, error);
    }
  });
}

function registerPasswords(api: Api): void {
  const { registry } = api.services;
  route(api, "resetPersonPassword", async (call) => {
    const { session, params, request, reply } = call;
    const { email, version } = await findChangeable(api, session, params.email);
    const answer = await onceOnly(api, { ...call, name: "resetPersonPassword" }, async () => {
      const issued = await registry.resetUserPassword(email, authorOf(request, session), version);
      return { person: describePerson(session, issued.user), password: issued.password };
    });
    withTag(reply, answer.person);
    return answer;
  });
}

const cursorIssue = { path: "query.cursor", message: "is none of ours" };

function ownKitchens({ kitchens }: PersonSession): readonly string[] | "all" {
  return kitchens === "all" ? kitchens : [...kitchens];
}

async function checkKitchen(api: Api, { kitchens }: PersonSession, sppgId: string): Promise<void> {
  const isOwn = kitchens === "all" || kitchens.has(sppgId);
  if (!isOwn || (await api.kitchens.find(sppgId)) === null) throw notFound();
}

async function findPerson(api: Api, session: PersonSession, email: string): Promise<User> {
  // What can be no address is an error to the registry; here it is one more who is not there.
  if (!isEmail(email)) throw notFound();
  const user = await api.services.registry.findUser(email);
  if (user === null || !maySee(session, user)) throw notFound();
  return user;
}

async function findChangeable(api: Api, session: PersonSession, email: string): Promise<User> {
  const user = await findPerson(api, session, email);
  if (!mayChange(session, user)) throw roleForbidden();
  return user;
}

function isEmail(text: string): boolean {
  return z.safeParse(z.email(), text).success;
}

function withTag<Answer extends { version: number }>(reply: FastifyReply, answer: Answer): Answer {
  reply.header("etag", etagOf(answer.version));
  return answer;
}
