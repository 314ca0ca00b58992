import type { FastifyReply } from "fastify";
import type { Kitchen } from "../../../devices/index.ts";
import type { RouteAnswer } from "../../contract/index.ts";
import { notFound } from "../problems.ts";
import { etagOf, expectedVersionOf, staleByHeader } from "../versions.ts";
import { describeKitchen } from "./kitchens.ts";
import { onceOnly } from "./once-only.ts";
import { type Api, authorOf, route } from "./route.ts";

export function registerKitchenChangeRoutes(api: Api): void {
  const { registry } = api.services;
  route(api, "addKitchen", async (call) => {
    const { session, body, request, reply } = call;
    const answer = await onceOnly(api, { ...call, name: "addKitchen" }, async () =>
      describe(await registry.addKitchen(body, authorOf(request, session))),
    );
    return withTag(reply, answer);
  });
  route(api, "readKitchen", async ({ params, reply }) => {
    // Not from memory: whoever is about to change it wants the version in force.
    const kitchen = await registry.findKitchen(params.sppgId);
    if (kitchen === null) throw notFound();
    return withTag(reply, describe(kitchen));
  });
  route(api, "putKitchen", async ({ kitchen, body, session, request, reply }) => {
    const { name, timeZone, latitude, longitude } = body;
    const expectedVersion = expectedVersionOf(request, body.expectedVersion);
    const facts = { name, timeZone, latitude, longitude };
    const change = { sppgId: kitchen.sppgId, ...facts, expectedVersion };
    try {
      const changed = await registry.updateKitchen(change, authorOf(request, session));
      return withTag(reply, describe(changed));
    } catch (error) {
      throw staleByHeader(request, error);
    }
  });
}

function describe(kitchen: Kitchen): RouteAnswer<"readKitchen"> {
  const { createdAtMs, version } = kitchen;
  return { ...describeKitchen(kitchen), createdAtMs, version };
}

function withTag(
  reply: FastifyReply,
  answer: RouteAnswer<"readKitchen">,
): RouteAnswer<"readKitchen"> {
  reply.header("etag", etagOf(answer.version));
  return answer;
}
