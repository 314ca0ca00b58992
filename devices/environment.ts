import type * as z from "zod";
import type { ErrorFacts } from "./errors.ts";
import { CodedError } from "./records/errors.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

export const configErrors = {
  /** Environment variables are wrong: the message names each. */
  DEVICES_CONFIG_INVALID: { class: "input", status: 500, retryable: false },
} as const satisfies Record<string, ErrorFacts>;

/** The environment is wrong; `problems` has one clause a key. */
export class ConfigError extends CodedError {
  readonly problems: readonly string[];

  constructor(problems: readonly string[], cause?: unknown) {
    super("DEVICES_CONFIG_INVALID", configErrors.DEVICES_CONFIG_INVALID, {
      message: `The environment is wrong: ${problems.join("; ")}.`,
      ...(cause === undefined ? {} : { cause }),
    });
    this.problems = problems;
  }
}

/**
 * Runs the loaders of several services and reports the bad keys of all of them at once. A loader
 * fails with an error that has `problems`, as `ConfigError` does; any other error passes through.
 */
export function loadTogether<Configs extends object>(
  env: Environment,
  loaders: { readonly [Name in keyof Configs]: (env: Environment) => Configs[Name] },
): Configs {
  const problems = new Set<string>();
  const configs: Partial<Configs> = {};
  for (const name in loaders) {
    try {
      configs[name] = loaders[name](env);
    } catch (error) {
      if (!(error instanceof Error && "problems" in error)) throw error;
      for (const problem of error.problems as readonly string[]) problems.add(problem);
    }
  }
  if (problems.size > 0) throw new ConfigError([...problems]);
  // Every loader has answered.
  return configs as Configs;
}

/**
 * Parses a service's part of the environment; an empty variable counts as one that is not set,
 * as `NADI_X=` in a compose file means. Throws a `ConfigError` that names every bad key.
 */
export function parseEnvironment<Schema extends z.ZodType>(
  schema: Schema,
  env: Environment,
): z.output<Schema> {
  const present = Object.entries(env).filter(([, value]) => value !== undefined && value !== "");
  const result = schema.safeParse(Object.fromEntries(present), { error: inOurWords });
  if (result.success) return result.data;
  throw new ConfigError(
    result.error.issues.map(({ path, message }) => `${path.join(".")} ${message}`),
  );
}

/** What follows a key, where its schema has no message of its own; it never says the value. */
function inOurWords(issue: z.core.$ZodRawIssue): string {
  if (issue.code === "invalid_value") return `must be ${listed(issue.values.map(String))}`;
  if (issue.code === "too_small") return `must ${sized(issue.origin, issue.minimum)} or more`;
  if (issue.code === "too_big") return `must ${sized(issue.origin, issue.maximum)} or less`;
  if (issue.code !== "invalid_type") return "is not as README.md says";
  return issue.expected === "int" ? "must be a whole number" : `must be a ${issue.expected}`;
}

function listed(words: readonly string[]): string {
  const last = words.at(-1) ?? "";
  return words.length < 2 ? last : `${words.slice(0, -1).join(", ")} or ${last}`;
}

function sized(origin: string, limit: number | bigint): string {
  return origin === "string" ? `have ${limit} characters` : `be ${limit}`;
}
