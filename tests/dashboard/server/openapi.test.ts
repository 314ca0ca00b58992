import { Registry } from "@prometheus-io/client";
import { pino } from "pino";
import { expect, test } from "vitest";
import {
  type RouteFacts,
  routeNames,
  type RouteSchemas,
  routeSchemas,
  routes,
} from "../../../dashboard/contract/index.ts";
import { createHttpApp } from "../../../dashboard/server/app.ts";
import { loadHttpConfig } from "../../../dashboard/server/config.ts";
import { escapeHtml } from "../../../dashboard/server/docs-page.ts";
import { createKitchenApi } from "./kitchen-api.ts";

interface Document {
  openapi: string;
  paths: Record<string, Record<string, { operationId: string; responses: object }>>;
  components: { schemas: Record<string, unknown> };
}

test("the document has every route of the contract and the server, and no other", async (t) => {
  const { server, addresses } = await createKitchenApi(t);
  const document = (await server.inject("/api/openapi.json")).json<Document>();
  const described = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, { operationId }]) => `${operationId} ${method} ${path}`),
  );
  const contract = routeNames.map((name) => {
    const { method, path }: RouteFacts = routes[name];
    return `${name} ${method.toLowerCase()} ${path}`;
  });
  expect(described.toSorted()).toEqual(contract.toSorted());
  const served = addresses.filter((address) => !address.startsWith("HEAD "));
  const expected = routeNames.map((name) => {
    const { method, path }: RouteFacts = routes[name];
    return `${method} ${path.replaceAll(/\{(\w+)\}/g, ":$1")}`;
  });
  const own = ["GET /api/openapi.json", "GET /api/docs"];
  expect(served.toSorted()).toEqual([...expected, ...own].toSorted());
});

test("every reference of the document leads somewhere, and each route tells its answer", async (t) => {
  const { server } = await createKitchenApi(t);
  const answer = await server.inject("/api/openapi.json");
  const document = answer.json<Document>();
  expect(document.openapi).toBe("3.1.0");
  for (const [, name = ""] of answer.body.matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
    expect(document.components.schemas).toHaveProperty(name);
  }
  for (const name of routeNames) {
    const { method, path }: RouteFacts = routes[name];
    const { answer }: RouteSchemas = routeSchemas[name];
    const operation = document.paths[path]?.[method.toLowerCase()];
    expect(Object.keys(operation?.responses ?? {}).toSorted()).toEqual([
      answer === null ? "204" : "200",
      "default",
    ]);
  }
});

test("the docs page lists every route and may run no script", async (t) => {
  const { server } = await createKitchenApi(t);
  const page = await server.inject("/api/docs");
  expect(page.headers["content-type"]).toBe("text/html; charset=utf-8");
  expect(page.headers["content-security-policy"]).toMatch(
    /^default-src 'none'; style-src 'sha256-/,
  );
  expect(page.body).not.toMatch(/<script|javascript:| on\w+=/i);
  for (const name of routeNames) {
    const { method, path }: RouteFacts = routes[name];
    expect(page.body).toContain(`<code>${method} ${path}</code>`);
  }
  expect(escapeHtml(`<a href="x">&`)).toBe("&lt;a href=&quot;x&quot;&gt;&amp;");
});

test("the index names the docs where there is an API", async (t) => {
  const { services } = await createKitchenApi(t);
  const options = {
    config: loadHttpConfig({ NADI_HTTP_PORT: "0" }),
    log: pino({ level: "silent" }),
    metrics: new Registry(),
    readiness: [],
  };
  const bare = createHttpApp(options);
  const whole = createHttpApp({ ...options, api: services });
  t.onTestFinished(async () => {
    await Promise.all([bare.stop(), whole.stop()]);
  });
  expect((await bare.server.inject("/")).json().see).not.toHaveProperty("api");
  expect((await whole.server.inject("/")).json().see).toMatchObject({ api: "/api/docs" });
  expect(bare.api).toBeNull();
  expect(await whole.api?.sessions.authenticate({ headers: {} })).toBeNull();
});
