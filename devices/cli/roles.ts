import { ConfigError } from "../environment.ts";
import { UsageError } from "./errors.ts";

/** What a process of Nadi can do. One without `--role` does all of it, alone. */
export const roles = ["broker", "ingest", "dashboard"] as const;
export type Role = (typeof roles)[number];

/** Engines by which processes reach each other, by the variable that names each. */
export interface SharedEngines {
  /** `NADI_DATABASE_URL`. */
  hasDatabase: boolean;
  /** `NADI_REDIS_URL`. */
  hasRedis: boolean;
  /** `NADI_JOURNAL=redis`; where it is, its own shape checks. */
  hasRedisJournal: boolean;
  /** `NADI_INFLUX_URL`. */
  hasInflux: boolean;
}

interface Need {
  engine: keyof SharedEngines;
  problem: string;
  roles: readonly Role[];
}

const needs: readonly Need[] = [
  {
    engine: "hasDatabase",
    problem: "NADI_DATABASE_URL is missing: the PostgreSQL that all processes share",
    roles,
  },
  {
    engine: "hasRedis",
    problem: "NADI_REDIS_URL is missing: the Redis over which all processes reach each other",
    roles,
  },
  {
    engine: "hasRedisJournal",
    problem:
      "NADI_JOURNAL must be redis, with NADI_JOURNAL_REDIS_URL: " +
      "brokers write the journal and ingest reads it",
    roles: ["broker", "ingest"],
  },
  {
    engine: "hasInflux",
    problem: "NADI_INFLUX_URL is missing: ingest writes readings there and dashboards read them",
    roles: ["ingest", "dashboard"],
  },
];

/**
 * The values of `--role`, each a name or several with commas; `null`: none was given, so that this
 * process does all of it. Throws a `UsageError` that lists the names.
 */
export function parseRoles(given: readonly string[]): ReadonlySet<Role> | null {
  if (given.length === 0) return null;
  const names = given.flatMap((value) => value.split(",")).map((name) => name.trim());
  const found = names.map((name) => roles.find((role) => role === name));
  const unknown = names.find((_, index) => found[index] === undefined);
  if (unknown !== undefined) {
    throw new UsageError(`"${unknown}" is no role: --role takes ${roles.join(", ")}`);
  }
  return new Set(found.filter((role) => role !== undefined));
}

/** What a process does: all of it alone, or some of it beside others that share the records. */
export interface RolePlan {
  roles: ReadonlySet<Role>;
  isShared: boolean;
}

/**
 * What `--role` asks of this process. Throws a `ConfigError` that names each variable without which
 * its roles would reach nobody.
 */
export function planRoles(given: ReadonlySet<Role> | null, engines: SharedEngines): RolePlan {
  if (given === null) return { roles: new Set(roles), isShared: false };
  const problems = needs.flatMap(({ engine, problem, roles: needing }) => {
    const who = needing.filter((role) => given.has(role));
    return who.length === 0 || engines[engine] ? [] : [`${problem} (role ${who.join(", ")})`];
  });
  if (problems.length > 0) throw new ConfigError(problems);
  return { roles: given, isShared: true };
}
