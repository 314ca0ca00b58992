// Several processes of one Nadi over real servers, and a load whose acknowledgements foretell what
// InfluxDB must hold.
import { type Role, roles } from "../../devices/index.ts";
import { type LoadDevice, type LoadProcess, startLoadProcess } from "../../simulators/index.ts";
import { eventually } from "../support/kitchen.ts";
import { readMetric } from "../support/metrics.ts";
import {
  fixedPort,
  type NadiChild,
  type NadiLaunch,
  type Scope,
  spawnNadi,
  tempFolder,
} from "../support/nadi-process.ts";
import {
  type PlannedDevice,
  type PreparedKitchens,
  prepareKitchens,
} from "../support/prepared-kitchens.ts";
import { type RedisServer, startRedis } from "../support/redis.ts";
import { compareInflux } from "./influx-site.ts";
import { type Servers, serversEnv, startServers } from "./servers.ts";
import { slowly } from "./site.ts";
import type { StoreReport } from "./store-contents.ts";

/** A process with a role, or some of them, as the others and people see it. */
export interface RoleProcess extends NadiChild {
  readonly roles: readonly Role[];
  readonly httpUrl: string;
}

/** What a journal needs of Redis before 7.2. */
export const durable = ["--appendonly", "yes", "--appendfsync", "always"];
const noEviction = ["--maxmemory-policy", "noeviction"];

export const kitchenIds = [
  "sppg-jakarta-001",
  "sppg-bandung-002",
  "sppg-medan-003",
  "sppg-ambon-4",
];
export const probeId = "probe-1";
export const loadedPerKitchen = 5;
const partitions = 8;
/** A start takes a second on a quiet machine. */
export const startedWithinMs = 30_000;
/** A partition of a dead owner is taken over in under 10 s. */
export const storedWithinMs = 60_000;

/** The servers of a Nadi that has outgrown one process, and its processes. */
export class RolesSite {
  readonly mqttPort: number;
  readonly servers: Servers;
  readonly journal: RedisServer;
  readonly prepared: PreparedKitchens;
  readonly #scope: Scope;
  readonly #running = new Set<RoleProcess>();

  constructor(
    scope: Scope,
    parts: Pick<RolesSite, "mqttPort" | "servers" | "journal" | "prepared">,
  ) {
    this.#scope = scope;
    this.mqttPort = parts.mqttPort;
    this.servers = parts.servers;
    this.journal = parts.journal;
    this.prepared = parts.prepared;
  }

  get env(): Readonly<Record<string, string>> {
    return {
      ...serversEnv(this.servers),
      NADI_JOURNAL: "redis",
      NADI_JOURNAL_REDIS_URL: this.journal.url,
      NADI_JOURNAL_PARTITIONS: String(partitions),
    };
  }

  /** Of one role, or all of them. */
  running(role?: Role): RoleProcess[] {
    return [...this.#running].filter((one) => role === undefined || one.roles.includes(role));
  }

  /** Resolves when its HTTP listens, a broker's MQTT too. */
  async start(
    given: Role | readonly Role[],
    launch: Pick<NadiLaunch, "wrap" | "env"> = {},
  ): Promise<RoleProcess> {
    const roles = [given].flat();
    const child = spawnNadi(this.#scope, {
      ...launch,
      // Nothing of it is kept there.
      dataDir: tempFolder(this.#scope),
      mqttPort: this.mqttPort,
      words: ["serve", "--role", roles.join(",")],
      env: { ...this.env, ...launch.env },
    });
    if (roles.includes("broker")) await child.line("mqtt listening");
    const { url } = await child.line("http listens");
    const made = Object.assign(child, { roles, httpUrl: String(url) });
    this.#running.add(made);
    void child.exited.then(() => this.#running.delete(made));
    return made;
  }

  async startAll(ofEach = 2): Promise<void> {
    const wanted = roles.flatMap((role) => Array.from({ length: ofEach }, () => role));
    await Promise.all(wanted.map((role) => this.start(role)));
    await this.untilOwned();
  }

  /** Each partition has an owner among the ingest processes that run, which is level with it. */
  async untilOwned(): Promise<void> {
    const live = ({ httpUrl }: RoleProcess) => readMetric(httpUrl, "nadi_partitions_live");
    await eventually(
      slowly(() => Promise.all(this.running("ingest").map(live))),
      (counts) => counts.reduce((sum, count) => sum + count, 0) === partitions,
      startedWithinMs,
    );
  }

  device(sppgId: string, deviceId: string): LoadDevice {
    const { topic: topicName, ...login } = this.prepared.login(sppgId, deviceId);
    return { ...login, topicName };
  }

  async startLoad(perSecond: number, seed: number): Promise<LoadProcess> {
    const load = await startLoadProcess({
      port: this.mqttPort,
      devices: kitchenIds.flatMap((sppgId) =>
        loadIds().map((deviceId) => this.device(sppgId, deviceId)),
      ),
      pace: { kind: "rate", perSecond },
      boot: seed,
      reconnect: { minMs: 20, maxMs: 500 },
      seed,
    });
    this.#scope.onTestFinished(() => load.kill());
    return load;
  }

  /** Nothing new is sent; resolves when all that was is acknowledged, with what is stored of it. */
  async compare(load: LoadProcess): Promise<StoreReport & { acked: number }> {
    await load.pace({ kind: "idle" });
    await eventually(
      slowly(() => load.stats()),
      ({ inFlight }) => inFlight === 0,
      storedWithinMs,
    );
    const acked = await load.acked();
    const look = () =>
      compareInflux(this.servers.influx, { influx: this.servers.influxConfig }, acked);
    const isWhole = ({ missing }: StoreReport): boolean => missing.length === 0;
    const report = await eventually(slowly(look), isWhole, storedWithinMs).catch(look);
    const count = acked.flatMap(({ ranges }) => ranges).map(([from, to]) => to - from + 1);
    return { ...report, acked: count.reduce((sum, one) => sum + one, 0) };
  }
}

/** The device whose readings foretell alerts; no other kitchen has one of its name. */
export function coldStoreIn(sppgId: string): string {
  return `cold-${kitchenIds.indexOf(sppgId)}`;
}

export function loadIds(): string[] {
  return Array.from({ length: loadedPerKitchen }, (_, index) => `load-${index}`);
}

/** The servers, kitchens and people of it; no process runs yet. */
export async function createRolesSite(scope: Scope): Promise<RolesSite> {
  const [servers, journal, mqttPort] = await Promise.all([
    startServers(scope),
    startRedis(scope, { args: [...durable, ...noEviction] }),
    fixedPort(),
  ]);
  const kind = "temperature-probe";
  const devicesOf = (sppgId: string): PlannedDevice[] => [
    { deviceId: probeId, kind, place: "coldStore" },
    { deviceId: coldStoreIn(sppgId), kind, place: "coldStore" },
    ...loadIds().map((deviceId) => ({ deviceId, kind, place: "hotHolding" }) as const),
  ];
  const prepared = await prepareKitchens(
    { url: servers.databaseUrl },
    kitchenIds.map((sppgId) => ({ sppgId, devices: devicesOf(sppgId) })),
  );
  return new RolesSite(scope, { mqttPort, servers, journal, prepared });
}
