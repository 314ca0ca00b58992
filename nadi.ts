// The command line of Nadi, and the only place that joins its services.
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { flushCompileCache } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { collectDefaultMetrics, Registry as MetricsRegistry } from "@prometheus-io/client";
import { type Logger, pino } from "pino";
import {
  AuditWriter,
  type Broker,
  brokerChecks,
  crashPointFrom,
  createBroker,
  createJournalCommands,
  type FileJournal,
  loadBrokerConfig,
  loadJournalConfig,
  noLogins,
  openFileJournal,
  registerBrokerMetrics,
  Timekeeper,
} from "./broker/index.ts";
import { createHttpApp, type HttpApp, loadHttpConfig } from "./dashboard/server/index.ts";
import {
  ChangeFeed,
  type Command,
  type CommandContext,
  createDeviceCommands,
  createKitchenCommands,
  createUserCommands,
  exitCodes,
  loadDevicesConfig,
  loadTogether,
  type RecordsWorker,
  type Registry,
  registryMigrationsModule,
  registryServiceModule,
  runCommandLine,
  startRecordsWorker,
  StopStack,
  UsageError,
  withRegistry,
} from "./devices/index.ts";

/** Every folder's migrations, in the order in which they apply. */
const migrationModules = [registryMigrationsModule];

const clock = { wallMs: () => Date.now(), monotonicMs: () => performance.now() };

/** Everything that a log line may carry and must not show. */
const redactedPaths = ["password", "secret", "token", "*.password", "*.secret", "*.token"];

interface Configs {
  devices: ReturnType<typeof loadDevicesConfig>;
  broker: ReturnType<typeof loadBrokerConfig>;
  journal: ReturnType<typeof loadJournalConfig>;
  http: ReturnType<typeof loadHttpConfig>;
}

type Env = CommandContext["env"];

function loadConfigs(env: Env): Configs {
  return loadTogether<Configs>(env, {
    devices: loadDevicesConfig,
    broker: loadBrokerConfig,
    journal: loadJournalConfig,
    http: loadHttpConfig,
  });
}

interface Core {
  registry: Registry;
  feed: ChangeFeed;
  journal: FileJournal;
  audit: AuditWriter;
  /** Rejects when something that serving depends on has ended by itself. */
  failed: Promise<never>;
}

async function startRecords(
  configs: Configs,
  log: Logger,
  stack: StopStack,
): Promise<RecordsWorker<{ registry: Registry }>> {
  const worker = await startRecordsWorker<{ registry: Registry }>({
    dataDir: configs.devices.dataDir,
    lock: true,
    migrationModules,
    services: { registry: registryServiceModule },
  });
  stack.push(() => worker.close());
  log.debug({ component: "records", dataDir: configs.devices.dataDir }, "records open");
  return worker;
}

async function openJournal(configs: Configs, options: ServeParts): Promise<FileJournal> {
  const { env, log, stack } = options;
  const startMs = performance.now();
  const journal = await openFileJournal({
    ...configs.journal,
    directory: path.join(options.journalDir ?? configs.devices.dataDir, "journal"),
    crashPoint: crashPointFrom(env["NADI_CRASH_POINT"]),
  });
  stack.push(() => journal.close());
  const { firstOffset, syncedOffset } = journal;
  const openMs = Math.round(performance.now() - startMs);
  log.info({ component: "journal", firstOffset, syncedOffset, openMs }, "journal open");
  journal.onCondition((condition) => {
    if (condition.kind === "withheld") {
      log.error({ component: "journal", reason: condition.reason }, "acknowledgements withheld");
    } else if (condition.kind === "open") {
      log.info({ component: "journal" }, "acknowledgements given again");
    }
  });
  return journal;
}

interface ServeParts {
  env: Env;
  log: Logger;
  stack: StopStack;
  /** Instead of the data folder, on a conformance run. */
  journalDir?: string;
}

async function startCore(configs: Configs, parts: ServeParts): Promise<Core> {
  const { log, stack } = parts;
  const worker = await startRecords(configs, log, stack);
  const { registry } = worker.services;
  const recordsLog = log.child({ component: "records" });
  const feed = new ChangeFeed({
    registry,
    onUnreadable: (error) => recordsLog.error({ err: error }, "change log can't be read"),
    onReadable: () => recordsLog.info("change log can be read again"),
    onListenerError: (error, change) =>
      recordsLog.error({ err: error, seq: change.seq }, "a change was not applied"),
  });
  await feed.start();
  stack.push(() => feed.stop());
  const audit = new AuditWriter((events) => registry.appendAudit(events), recordsLog);
  stack.push(() => audit.close());
  const journal = await openJournal(configs, parts);
  const failed = new Promise<never>((_resolve, reject) => {
    worker.onExit(({ expected, error }) => {
      if (!expected) reject(error ?? new Error("the records worker has ended"));
    });
  });
  // It is awaited later; until then a rejection must not count as unhandled.
  failed.catch(() => log.fatal({ component: "records" }, "records worker has ended"));
  return { registry, feed, journal, audit, failed };
}

async function startBroker(configs: Configs, core: Core, parts: ServeParts): Promise<Broker> {
  const { log, stack } = parts;
  const { feed, journal, audit } = core;
  const brokerLog = log.child({ component: "broker" });
  const broker = createBroker({
    config: configs.broker,
    journal,
    logins: feed,
    audit,
    log: brokerLog,
    clock,
  });
  const timekeeper = new Timekeeper({ journal, source: feed, log: brokerLog });
  timekeeper.start();
  stack.push(() => timekeeper.stop());
  stack.push(() => broker.stop());
  await broker.start();
  return broker;
}

async function startHttp(
  configs: Configs,
  parts: ServeParts & { core: Core; broker: Broker },
): Promise<HttpApp> {
  const { core, broker, log, stack } = parts;
  const metrics = new MetricsRegistry();
  collectDefaultMetrics({ register: metrics });
  registerBrokerMetrics(metrics, { broker, journal: core.journal, audit: core.audit });
  const http = createHttpApp({
    config: configs.http,
    log,
    metrics,
    readiness: brokerChecks({ journal: core.journal, logins: core.feed }),
  });
  stack.push(() => http.stop());
  await http.start();
  return http;
}

const stopSignals = ["SIGTERM", "SIGINT"] as const;

/** SIGTERM to exit: a supervisor kills after 10 s, and 5 s is what we promise. */
const stopDeadlineMs = 4_500;

/** `false`: the deadline has passed before everything was stopped. */
async function unwindInTime(stack: StopStack): Promise<boolean> {
  const late = Promise.withResolvers<false>();
  const timer = setTimeout(() => late.resolve(false), stopDeadlineMs);
  try {
    return await Promise.race([stack.unwind().then(() => true), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Stops after a failure, which is what the caller must hear of whatever the stop brings. */
async function abandon(error: unknown, log: Logger, stack: StopStack): Promise<never> {
  try {
    if (await unwindInTime(stack)) throw error;
  } catch (thrown) {
    if (thrown !== error) log.error({ err: thrown }, "not everything could be stopped");
    throw error;
  }
  log.fatal({ err: error }, "failed, and something does not stop");
  return process.exit(exitCodes.failed);
}

async function stopServing(log: Logger, stack: StopStack): Promise<number> {
  log.info("stopping");
  if (await unwindInTime(stack)) {
    log.info("stopped");
    return exitCodes.done;
  }
  log.error("stopped before everything was drained: what was not acknowledged was not promised");
  // Whatever hangs would keep the process; nothing acknowledged depends on it.
  return process.exit(exitCodes.failed);
}

/** Waits for the first signal, and outlives further ones: they would end us in mid-drain. */
async function aborted(signal: AbortSignal, log: Logger): Promise<void> {
  for (const name of stopSignals) process.on(name, () => log.info({ name }, "told to stop"));
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

function createLog(configs: Configs): Logger {
  return pino({
    level: configs.http.logLevel,
    redact: redactedPaths,
    base: { pid: process.pid },
  });
}

/** Runs until the signal; answers the exit code. */
async function serve(context: CommandContext): Promise<number> {
  const configs = loadConfigs(context.env);
  const log = createLog(configs);
  // The last resort: Node ends the process after it, as a broken promise must.
  process.on("uncaughtExceptionMonitor", (error) => log.fatal({ err: error }, "uncaught"));
  const stack = new StopStack();
  const parts = { env: context.env, log, stack };
  try {
    const core = await startCore(configs, parts);
    const broker = await startBroker(configs, core, parts);
    await startHttp(configs, { ...parts, core, broker });
    context.stderr.write(welcome(configs, broker));
    flushCompileCache();
    await Promise.race([aborted(context.signal, log), core.failed]);
    broker.stopAccepting();
  } catch (error) {
    return await abandon(error, log, stack);
  }
  return await stopServing(log, stack);
}

function welcome(configs: Configs, broker: Broker): string {
  const { NADI_MQTT_HOST: host } = configs.broker;
  const lines = [
    `Nadi takes readings on mqtt://${host}:${broker.ports.mqtt}`,
    `  data folder   ${path.resolve(configs.devices.dataDir)}`,
    "  a kitchen     npx nadi kitchen add --help",
    "  a device      npx nadi device add --help",
    "  what arrived  npx nadi journal read --from 1 --limit 20",
  ];
  return `${lines.join("\n")}\n`;
}

/**
 * For MQTT test suites from outside: the same gate, pump, sessions and journal, but anonymous and
 * with free topics. Loopback only, on a journal of its own, never beside stored kitchens.
 */
async function serveConformance(context: CommandContext): Promise<number> {
  const configs = loadConfigs(context.env);
  const { NADI_MQTT_HOST: host } = configs.broker;
  if (!["127.0.0.1", "::1", "localhost"].includes(host)) {
    throw new UsageError(`--conformance lets anybody in: NADI_MQTT_HOST must not be ${host}.`);
  }
  const kitchens = await withRegistry({ migrationModules }, context, ({ registry }) =>
    registry.listKitchens(),
  );
  if (kitchens.length > 0) {
    const { dataDir } = configs.devices;
    throw new UsageError(
      `--conformance never runs beside stored kitchens: ${dataDir} has ${kitchens.length}. ` +
        "Set NADI_DATA_DIR to an empty folder.",
    );
  }
  const log = createLog(configs);
  log.warn("CONFORMANCE RUN: anonymous, free topics, no kitchen; for MQTT test suites only");
  const stack = new StopStack();
  const journalDir = await mkdtemp(path.join(tmpdir(), "nadi-conformance-"));
  stack.push(() => rm(journalDir, { recursive: true }));
  try {
    const journal = await openJournal(configs, { env: context.env, log, stack, journalDir });
    const broker = createBroker({
      config: configs.broker,
      journal,
      logins: noLogins,
      audit: { write: () => undefined },
      log: log.child({ component: "broker" }),
      clock,
      isConformance: true,
    });
    stack.push(() => broker.stop());
    await broker.start();
    await aborted(context.signal, log);
  } catch (error) {
    return await abandon(error, log, stack);
  }
  return await stopServing(log, stack);
}

const serveCommand: Command = {
  path: ["serve"],
  summary: "Run everything in this process until SIGTERM",
  usage: "nadi serve [--conformance]",
  details: `
  --conformance    let outside MQTT test suites in: anonymous, any topic, loopback only,
                   on a journal of its own, never beside stored kitchens

Configuration is the environment: see .env.example. Logs are JSON lines on stdout.

example: NADI_MQTT_PORT=1884 nadi serve`,
  options: { conformance: { type: "boolean" } },
  positionals: { min: 0, max: 0 },
  run: (args, context) =>
    args.options["conformance"] === true ? serveConformance(context) : serve(context),
};

const benchCommand: Command = {
  path: ["bench"],
  summary: "Measure Nadi beside stock Aedes and Mosquitto",
  usage: "nadi bench [--quick] [--only nadi|aedes|mosquitto] [--json]",
  details: "example: nadi bench --quick",
  options: { quick: { type: "boolean" }, only: { type: "string" } },
  positionals: { min: 0, max: 0 },
  async run(args, context) {
    const words = [path.join(import.meta.dirname, "tests", "bench", "main.ts")];
    if (args.options["quick"] === true) words.push("--quick");
    if (typeof args.options["only"] === "string") words.push("--only", args.options["only"]);
    if (context.json) words.push("--json");
    // The bench starts brokers of its own and is no part of the running product.
    const child = spawn(process.execPath, words, { stdio: "inherit", signal: context.signal });
    return await new Promise<number>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (code) => resolve(code ?? exitCodes.failed));
    });
  },
};

const registryOptions = { migrationModules };
const commands: readonly Command[] = [
  serveCommand,
  ...createKitchenCommands(registryOptions),
  ...createDeviceCommands(registryOptions),
  ...createUserCommands(registryOptions),
  ...createJournalCommands(),
  benchCommand,
];

const stop = new AbortController();
for (const signal of stopSignals) process.once(signal, () => stop.abort());

process.exitCode = await runCommandLine(commands, process.argv.slice(2), {
  env: process.env,
  stdout: process.stdout,
  stderr: process.stderr,
  json: false,
  signal: stop.signal,
});
