import { expect, test } from "vitest";
import { parseRoles, planRoles } from "../../../devices/cli/roles.ts";

const all = { hasDatabase: true, hasRedis: true, hasRedisJournal: true, hasInflux: true };
const none = { hasDatabase: false, hasRedis: false, hasRedisJournal: false, hasInflux: false };

test("without a role a process does all of it alone, on whatever engines there are", () => {
  expect(parseRoles([])).toBe(null);
  for (const engines of [all, none]) {
    const { roles, isShared } = planRoles(null, engines);
    expect([[...roles], isShared]).toEqual([["broker", "ingest", "dashboard"], false]);
  }
});

test("roles are given one by one or with commas", () => {
  expect([...(parseRoles(["broker", "ingest, dashboard"]) ?? [])]).toEqual([
    "broker",
    "ingest",
    "dashboard",
  ]);
  expect(planRoles(new Set(["broker"]), all)).toEqual({
    roles: new Set(["broker"]),
    isShared: true,
  });
});

test.for(["brokers", "", "broker,"])("%j is refused, and the roles are named", (given) => {
  expect(() => parseRoles([given])).toThrow(/is no role: --role takes broker, ingest, dashboard/);
});

const named = {
  broker: ["NADI_DATABASE_URL", "NADI_REDIS_URL", "NADI_JOURNAL"],
  ingest: ["NADI_DATABASE_URL", "NADI_REDIS_URL", "NADI_JOURNAL", "NADI_INFLUX_URL"],
  dashboard: ["NADI_DATABASE_URL", "NADI_REDIS_URL", "NADI_INFLUX_URL"],
} as const;

test.for(["broker", "ingest", "dashboard"] as const)(
  "%s without its engines names every variable, and needs no others",
  (role) => {
    const problems = (engines: typeof all): readonly string[] => {
      try {
        planRoles(new Set([role]), engines);
        return [];
      } catch (error) {
        return (error as { problems: readonly string[] }).problems;
      }
    };
    const variables = problems(none).map((problem) => problem.split(" ")[0]);
    expect(variables).toEqual(named[role]);
    expect(problems(none).every((problem) => problem.includes(`role ${role}`))).toBe(true);
    expect(
      problems({ ...all, hasInflux: role !== "broker", hasRedisJournal: role !== "dashboard" }),
    ).toEqual([]);
  },
);
