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
  joinChannels,
  loadBrokerConfig,
  loadClusterConfig,
  loadJournalConfig,
  openChannels,
  openPeers,
  type Peers,
  publisherEnd,
  registerBrokerMetrics,
  requireRedisJournal,
  serveBroker,
  serveConformance,
  serveJournal,
  servePeopleEdge,
  showAllDevices,
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
  createServeCommand,
  createServiceLog,
  createUserCommands,
  describeLogin,
  loadDevicesConfig,
  loadTogether,
  planRoles,
  type RolePlan,
  type ServeWords,
  type RecordsWorker,
  type Registry,
  registryMigrationsModule,
  registryServiceModule,
  runCommandLine,
  runService,
  startBeside,
  serveChanges,
  type ServeParts,
  startRecordsWorker,
  stopSignals,
  StopStack,
  watchWorkers,
  welcome,
  welcomeRoles,
  withRegistry,
} from "./devices/index.ts";

import {
  askKitchens,
  createBackupCommands,
  createStoreCommands,
  type Desk,
  type HistoryThread,
  deskServiceModule,
  type Ingest,
  requireOneJournal,
  ingestChecks,
  ingestMigrationsModule,
  type IngestRecords,
  ingestServiceModule,
  loadIngestConfig,
  registerIngestMetrics,
  serveHistory,
  serveIngest,
  serveKitchens,
} from "./ingest/index.ts";

import {
  createSimulateCommands,
  describeDemo,
  isDemoDue,
  loadDemoConfig,
  startDemo,
} from "./simulators/index.ts";
import packageFacts from "./package.json" with { type: "json" };

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

/** All that one process is started with. */
interface Setting {
  configs: Configs;
  plan: RolePlan;
  parts: ServeParts;
}

interface Core {
  records: RecordsWorker<Services>;
  feed: ChangeFeed;
  audit: AuditWriter;
  /** `null`: this process is alone. */
  peers: Peers | null;
  /** `null`: this process acknowledges nothing. */
  journal: Awaited<ReturnType<typeof serveJournal>> | null;
}

async function startCore({ configs, plan, parts }: Setting): Promise<Core> {
  const { devices, broker, journal: config, cluster } = configs;
  // Only who joins a cluster keeps something in its folder: whom it is known as there.
  const isKnown = plan.roles.has("broker") && cluster !== null;
  const sharedLock = isKnown ? "folder-shared" : "shared";
  const usesJournal = plan.roles.has("broker") || plan.roles.has("ingest");
  if (config.redis !== null && usesJournal) {
    await requireRedisJournal(config.redis, devices.dataDir);
  }
  const records = await startRecordsWorker<Services>({
    ...devices,
    lock: plan.isShared ? sharedLock : true,
    migrationModules,
    services: serviceModules,
  });
  parts.stack.push(() => records.close());
  const { registry, ingest } = records.services;
  if (config.redis === null && plan.roles.has("ingest")) await requireOneJournal(ingest);
  const feed = await serveChanges(registry, parts);
  const recordsLog = parts.log.child({ component: "records" });
  const audit = new AuditWriter((events) => registry.appendAudit(events), recordsLog);
  parts.stack.push(() => audit.close());
  const { NADI_REDIS_URL: redisUrl } = broker;
  const isJoined = plan.isShared && redisUrl !== undefined;
  const peers = isJoined ? await openPeers({ redisUrl, roles: plan.roles }, parts) : null;
  // A journal folder that was lost must not give offsets again that the records remember.
  const nextOffsetMin = async () => ((await ingest.loadMonitorMeta())?.offset ?? 0) + 1;
  const place = { config, parentDir: devices.dataDir, changes: feed, nextOffsetMin };
  const journal = plan.roles.has("broker") ? await serveJournal(place, parts) : null;
  return { records, feed, audit, peers, journal };
}

/** Recorder and monitor, what they say, and the history that they keep. */
interface Back {
  ingest: Ingest | null;
  channels: Channels["subscriber"] | null;
  history: HistoryThread | null;
}

async function startBack({ configs, plan, parts }: Setting, core: Core): Promise<Back> {
  const { dataDir } = configs.devices;
  const { NADI_REDIS_URL: redisUrl } = configs.broker;
  const isShown = plan.roles.has("dashboard");
  const channels = isShown ? await openChannels({ ...parts, redisUrl }) : null;
  const ingest = plan.roles.has("ingest")
    ? await serveIngest(
        {
          dataDir,
          journal: core.journal,
          redisJournal: configs.journal.redis,
          isAlone: configs.devices.databaseUrl === undefined,
          recordsPort: core.records.connect(),
          channels: channels?.publisherEnd ?? publisherEnd(redisUrl),
          config: configs.ingest,
          changes: core.feed,
        },
        parts,
      )
    : null;
  const history = isShown ? await serveHistory({ dataDir, config: configs.ingest }, parts) : null;
  return { ingest, channels: channels?.subscriber ?? null, history };
}

/** What devices connect to, or people, or both; `null`: nobody does. */
async function startEdge({ configs, plan, parts }: Setting, core: Core): Promise<Broker | null> {
  const { feed: logins, audit, peers, journal } = core;
  const { broker: config, cluster, devices } = configs;
  const common = { config, cluster, dataDir: devices.dataDir, logins, audit, clock };
  if (journal !== null) return serveBroker({ ...common, journal, peers }, parts);
  return plan.roles.has("dashboard") ? servePeopleEdge(common, parts) : null;
}

interface Front {
  core: Core;
  back: Back;
  broker: Broker | null;
}

/** Edge and back half start beside each other; the edge stops first, so that all is drained. */
async function startMiddle(setting: Setting, core: Core): Promise<Front> {
  const [broker, back] = await startBeside(
    setting.parts,
    (parts) => startEdge({ ...setting, parts }, core),
    (parts) => startBack({ ...setting, parts }, core),
  );
  const { stack } = setting.parts;
  if (back.channels !== null && broker !== null) joinChannels(back.channels, broker, stack);
  return { core, back, broker };
}

/** The page, the API and the WebSocket; `null`: this process has none of them. */
function peopleServices({ configs, parts }: Setting, { core, back, broker }: Front) {
  const { peers, feed: changes, audit } = core;
  if (back.history === null || broker === null) return null;
  const edge =
    peers === null ? broker : showAllDevices(broker, { ...configs, peers, clock }, parts);
  const ingest = peers === null ? back.ingest : askKitchens(peers);
  if (ingest === null) return null;
  const { registry, people, desk } = core.records.services;
  const services = { registry, people, desk, history: back.history, ingest, edge, changes, audit };
  return { services, edge };
}

function startHttp(setting: Setting, front: Front): Promise<string> {
  const { core, back, broker } = front;
  const { journal, audit, peers, feed: logins } = core;
  const { ingest, channels } = back;
  const people = peopleServices(setting, front);
  if (peers !== null && ingest !== null) serveKitchens(ingest, peers);
  // All that others may ask is there.
  peers?.start();
  return serveHttp(
    {
      config: setting.configs.http,
      readiness: [
        ...brokerChecks({ journal, logins, channels, peers, cluster: broker?.cluster ?? null }),
        ...(ingest === null ? [] : ingestChecks(ingest)),
      ],
      registerMetrics(registry) {
        registerBrokerMetrics(registry, { broker, journal, audit, channels, peers });
        if (ingest !== null) registerIngestMetrics(registry, ingest);
      },
      people,
    },
    setting.parts,
  );
}

/** Simulated devices, in a process of their own; its end ends nothing else. */
async function startDemoKitchen({ configs, parts }: Setting, front: Front): Promise<string> {
  const { dataDir } = configs.devices;
  const { registry } = front.core.records.services;
  if (front.broker?.cluster !== null || !(await isDemoDue(registry, dataDir))) return "";
  const { NADI_MQTT_HOST: host } = configs.broker;
  const { mqtt: port } = front.broker.ports;
  const demo = await startDemo({ dataDir, host, port, registry });
  parts.stack.push(() => demo.stop());
  demo.failed.catch((error: unknown) => {
    parts.log.error({ component: "demo", err: error }, "the demo has ended");
  });
  return describeDemo(demo, { host, port });
}

/** What a start prints for people. */
async function describeStart(setting: Setting, front: Front, at: { url: string; isDemo: boolean }) {
  const { configs, plan } = setting;
  const door = front.broker?.mqtt() ?? null;
  if (plan.isShared || door === null) {
    return welcomeRoles({ roles: [...plan.roles], door, url: at.url });
  }
  const { registry } = front.core.records.services;
  let text = welcome({ ...configs.devices, door, url: at.url });
  if (at.isDemo) text += `  your login    ${await describeLogin(registry)}\n`;
  if (configs.demo.isWanted ?? at.isDemo) text += await startDemoKitchen(setting, front);
  return text;
}

/** Runs until the signal; answers the exit code. */
function serve(context: CommandContext, words: ServeWords): Promise<number> {
  const configs = loadConfigs(context.env);
  const plan = planRoles(words.roles, {
    hasDatabase: configs.devices.databaseUrl !== undefined,
    hasRedis: configs.broker.NADI_REDIS_URL !== undefined,
    hasRedisJournal: configs.journal.redis !== null,
    hasInflux: configs.ingest.influx !== null,
  });
  const log = createServiceLog(configs.http.logLevel);
  const stack = new StopStack();
  const parts = { log, stack, crashPointSetting: context.env["NADI_CRASH_POINT"] };
  const setting = { configs, plan, parts };
  return runService({
    log,
    stack,
    signal: context.signal,
    async start() {
      const core = await startCore(setting);
      const front = await startMiddle(setting, core);
      const { broker, back } = front;
      const { ingest } = back;
      const failed = watchWorkers(log, {
        records: core.records,
        ...(ingest === null ? {} : { ingest }),
      });
      const url = await startHttp(setting, front);
      context.stderr.write(await describeStart(setting, front, { ...words, url }));
      flushCompileCache();
      return { failed, beforeStop: () => broker?.stopAccepting() };
    },
  });
}

function conformance(context: CommandContext): Promise<number> {
  const configs = loadConfigs(context.env);
  return withRegistry({ migrationModules }, context, ({ registry }) =>
    serveConformance({
      ...configs,
      dataDir: configs.devices.dataDir,
      countKitchens: async () => (await registry.listKitchens()).length,
      crashPointSetting: context.env["NADI_CRASH_POINT"],
      log: createServiceLog(configs.http.logLevel),
      clock,
      signal: context.signal,
    }),
  );
}

const registryOptions = { migrationModules };
const commands: readonly Command[] = [
  createServeCommand({ serve, conformance }),
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
  version: packageFacts.version,
  env: process.env,
  stdout: process.stdout,
  stderr: process.stderr,
  json: false,
  signal: stop.signal,
});
