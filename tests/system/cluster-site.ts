import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { LoadDevice } from "../../simulators/index.ts";
import { provisionKitchens } from "../bench/provision.ts";
import { holdJournal } from "../support/hold-journal.ts";
import { type ApiClient, signInPerson } from "../support/kitchen.ts";
import { type MosquittoServer, startMosquitto } from "../support/mosquitto.ts";
import {
  fixedPort,
  type NadiChild,
  runNadi,
  type Scope,
  spawnNadi,
  tempFolder,
} from "../support/nadi-process.ts";
import { JournalContents } from "./journal-contents.ts";

/** Nadi beside a Mosquitto that has what `nadi broker export-acl` wrote. */
export interface ClusterSite {
  dataDir: string;
  mosquitto: MosquittoServer;
  devices: readonly LoadDevice[];
  operator: { email: string; password: string };
  /** Resolves when Nadi has joined and HTTP listens. */
  startNadi(env?: Readonly<Record<string, string>>): Promise<SiteNadi>;
  /** PUBACKs that Mosquitto has had from Nadi. */
  acknowledged(): number;
}

export type SiteNadi = NadiChild & { httpUrl: string };

export interface SiteOptions {
  kitchens: number;
  devicesPerKitchen: number;
  /** A folder of its own unless given. */
  dataDir?: string;
  connections?: number;
  /** The journal keeps everything, to be counted. */
  isHeld?: boolean;
  /** Lines for Mosquitto's configuration that come after the exported ones. */
  mosquittoLines?: string;
  isShared?: boolean;
}

export async function createClusterSite(scope: Scope, options: SiteOptions): Promise<ClusterSite> {
  const { dataDir = tempFolder(scope), connections = 4, isShared = true } = options;
  const { devices, operator } = await provisionKitchens(dataDir, { ...options, place: null });
  if (options.isHeld === true) holdJournal(dataDir);
  const folder = path.join(tempFolder(scope), "export");
  await exportTo(folder, dataDir, devices);
  const nadiPort = await fixedPort();
  const mosquitto = await startMosquitto(scope, {
    config: ({ port, folder: own }) => exportedConfig({ folder, port, nadiPort, own, options }),
  });
  const acks = mosquitto.count(/Received PUBACK from nadi-/);
  const login = readFileSync(path.join(folder, "nadi.env"), "utf8").trim().split("\n");
  const env = {
    NADI_MQTT_URL: `mqtt://127.0.0.1:${nadiPort}`,
    NADI_MQTT_DEVICES_URL: mosquitto.url,
    NADI_MQTT_CONNECTIONS: String(connections),
    NADI_MQTT_SHARED: isShared ? "yes" : "no",
    ...Object.fromEntries(login.map((line) => line.split("=", 2))),
  };
  return {
    dataDir,
    mosquitto,
    devices,
    operator,
    acknowledged: () => acks.value,
    async startNadi(more = {}) {
      const nadi = spawnNadi(scope, { dataDir, env: { ...env, ...more } });
      const [http] = await Promise.all([
        nadi.line("http listens"),
        nadi.line("mqtt cluster joined"),
      ]);
      return Object.assign(nadi, { httpUrl: String(http["url"]) });
    },
  };
}

async function exportTo(folder: string, dataDir: string, devices: readonly LoadDevice[]) {
  const secrets = path.join(dataDir, "secrets");
  writeFileSync(
    secrets,
    devices.map(({ username, password }) => `${username}:${password}\n`).join(""),
  );
  const words = ["broker", "export-acl", "--format", "mosquitto", "--out", folder];
  const { code, stderr } = await runNadi(dataDir, [...words, "--secrets", secrets]);
  if (code !== 0) throw new Error(`export-acl: ${stderr}`);
}

/** As it was written, but for ports and where sessions are kept. */
function exportedConfig(parts: {
  folder: string;
  port: number;
  nadiPort: number;
  own: string;
  options: SiteOptions;
}): string {
  const { folder, port, nadiPort, own, options } = parts;
  const text = readFileSync(path.join(folder, "mosquitto.conf"), "utf8")
    .replace("listener 1883", `listener ${port} 127.0.0.1`)
    .replace("listener 1884 127.0.0.1", `listener ${nadiPort} 127.0.0.1`)
    .replace("/var/lib/mosquitto/", `${own}/data/`)
    .replace("autosave_interval 30", "autosave_interval 1");
  return `${text}${options.mosquittoLines ?? ""}`;
}

/** Readings of a device that are stored, over HTTP. */
export async function countStored(api: ApiClient, device: LoadDevice): Promise<number> {
  const [, sppgId, , deviceId] = device.topicName.split("/");
  const nowMs = Date.now();
  const range = `from=${nowMs - 86_400_000}&to=${nowMs + 300_000}&points=1`;
  const series = `device=${deviceId}&reading=temperature`;
  const { buckets } = await api.get<{ buckets: { count: number }[] }>(
    `/api/kitchens/${sppgId}/readings?${series}&${range}`,
  );
  return buckets[0]?.count ?? 0;
}

export async function countAllStored(site: ClusterSite, nadi: SiteNadi): Promise<number> {
  const api = await signInPerson(nadi.httpUrl, site.operator);
  const counts = await Promise.all(site.devices.map((device) => countStored(api, device)));
  return counts.reduce((sum, count) => sum + count, 0);
}

/** All that the journal holds by now. */
export async function readJournal({ dataDir }: ClusterSite): Promise<JournalContents> {
  const contents = new JournalContents(dataDir);
  await contents.readOn();
  return contents;
}
