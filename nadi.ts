// The command line of Nadi, and the only place that joins its services.
import { flushCompileCache } from "node:module";
import path from "node:path";
import { collectDefaultMetrics, Registry as MetricsRegistry } from "@prometheus-io/client";
import type { Logger } from "pino";
import {
  AuditWriter,
  type Broker,
  brokerChecks,
  type Channels,
  createBroker,
  createJournalCommands,
  type FileJournal,
  joinChannels,
  journalDirectory,
  loadBrokerConfig,
  loadJournalConfig,
  openChannels,
  openServedJournal,
  registerBrokerMetrics,
  serveConformance,
  Timekeeper,
} from "./broker/index.ts";
import {
  createHttpApp,
  loadHttpConfig,
  pageDirectory,
  type People,
  peopleMigrationsModule,
  peopleServiceModule,
  registerApi,
  registerMqttWebSocket,
} from "./dashboard/server/index.ts";
import {
  ChangeFeed,
  type Command,
  type CommandContext,
  createBenchCommand,
  createDeviceCommands,
  createKitchenCommands,
  createRecordsCommands,
  createServiceLog,
  createUserCommands,
  describeLogin,
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
  watchWorkers,
  welcome,
  withRegistry,
} from "./devices/index.ts";

import {
  createStoreCommands,
  type Desk,
  type HistoryThread,
  deskServiceModule,
  type Ingest,
  ingestChecks,
  ingestMigrationsModule,
  type IngestRecords,
  ingestServiceModule,
  loadIngestConfig,
  historyPlace,
  registerIngestMetrics,
  startHistory,
  startIngest,
} from "./ingest/index.ts";

import {
  createSimulateCommands,
  describeDemo,
  isDemoDue,
  loadDemoConfig,
  startDemo,
} from "./simulators/index.ts";

/** Every folder's migrations, in the order in which they apply. */
const migrationModules = [registryMigrationsModule, ingestMigrationsModule, peopleMigrationsModule];

/** What the records worker serves, by the names under which others call it. */
interface Services {
  registry: Registry;
  ingest: IngestRecords;
  desk: Desk;
  people: People;
}

const serviceModules: Readonly<Record<keyof Services, string>> = {
  registry: registryServiceModule,
  ingest: ingestServiceModule,
  desk: deskServiceModule,
  people: peopleServiceModule,
};

const clock = { wallMs: () => Date.now(), monotonicMs: () => performance.now() };

interface Configs {
  devices: ReturnType<typeof loadDevicesConfig>;
  broker: ReturnType<typeof loadBrokerConfig>;
  journal: ReturnType<typeof loadJournalConfig>;
  ingest: ReturnType<typeof loadIngestConfig>;
  http: ReturnType<typeof loadHttpConfig>;
  demo: ReturnType<typeof loadDemoConfig>;
}

type Env = CommandContext["env"];

function loadConfigs(env: Env): Configs {
  return loadTogether<Configs>(env, {
    devices: loadDevicesConfig,
    broker: loadBrokerConfig,
    journal: loadJournalConfig,
    ingest: loadIngestConfig,
    http: loadHttpConfig,
    demo: loadDemoConfig,
  });
}

interface Core {
  records: RecordsWorker<Services>;
  feed: ChangeFeed;
  journal: FileJournal;
  audit: AuditWriter;
}

async function startRecords(
  configs: Configs,
  log: Logger,
  stack: StopStack,
): Promise<RecordsWorker<Services>> {
  const worker = await startRecordsWorker<Services>({
    ...configs.devices,
    lock: true,
    migrationModules,
    services: serviceModules,
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
  const records = await startRecords(configs, log, stack);
  const { registry } = records.services;
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
    // A journal folder that was lost must not give offsets again that the records remember.
    nextOffsetMin: ((await records.services.ingest.loadMonitorMeta())?.offset ?? 0) + 1,
    crashPointSetting: parts.env["NADI_CRASH_POINT"],
    log,
    stack,
  });
  return { records, feed, journal, audit };
}

/** The back half: recorder and monitor, what they say, and the history that they keep. */
interface Back {
  ingest: Ingest;
  channels: Channels["subscriber"];
  history: HistoryThread;
}

async function startBack(configs: Configs, core: Core, parts: ServeParts): Promise<Back> {
  const { log, stack } = parts;
  const { dataDir } = configs.devices;
  const redisUrl = configs.broker.NADI_REDIS_URL;
  const channels = await openChannels({ redisUrl, log, stack });
  const ingest = await startIngest({
    dataDir,
    journal: core.journal,
    journalDirectory: journalDirectory(dataDir),
    recordsPort: core.records.connect(),
    channels: channels.publisherEnd,
    config: configs.ingest,
    crashPointSetting: parts.env["NADI_CRASH_POINT"],
    log: log.child({ component: "ingest" }),
  });
  stack.push(() => ingest.stop());
  const history = await startHistory({
    ...historyPlace(dataDir, configs.ingest),
    log: (event) => log.error({ component: "history", ...event }, "history has failed"),
  });
  stack.push(() => history.close());
  return { ingest, channels: channels.subscriber, history };
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

interface Front {
  core: Core;
  back: Back;
  broker: Broker;
}

async function startHttp(configs: Configs, parts: ServeParts & Front): Promise<string> {
  const { core, back, broker, log, stack } = parts;
  const { ingest } = back;
  const metrics = new MetricsRegistry();
  collectDefaultMetrics({ register: metrics });
  const { journal, audit, feed: logins } = core;
  const { channels } = back;
  registerBrokerMetrics(metrics, { broker, journal, audit, channels });
  registerIngestMetrics(metrics, ingest);
  const http = createHttpApp({
    config: configs.http,
    log,
    metrics,
    readiness: [...brokerChecks({ journal, logins, channels }), ...ingestChecks(ingest)],
    pageDirectory,
  });
  const { registry, people, desk } = core.records.services;
  const services = { registry, people, desk, ...back, edge: broker, changes: logins, audit };
  const api = registerApi(http.server, services, { config: configs.http, log });
  registerMqttWebSocket(http.server, {
    authenticate: (request) => api.sessions.authenticate(request),
    isAllowedOrigin: (place) => api.isAllowedOrigin(place),
    onRefused: (request, because) => api.noteRefusedUpgrade(request, because),
    handle: (conn, origin) => broker.handle(conn, origin),
  });
  stack.push(() => http.stop());
  return (await http.start()).url;
}

/** Broker and back half start beside each other; the broker stops first, so that all is drained. */
async function startMiddle(configs: Configs, core: Core, parts: ServeParts): Promise<Front> {
  const stacks = { back: new StopStack(), broker: new StopStack() };
  parts.stack.push(() => stacks.back.unwind());
  parts.stack.push(() => stacks.broker.unwind());
  const [broker, back] = await Promise.all([
    startBroker(configs, core, { ...parts, stack: stacks.broker }),
    startBack(configs, core, { ...parts, stack: stacks.back }),
  ]);
  return { core, back, broker };
}

/** Simulated devices, in a process of their own; its end ends nothing else. */
async function startDemoKitchen(configs: Configs, parts: ServeParts & Front): Promise<string> {
  const { dataDir } = configs.devices;
  const { registry } = parts.core.records.services;
  if (!(await isDemoDue(registry, dataDir))) return "";
  const { NADI_MQTT_HOST: host } = configs.broker;
  const demo = await startDemo({ dataDir, host, port: parts.broker.ports.mqtt, registry });
  parts.stack.push(() => demo.stop());
  demo.failed.catch((error: unknown) => {
    parts.log.error({ component: "demo", err: error }, "the demo has ended");
  });
  return describeDemo(demo, { host, port: parts.broker.ports.mqtt });
}

/** Runs until the signal; answers the exit code. */
function serve(context: CommandContext, isStart: boolean): Promise<number> {
  const configs = loadConfigs(context.env);
  const log = createServiceLog(configs.http.logLevel);
  const stack = new StopStack();
  const parts = { env: context.env, log, stack };
  return runService({
    log,
    stack,
    signal: context.signal,
    async start() {
      const core = await startCore(configs, parts);
      const front = await startMiddle(configs, core, parts);
      const { broker, back } = front;
      const failed = watchWorkers(log, { records: core.records, ingest: back.ingest });
      joinChannels(back.channels, broker, stack);
      const url = await startHttp(configs, { ...parts, ...front });
      const { NADI_MQTT_HOST: host } = configs.broker;
      let text = welcome({ ...configs.devices, host, port: broker.ports.mqtt, url });
      if (isStart)
        text += `  your login    ${await describeLogin(core.records.services.registry)}\n`;
      if (configs.demo.isWanted ?? isStart) {
        text += await startDemoKitchen(configs, { ...parts, ...front });
      }
      context.stderr.write(text);
      flushCompileCache();
      return { failed, beforeStop: () => broker.stopAccepting() };
    },
  });
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
    log: createServiceLog(configs.http.logLevel),
    clock,
    signal: context.signal,
  });
}

const serveCommand: Command = {
  path: ["serve"],
  summary: "Run everything in this process until SIGTERM",
  usage: "nadi serve [--demo | --conformance]",
  details: `
  --demo           as npm start does: a first login, and a simulated kitchen if there is no other
  --conformance    let outside MQTT test suites in: anonymous, any topic, loopback only,
                   on a journal of its own, never beside stored kitchens

Configuration is the environment: see .env.example. Logs are JSON lines on stdout.

example: NADI_MQTT_PORT=1884 nadi serve`,
  options: { demo: { type: "boolean" }, conformance: { type: "boolean" } },
  positionals: { min: 0, max: 0 },
  run: ({ options }, context) =>
    options["conformance"] === true
      ? conformance(context)
      : serve(context, options["demo"] === true),
};

const registryOptions = { migrationModules };
const commands: readonly Command[] = [
  serveCommand,
  ...createKitchenCommands(registryOptions),
  ...createDeviceCommands(registryOptions),
  ...createUserCommands(registryOptions),
  ...createRecordsCommands(registryOptions),
  ...createJournalCommands(),
  ...createStoreCommands(),
  ...createSimulateCommands(registryOptions),
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
