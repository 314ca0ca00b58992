import type * as z from "zod/mini";
import { createDocument, type ZodOpenApiPathsObject } from "zod-openapi";
import {
  problemSchema,
  type RouteFacts,
  type RouteName,
  routeNames,
  type RouteSchemas,
  routeSchemas,
  routes,
} from "../contract/index.ts";
import type { SessionCookie } from "./people/cookie.ts";

export type OpenApiDocument = ReturnType<typeof createDocument>;

const problem = { "application/problem+json": { schema: problemSchema } };

/** The contract as OpenAPI 3.1: made from what the routes are made from, so it can't lag behind. */
export function createOpenApi(cookie: Pick<SessionCookie, "name">): OpenApiDocument {
  const paths: ZodOpenApiPathsObject = {};
  for (const name of routeNames) {
    const { path, method }: RouteFacts = routes[name];
    paths[path] = { ...paths[path], [method.toLowerCase()]: describeRoute(name) };
  }
  return createDocument({
    openapi: "3.1.0",
    info: {
      title: "Nadi",
      version: "1",
      description:
        "Times are UTC milliseconds. What changes something is JSON and comes from Nadi's own " +
        "pages or from no page. Errors are problem documents (RFC 9457) with a stable code.",
    },
    paths,
    components: {
      securitySchemes: { session: { type: "apiKey", in: "cookie", name: cookie.name } },
    },
  });
}

function describeRoute(name: RouteName) {
  const facts: RouteFacts = routes[name];
  const { params, query, body, answer }: RouteSchemas = routeSchemas[name];
  return {
    operationId: name,
    summary: facts.summary,
    description:
      facts.who === "anyone" ? "Without a session." : `For the roles ${facts.who.join(", ")}.`,
    security: facts.who === "anyone" ? [] : [{ session: [] }],
    requestParams: {
      ...(params === undefined ? {} : { path: asObject(params) }),
      ...(query === undefined ? {} : { query: asObject(query) }),
    },
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, content: { "application/json": { schema: body } } } }),
    responses: {
      ...describeAnswer(answer),
      default: { description: "A problem; its code has a page", content: problem },
    },
  };
}

/** Parameters of ours are objects; the contract's table says only that they are schemas. */
function asObject(schema: z.ZodMiniType): z.ZodMiniObject {
  return schema as z.ZodMiniObject;
}

function describeAnswer(answer: RouteSchemas["answer"]) {
  if (answer === null) return { "204": { description: "Done" } };
  if (answer === "csv") {
    const schema = { type: "string" } as const;
    return { "200": { description: "A file", content: { "text/csv": { schema } } } };
  }
  return { "200": { description: "Done", content: { "application/json": { schema: answer } } } };
}
