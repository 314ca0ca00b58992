import type { Command, CommandContext } from "./command.ts";
import { UsageError } from "./errors.ts";
import { parseRoles, type Role } from "./roles.ts";

export interface ServeWords {
  /** As `npm start` does: a first login, and a simulated kitchen if there is no other. */
  isDemo: boolean;
  /** `null`: all of it, alone. */
  roles: ReadonlySet<Role> | null;
}

export interface ServeRuns {
  /** Runs until the signal; answers the exit code, as the other does. */
  serve(context: CommandContext, words: ServeWords): Promise<number>;
  conformance(context: CommandContext): Promise<number>;
}

const details = `
  --role <role>    broker, ingest or dashboard; repeatable, or several with commas. Any number of
                   processes of each, on one machine or many: they share NADI_DATABASE_URL,
                   NADI_REDIS_URL, NADI_JOURNAL=redis and NADI_INFLUX_URL. Brokers of one machine
                   may listen on one port. Left out: everything in this process, which is alone
  --demo           as npm start does: a first login, and a simulated kitchen if there is no other
  --conformance    let outside MQTT test suites in: anonymous, any topic, loopback only,
                   on a journal of its own, never beside stored kitchens

Configuration is the environment: see .env.example. Logs are JSON lines on stdout. Each process
answers /livez, /readyz and /metrics on its NADI_HTTP_PORT.

example: NADI_MQTT_PORT=1884 nadi serve
example: NADI_HTTP_PORT=8081 nadi serve --role broker`;

export function createServeCommand(runs: ServeRuns): Command {
  return {
    path: ["serve"],
    summary: "Run everything in this process, or a role of it, until SIGTERM",
    usage: "nadi serve [--role <role> …] [--demo | --conformance]",
    details,
    options: {
      role: { type: "string", multiple: true },
      demo: { type: "boolean" },
      conformance: { type: "boolean" },
    },
    positionals: { min: 0, max: 0 },
    run({ options }, context) {
      const given = [options["role"] ?? []].flat().map(String);
      if (options["demo"] === true && options["conformance"] === true) {
        throw new UsageError("--demo and --conformance exclude each other");
      }
      const words = { isDemo: options["demo"] === true, roles: parseRoles(given) };
      const isConformance = options["conformance"] === true;
      if (words.roles !== null && (words.isDemo || isConformance)) {
        throw new UsageError("--role goes neither with --demo nor with --conformance");
      }
      return isConformance ? runs.conformance(context) : runs.serve(context, words);
    },
  };
}
