import { expect, test } from "vitest";
import * as z from "zod";
import {
  mayCall,
  personRoles,
  type RouteFacts,
  type RouteName,
  routeNames,
  type RouteSchemas,
  routes,
  routeSchemas,
  ruleBodySchema,
} from "../../../dashboard/contract/index.ts";
import { timeParameter } from "../../../dashboard/contract/fields.ts";
import { ruleSchema } from "../../../ingest/index.ts";

const changing: readonly RouteName[] = [
  "putRule",
  "acknowledgeAlert",
  "resolveAlert",
  "pairScreen",
  "revokeScreen",
  "addDevice",
  "editDevice",
  "rotateDevice",
  "revokeDevice",
  "enableDevice",
  "sendCommand",
];

test("a wall screen and a viewer change nothing of a kitchen", () => {
  for (const route of changing) {
    expect(mayCall("kiosk", route)).toBe(false);
    expect(mayCall("viewer", route)).toBe(false);
    expect(mayCall("operator", route)).toBe(true);
  }
});

test("a wall screen may show one kitchen and sign itself out, and nothing else", () => {
  expect(routeNames.filter((route) => mayCall("kiosk", route)).toSorted()).toEqual([
    "collectPairing",
    "listAlerts",
    "listDevices",
    "listKitchens",
    "listRules",
    "openPairing",
    "readAlert",
    "readKitchen",
    "readMap",
    "readReadings",
    "readSession",
    "readSnapshot",
    "readTrack",
    "signIn",
    "signOut",
  ]);
});

test("what a head may not is everybody's sessions, and which kitchens there are", () => {
  expect(routeNames.filter((route) => !mayCall("head", route)).toSorted()).toEqual([
    "addKitchen",
    "listEverySession",
    "putKitchen",
    "revokePersonSession",
  ]);
  const belowHead = ["nutritionist", "accountant", "cook", "driver", "viewer"] as const;
  const administrative = routeNames.filter((route) => /Person|People|Audit/.test(route));
  expect(administrative).toHaveLength(8);
  for (const role of belowHead) {
    expect([role, administrative.filter((route) => mayCall(role, route))]).toEqual([role, []]);
  }
});

test("without a session there is nothing but signing in and the pairing of a screen", () => {
  const open = ["signIn", "openPairing", "collectPairing"];
  expect(routeNames.filter((route) => mayCall(null, route))).toEqual(open);
});

test("every role may see who it is, and every route has a role that may call it", () => {
  for (const role of personRoles) expect(mayCall(role, "readSession")).toBe(true);
  for (const route of routeNames) {
    expect(personRoles.some((role) => mayCall(role, route))).toBe(true);
  }
});

test("each parameter in a path is in its schema, and no two routes share an address", () => {
  const addresses = routeNames.map((name) => `${routes[name].method} ${routes[name].path}`);
  expect(new Set(addresses).size).toBe(addresses.length);
  for (const name of routeNames) {
    const { path }: RouteFacts = routes[name];
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, word = ""]) => word);
    const schemas: RouteSchemas = routeSchemas[name];
    // Each is an object schema: its keys are what it reads.
    const { shape = {} } = (schemas.params ?? {}) as { shape?: object };
    expect([name, Object.keys(shape).toSorted()]).toEqual([name, inPath.toSorted()]);
  }
});

/** A schema without its prose. */
function bare(schema: z.ZodType | z.core.$ZodType): unknown {
  const json = z.toJSONSchema(schema, { io: "input" });
  // A schema with an id of its own stands among the definitions.
  return JSON.parse(JSON.stringify(json.$defs?.["Rule"] ?? json), (key: string, value: unknown) =>
    ["description", "id", "$schema"].includes(key) ? undefined : value,
  );
}

test("the contract speaks of rules exactly as ingest does", () => {
  expect(bare(ruleBodySchema)).toEqual(bare(ruleSchema));
});

test("a time is UTC milliseconds or RFC 3339 with an offset, and nothing else", () => {
  const read = (text: string) => z.safeParse(timeParameter, text);
  expect(read("1795300000000").data).toBe(1_795_300_000_000);
  expect(read("2026-11-22T19:00:00+07:00").data).toBe(Date.parse("2026-11-22T12:00:00Z"));
  expect(read("2026-11-22T19:00:00 07:00").data).toBe(Date.parse("2026-11-22T12:00:00Z"));
  expect(read("2026-11-22T12:00:00.250Z").data).toBe(Date.parse("2026-11-22T12:00:00.250Z"));
  const bad = [
    "",
    "now",
    "-1",
    "1e9",
    "1.5",
    "2026-11-22",
    "2026-11-22T12:00:00",
    "2026-13-01T00:00:00Z",
  ];
  for (const text of bad) expect([text, read(text).success]).toEqual([text, false]);
});
