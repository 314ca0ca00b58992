// The command line of Nadi, and the only place that joins its services.
import { flushCompileCache } from "node:module";
import path from "node:path";
import { collectDefaultMetrics, Registry as MetricsRegistry } from "@prometheus-io/client";
import { type Logger, pino } from "pino";
import {
  AuditWriter,
  type Broker,
  brokerChecks,
  createBroker,
  createJournalCommands,
  type FileJournal,
  loadBrokerConfig,
  loadJournalConfig,
  openServedJournal,
  registerBrokerMetrics,
  serveConformance,
  Timekeeper,
} from "./broker/index.ts";
import { createHttpApp, type HttpApp, loadHttpConfig } from "./dashboard/server/index.ts";
import {
  ChangeFeed,
  type Command,
  type CommandContext,
  createBenchCommand,
  createDeviceCommands,
  createKitchenCommands,
  createUserCommands,
  loadDevicesConfig,
  loadTogether,
  type RecordsWorker,
  type Registry,
  registryMigrationsModule,
  registryServiceModule,
  runCommandLine,
  runService,
  startRecordsWorker,
  stopSignals,
  StopStack,
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

interface ServeParts {
  env: Env;
  log: Logger;
  stack: StopStack;
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
  const journal = await openServedJournal({
    config: configs.journal,
    parentDir: configs.devices.dataDir,
    crashPointSetting: parts.env["NADI_CRASH_POINT"],
    log,
    stack,
  });
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

function createLog(configs: Configs): Logger {
  return pino({
    level: configs.http.logLevel,
    redact: redactedPaths,
    base: { pid: process.pid },
  });
}

/** Runs until the signal; answers the exit code. */
function serve(context: CommandContext): Promise<number> {
  const configs = loadConfigs(context.env);
  const log = createLog(configs);
  const stack = new StopStack();
  const parts = { env: context.env, log, stack };
  return runService({
    log,
    stack,
    signal: context.signal,
    async start() {
      const core = await startCore(configs, parts);
      const broker = await startBroker(configs, core, parts);
      await startHttp(configs, { ...parts, core, broker });
      context.stderr.write(welcome(configs, broker));
      flushCompileCache();
      return { failed: core.failed, beforeStop: () => broker.stopAccepting() };
    },
  });
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

async function conformance(context: CommandContext): Promise<number> {
  const configs = loadConfigs(context.env);
  const kitchens = await withRegistry({ migrationModules }, context, ({ registry }) =>
    registry.listKitchens(),
  );
  return serveConformance({
    ...configs,
    dataDir: configs.devices.dataDir,
    kitchenCount: kitchens.length,
    crashPointSetting: context.env["NADI_CRASH_POINT"],
    log: createLog(configs),
    clock,
    signal: context.signal,
  });
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
    args.options["conformance"] === true ? conformance(context) : serve(context),
};

const registryOptions = { migrationModules };
const commands: readonly Command[] = [
  serveCommand,
  ...createKitchenCommands(registryOptions),
  ...createDeviceCommands(registryOptions),
  ...createUserCommands(registryOptions),
  ...createJournalCommands(),
  createBenchCommand(path.join(import.meta.dirname, "tests", "bench", "main.ts")),
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
