// The command line of Nadi, and the only place that joins its services.
import { flushCompileCache } from "node:module";
import path from "node:path";
import {
  AuditWriter,
  type Broker,
  brokerChecks,
  type Channels,
  createExportAclCommand,
  createJournalCommands,
  type FileJournal,
  joinChannels,
  loadBrokerConfig,
  loadClusterConfig,
  loadJournalConfig,
  openChannels,
  openServedJournal,
  registerBrokerMetrics,
  serveBroker,
  serveConformance,
} from "./broker/index.ts";
import {
  loadHttpConfig,
  type People,
  peopleMigrationsModule,
  peopleServiceModule,
  serveHttp,
} from "./dashboard/server/index.ts";
import {
  type ChangeFeed,
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
  serveChanges,
  type ServeParts,
  startRecordsWorker,
  stopSignals,
  StopStack,
  watchWorkers,
  welcome,
  withRegistry,
} from "./devices/index.ts";

import {
  createBackupCommands,
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
  registerIngestMetrics,
  serveHistory,
  serveIngest,
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
  cluster: ReturnType<typeof loadClusterConfig>;
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
    cluster: loadClusterConfig,
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
  { log, stack }: ServeParts,
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

async function startCore(configs: Configs, parts: ServeParts): Promise<Core> {
  const { log, stack } = parts;
  const records = await startRecords(configs, parts);
  const { registry, ingest } = records.services;
  const feed = await serveChanges(registry, parts);
  const audit = new AuditWriter(
    (events) => registry.appendAudit(events),
    log.child({ component: "records" }),
  );
  stack.push(() => audit.close());
  const journal = await openServedJournal({
    ...parts,
    config: configs.journal,
    parentDir: configs.devices.dataDir,
    // A journal folder that was lost must not give offsets again that the records remember.
    nextOffsetMin: ((await ingest.loadMonitorMeta())?.offset ?? 0) + 1,
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
  const { dataDir } = configs.devices;
  const { journal, records } = core;
  const channels = await openChannels({ ...parts, redisUrl: configs.broker.NADI_REDIS_URL });
  const ingest = await serveIngest(
    {
      dataDir,
      journal,
      recordsPort: records.connect(),
      channels: channels.publisherEnd,
      config: configs.ingest,
    },
    parts,
  );
  const history = await serveHistory({ dataDir, config: configs.ingest }, parts);
  return { ingest, channels: channels.subscriber, history };
}

interface Front {
  core: Core;
  back: Back;
  broker: Broker;
}

function startHttp(configs: Configs, front: Front, parts: ServeParts): Promise<string> {
  const { core, back, broker } = front;
  const { journal, audit, feed: logins } = core;
  const { ingest, channels } = back;
  const { registry, people, desk } = core.records.services;
  const services = { registry, people, desk, ...back, edge: broker, changes: logins, audit };
  return serveHttp(
    {
      config: configs.http,
      readiness: [
        ...brokerChecks({ journal, logins, channels, cluster: broker.cluster }),
        ...ingestChecks(ingest),
      ],
      registerMetrics(registry) {
        registerBrokerMetrics(registry, { broker, journal, audit, channels });
        registerIngestMetrics(registry, ingest);
      },
      people: { services, edge: broker },
    },
    parts,
  );
}

/** Broker and back half start beside each other; the broker stops first, so that all is drained. */
async function startMiddle(configs: Configs, core: Core, parts: ServeParts): Promise<Front> {
  const stacks = { back: new StopStack(), broker: new StopStack() };
  parts.stack.push(() => stacks.back.unwind());
  parts.stack.push(() => stacks.broker.unwind());
  const { journal, feed: logins, audit } = core;
  const [broker, back] = await Promise.all([
    serveBroker(
      {
        config: configs.broker,
        cluster: configs.cluster,
        dataDir: configs.devices.dataDir,
        journal,
        logins,
        audit,
        clock,
      },
      { ...parts, stack: stacks.broker },
    ),
    startBack(configs, core, { ...parts, stack: stacks.back }),
  ]);
  return { core, back, broker };
}

/** Simulated devices, in a process of their own; its end ends nothing else. */
async function startDemoKitchen(
  configs: Configs,
  { core, broker }: Front,
  parts: ServeParts,
): Promise<string> {
  const { dataDir } = configs.devices;
  const { registry } = core.records.services;
  if (broker.cluster !== null || !(await isDemoDue(registry, dataDir))) return "";
  const { NADI_MQTT_HOST: host } = configs.broker;
  const { mqtt: port } = broker.ports;
  const demo = await startDemo({ dataDir, host, port, registry });
  parts.stack.push(() => demo.stop());
  demo.failed.catch((error: unknown) => {
    parts.log.error({ component: "demo", err: error }, "the demo has ended");
  });
  return describeDemo(demo, { host, port });
}

/** Runs until the signal; answers the exit code. */
function serve(context: CommandContext, isStart: boolean): Promise<number> {
  const configs = loadConfigs(context.env);
  const log = createServiceLog(configs.http.logLevel);
  const stack = new StopStack();
  const parts = { log, stack, crashPointSetting: context.env["NADI_CRASH_POINT"] };
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
      const url = await startHttp(configs, front, parts);
      let text = welcome({ ...configs.devices, ...broker.mqtt(), url });
      if (isStart)
        text += `  your login    ${await describeLogin(core.records.services.registry)}\n`;
      if (configs.demo.isWanted ?? isStart) {
        text += await startDemoKitchen(configs, front, parts);
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
  createExportAclCommand(registryOptions),
  ...createStoreCommands(),
  ...createBackupCommands(),
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
