import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import type { InfluxConfig } from "../../ingest/store/influx/influx-config.ts";
import { besideTest, type ServerPlace, wordsAt } from "./server-place.ts";

/** A real InfluxDB 1.x on free ports over a folder of its own. */
export interface InfluxServer {
  readonly url: string;
  readonly pid: number;
  /** Another database for each test. */
  config(given?: Partial<InfluxConfig>): InfluxConfig;
  query(statement: string, db?: string): Promise<unknown>;
  kill(signal: NodeJS.Signals): Promise<void>;
  /** On the same ports and folder; resolves when it answers. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

const startMsMax = 20_000;

export async function startInfluxServer({
  hasAuthentication = false,
  place = besideTest,
}: {
  hasAuthentication?: boolean;
  place?: ServerPlace;
} = {}): Promise<InfluxServer> {
  const folder = await mkdtemp(path.join(tmpdir(), "nadi-influx-"));
  const [rpcPort, httpPort] = await findFreePorts();
  const configFile = path.join(folder, "influxdb.conf");
  await writeFile(
    configFile,
    configText({ folder, rpcPort, httpPort, hasAuthentication, host: place.host }),
  );
  const url = `http://${place.host}:${httpPort}`;
  let child: ChildProcess | null = null;
  let databases = 0;
  const start = async (): Promise<void> => {
    const [program, args] = wordsAt(place, "influxd", ["-config", configFile]);
    child = spawn(program, args, { stdio: "ignore" });
    await untilItAnswers(url, child);
  };
  const kill = async (signal: NodeJS.Signals): Promise<void> => {
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill(signal);
    if (signal === "SIGSTOP" || signal === "SIGCONT") return;
    await exited;
  };
  await start();
  return {
    url,
    get pid() {
      return child?.pid ?? 0;
    },
    config(given = {}) {
      databases += 1;
      const bucket = `nadi${databases}`;
      return { url, version: 1, bucket, org: null, token: null, login: null, ...given };
    },
    async query(statement, db = "") {
      const body = new URLSearchParams({ q: statement, db });
      const response = await fetch(`${url}/query`, { method: "POST", body });
      return await response.json();
    },
    kill,
    start,
    async stop() {
      // One that is stopped does not hear SIGTERM.
      await kill("SIGCONT");
      await kill("SIGKILL");
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function untilItAnswers(url: string, child: ChildProcess): Promise<void> {
  const untilMs = performance.now() + startMsMax;
  while (performance.now() < untilMs) {
    if (child.exitCode !== null) throw new Error(`influxd ended with ${child.exitCode}.`);
    try {
      const response = await fetch(`${url}/ping`, { signal: AbortSignal.timeout(1_000) });
      if (response.status === 204) return;
    } catch {
      // Not listening yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`influxd did not answer within ${startMsMax} ms.`);
}

async function findFreePorts(): Promise<[number, number]> {
  const servers = await Promise.all(
    [0, 1].map(async () => {
      const server = createServer();
      await once(server.listen(0, "127.0.0.1"), "listening");
      return server;
    }),
  );
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  });
  await Promise.all(servers.map((server) => once(server.close(), "close")));
  return [ports[0] ?? 0, ports[1] ?? 0];
}

function configText(place: {
  host: string;
  folder: string;
  rpcPort: number;
  httpPort: number;
  hasAuthentication: boolean;
}): string {
  const { host, folder, rpcPort, httpPort, hasAuthentication } = place;
  const at = (name: string): string => JSON.stringify(path.join(folder, name));
  return [
    "reporting-disabled = true",
    `bind-address = "127.0.0.1:${rpcPort}"`,
    "[meta]",
    `  dir = ${at("meta")}`,
    "[data]",
    `  dir = ${at("data")}`,
    `  wal-dir = ${at("wal")}`,
    `  index-version = "tsi1"`,
    "  query-log-enabled = false",
    "[http]",
    `  bind-address = "${host}:${httpPort}"`,
    "  log-enabled = false",
    `  auth-enabled = ${hasAuthentication}`,
    "[monitor]",
    "  store-enabled = false",
    "",
  ].join("\n");
}
