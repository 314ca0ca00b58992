import { existsSync } from "node:fs";
import {
  type Command,
  type CommandContext,
  exitCodes,
  kitchenTimeZones,
  type KitchenTimeZone,
  loadDevicesConfig,
  type ParsedArguments,
  UsageError,
  withRegistry,
} from "../devices/index.ts";
import {
  type DemoCredentials,
  demoCredentialsPath,
  readDemoCredentials,
} from "./demo/credentials-file.ts";
import { provision, provisionDefaults } from "./demo/provision.ts";
import { SimulatorsError } from "./errors.ts";
import { type RunStats, startRun } from "./play/run.ts";
import { parseDuration, scheduleOf } from "./play/schedule.ts";
import { loadScenario, scenarioNames } from "./scenarios/scenario.ts";

export interface SimulateCommandOptions {
  /** All folders' migrations, as for the other commands that open the records. */
  migrationModules: readonly string[];
}

const defaults = { speed: 1, kitchens: 1, seed: 1 } as const;
const limits = { speedMax: 10_000, kitchensMax: 5_000 } as const;
const connectTimeoutMs = 20_000;
/** A device that has just lost its connection is back within its longest pause. */
const drainTimeoutMs = 20_000;

/** `nadi simulate` and `nadi simulate scenarios`. */
export function createSimulateCommands(options: SimulateCommandOptions): Command[] {
  return [simulate(options), listScenarios()];
}

function simulate(options: SimulateCommandOptions): Command {
  return {
    path: ["simulate"],
    summary: "Run believable kitchens: real MQTT clients of devices that do not exist",
    usage: "nadi simulate [--kitchens <n>] [--speed <n>] [--scenario <name or file>] [options]",
    details: `
  --kitchens      how many, each of 14 connections; default ${defaults.kitchens}
  --speed         how many times as fast as life; default ${defaults.speed}
  --seed          the same seed gives the same readings; default ${defaults.seed}
  --scenario      ${scenarioNames().join(", ")},
                  or a file of that form
  --from          where simulated time begins, ISO 8601, within the last 7 days
                  (default: now; faster than life: the last 6 hours, or the scenario's last time)
  --duration      of simulated time: 90s, 10m, 2h, 1d (default: the scenario's, or until stopped)
  --host, --port  of the broker; default NADI_MQTT_HOST and NADI_MQTT_PORT
  --credentials   file of secrets; default demo-credentials.json in the data folder
  --provision     register missing kitchens and devices in the data folder, keep their secrets
                  (default when there is a data folder, and neither --host nor --credentials)
  --no-provision  take only what the file has
  --timezone      ${kitchenTimeZones.join(", ")}; of new kitchens

Event times are never ahead of the clock: a run faster than life begins in the past, and goes on
at speed 1 when it has caught up. At speed 1 a scenario's time of day is moved to now.

example: nadi simulate --scenario cold-chain-break --speed 60`,
    options: {
      kitchens: { type: "string" },
      speed: { type: "string" },
      seed: { type: "string" },
      scenario: { type: "string" },
      from: { type: "string" },
      duration: { type: "string" },
      host: { type: "string" },
      port: { type: "string" },
      credentials: { type: "string" },
      provision: { type: "boolean" },
      "no-provision": { type: "boolean" },
      timezone: { type: "string" },
    },
    positionals: { min: 0, max: 0 },
    run: (args, context) => runSimulate(options, readSimulate(args, context), context),
  };
}

function listScenarios(): Command {
  return {
    path: ["simulate", "scenarios"],
    summary: "List the scenarios, with what they should show",
    usage: "nadi simulate scenarios",
    details: "example: nadi simulate scenarios --json",
    options: {},
    positionals: { min: 0, max: 0 },
    async run(_args, { stdout, json }) {
      const scenarios = scenarioNames().map(loadScenario);
      const text = scenarios
        .map(({ name, title, from, to, story }) => `${name}  ${title}, ${from}–${to}\n  ${story}\n`)
        .join("\n");
      stdout.write(json ? `${JSON.stringify({ scenarios })}\n` : text);
      return exitCodes.done;
    },
  };
}

interface SimulateArguments {
  kitchens: number;
  speed: number;
  seed: number;
  scenario: string | null;
  fromMs: number | null;
  durationMs: number | null;
  host: string;
  port: number;
  dataDir: string;
  credentialsFile: string;
  isProvisioning: boolean;
  timeZone: KitchenTimeZone;
}

function readSimulate(args: ParsedArguments, { env }: CommandContext): SimulateArguments {
  const config = loadDevicesConfig(env);
  const text = (name: string): string | null => {
    const value = args.options[name];
    return typeof value === "string" ? value : null;
  };
  const number = (
    name: string,
    fallback: number,
    [min, max]: readonly [number, number],
  ): number => {
    const given = text(name);
    const value = given === null ? fallback : Number(given);
    if (given?.trim() !== "" && value >= min && value <= max) return value;
    throw new UsageError(`--${name} must be a number from ${min} to ${max}, and is "${given}".`);
  };
  const count = (name: string, fallback: number, range: readonly [number, number]): number => {
    const value = number(name, fallback, range);
    if (Number.isInteger(value)) return value;
    throw new UsageError(`--${name} must be a whole number, and is ${value}.`);
  };
  const from = text("from");
  const fromMs = from === null ? null : Date.parse(from);
  if (Number.isNaN(fromMs)) throw new UsageError(`--from must be ISO 8601, and is "${from}".`);
  const duration = text("duration");
  const durationMs = duration === null ? null : parseDuration(duration);
  if (duration !== null && durationMs === null) {
    throw new UsageError(`--duration must be like 90s, 10m, 2h or 1d, and is "${duration}".`);
  }
  const timeZone = text("timezone") ?? provisionDefaults.timeZone;
  const knownZone = kitchenTimeZones.find((zone) => zone === timeZone);
  if (knownZone === undefined) {
    const zones = kitchenTimeZones.join(", ");
    throw new UsageError(`--timezone must be one of ${zones}, and is "${timeZone}".`);
  }
  const { provision: isAsked, "no-provision": isRefused } = args.options;
  if (isAsked === true && isRefused === true) {
    throw new UsageError("--provision and --no-provision exclude each other.");
  }
  const isLocal = text("host") === null && text("credentials") === null;
  return {
    kitchens: count("kitchens", defaults.kitchens, [1, limits.kitchensMax]),
    speed: number("speed", defaults.speed, [0.01, limits.speedMax]),
    seed: count("seed", defaults.seed, [0, 2 ** 32 - 1]),
    scenario: text("scenario"),
    fromMs,
    durationMs,
    host: text("host") ?? reachable(config.mqttHost),
    port: count("port", config.mqttPort === 0 ? 1883 : config.mqttPort, [1, 65_535]),
    dataDir: config.dataDir,
    credentialsFile: text("credentials") ?? demoCredentialsPath(config.dataDir),
    isProvisioning:
      isAsked === true || (isRefused !== true && isLocal && existsSync(config.dataDir)),
    timeZone: knownZone,
  };
}

/** Addresses that a listener binds to and nobody connects to. */
function reachable(host: string): string {
  return ["0.0.0.0", "::", "[::]"].includes(host) ? "127.0.0.1" : host;
}

async function runSimulate(
  options: SimulateCommandOptions,
  args: SimulateArguments,
  context: CommandContext,
): Promise<number> {
  const { scenario: name } = args;
  const scenario = name === null ? null : asUsage(() => loadScenario(name));
  const { speed, seed, host, port } = args;
  if (scenario?.needsLifeSpeed === true && speed > 1) {
    const note = "is about silence, which is judged by when messages arrive: run it at --speed 1";
    context.stderr.write(`nadi: ${scenario.name} ${note}\n`);
  }
  const schedule = asUsage(() => scheduleOf({ ...args, nowMs: Date.now(), scenario }));
  const { kitchens, credentials } = await takeKitchens(options, args, context);
  const run = startRun({ host, port, seed, speed, kitchens, credentials, scenario, ...schedule });
  try {
    await waitFor(run.connected(connectTimeoutMs), context.signal);
    const began = new Date(schedule.fromMs).toISOString();
    context.stderr.write(
      `Simulating ${kitchens
        .map(({ sppgId }) => sppgId)
        .slice(0, 5)
        .join(", ")}` +
        `${kitchens.length > 5 ? `, … (${kitchens.length})` : ""} on mqtt://${host}:${port}, ` +
        `seed ${seed}, from ${began} at speed ${speed}\n`,
    );
    await waitFor(run.finished, context.signal);
    // The end of simulated time comes before the last PUBACKs.
    await waitFor(run.drained(drainTimeoutMs), context.signal);
  } finally {
    await run.stop();
  }
  const stats = run.stats();
  context.stdout.write(context.json ? `${JSON.stringify(stats)}\n` : describe(stats));
  // Told to stop, it owes nothing; at its own end everything must have arrived.
  return stats.pending === 0 || context.signal.aborted ? exitCodes.done : exitCodes.failed;
}

/** What the simulators refuse in a value of the command line is a wrong command line. */
function asUsage<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof SimulatorsError)) throw error;
    throw new UsageError(error.message);
  }
}

interface TakenKitchens {
  kitchens: { sppgId: string; timeZone: KitchenTimeZone }[];
  credentials: DemoCredentials[];
}

async function takeKitchens(
  options: SimulateCommandOptions,
  args: SimulateArguments,
  context: CommandContext,
): Promise<TakenKitchens> {
  const { credentialsFile: file, kitchens, timeZone, seed } = args;
  if (args.isProvisioning) {
    return withRegistry(options, context, ({ registry }) =>
      provision({ registry, file, kitchens, timeZone, seed }),
    );
  }
  const credentials = await readDemoCredentials(file);
  const sppgIds = [...new Set(credentials.map(({ sppgId }) => sppgId))];
  if (sppgIds.length < kitchens) {
    throw new SimulatorsError(
      "SIMULATORS_CREDENTIALS_MISSING",
      `${file} has the secrets of ${sppgIds.length} kitchens, and ${kitchens} were asked for: ` +
        "register them with --provision where the broker's data folder is.",
    );
  }
  const taken = sppgIds.slice(0, kitchens).map((sppgId) => ({ sppgId, timeZone }));
  return { kitchens: taken, credentials };
}

/** Ends early, without an error, when the command is told to stop. */
async function waitFor(work: Promise<unknown>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const aborted = Promise.withResolvers<void>();
  const abort = (): void => aborted.resolve();
  signal.addEventListener("abort", abort, { once: true });
  try {
    await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

function describe(stats: RunStats): string {
  return [
    `acknowledged  ${stats.acked} messages of ${stats.devices} devices, ${stats.pending} pending`,
    `connections   ${stats.connects} made, ${stats.losses} lost, ${stats.refused} refused`,
    `given up      ${stats.dropped} (an outbox was full)`,
    `simulated to  ${new Date(stats.simulatedMs).toISOString()}`,
    "",
  ].join("\n");
}
