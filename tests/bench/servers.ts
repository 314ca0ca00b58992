import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import net, { type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { anonymousDevices, type LoadDevice } from "../../simulators/index.ts";
import { provision } from "./provision.ts";
import { type BenchScope, openScope } from "./started.ts";

export const serverNames = ["aedes", "mosquitto", "nadi"] as const;
export type ServerName = (typeof serverNames)[number];

/** A broker in a process of its own, on a free port of this machine. */
export interface BenchServer {
  name: ServerName;
  pid: number;
  port: number;
  devices: readonly LoadDevice[];
  stop(): Promise<void>;
}

const root = path.resolve(import.meta.dirname, "../..");
const startTimeoutMs = 30_000;
const stopTimeoutMs = 10_000;

/** Why a server can't be measured here, or `null`: found out by starting it once. */
export async function whyMissing(name: ServerName): Promise<string | null> {
  if (name === "mosquitto" && findMosquitto() === null) {
    return "mosquitto is not installed (Debian: apt-get install mosquitto)";
  }
  try {
    const server = await startServer(name, 1);
    await server.stop();
    return null;
  } catch (error) {
    return (error as Error).message.trim();
  }
}

/** Starts a server that knows this many devices. */
export async function startServer(
  name: ServerName,
  deviceCount: number,
  options: MosquittoOptions = {},
): Promise<BenchServer> {
  const scope = openScope();
  try {
    switch (name) {
      case "aedes":
        return await startAedes(scope, deviceCount);
      case "mosquitto":
        return await startMosquitto(scope, deviceCount, options);
      case "nadi":
        return await startNadi(scope, deviceCount);
      default:
        return name satisfies never;
    }
  } catch (error) {
    await scope.close();
    throw error;
  }
}

export interface MosquittoOptions {
  /** `default`: what waits for one subscriber as Mosquitto comes. Else it is not bounded. */
  queue?: "default" | "unbounded";
}

async function startAedes(scope: BenchScope, deviceCount: number): Promise<BenchServer> {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, "aedes-server.ts")], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  stopAtEnd(scope, child);
  const port = await portFrom(child, () => true);
  return server(scope, "aedes", { child, port, devices: anonymousDevices(deviceCount) });
}

function findMosquitto(): string | null {
  const places = ["/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto", "/usr/bin/mosquitto"];
  return places.find((place) => existsSync(place)) ?? null;
}

async function startMosquitto(
  scope: BenchScope,
  deviceCount: number,
  { queue = "unbounded" }: MosquittoOptions,
): Promise<BenchServer> {
  const folder = tempFolder(scope);
  const port = await freePort();
  const config = path.join(folder, "mosquitto.conf");
  // Its default of 20 in flight would be below our window; a queue is a subscriber's.
  const limits = queue === "default" ? "" : "max_inflight_messages 0\nmax_queued_messages 0\n";
  // Stores nothing, as stock Aedes.
  writeFileSync(
    config,
    `listener ${port} 127.0.0.1
allow_anonymous true
persistence false
set_tcp_nodelay true
${limits}log_dest none
`,
  );
  const child = spawn(findMosquitto() ?? "mosquitto", ["-c", config], { stdio: "ignore" });
  stopAtEnd(scope, child);
  await accepting(port, child);
  return server(scope, "mosquitto", { child, port, devices: anonymousDevices(deviceCount) });
}

async function startNadi(scope: BenchScope, deviceCount: number): Promise<BenchServer> {
  const folder = tempFolder(scope);
  const devices = await provision(folder, deviceCount);
  const child = spawn(process.execPath, [path.join(root, "nadi.ts"), "serve"], {
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      PATH: process.env["PATH"],
      NADI_DATA_DIR: folder,
      NADI_MQTT_PORT: "0",
      NADI_HTTP_PORT: "0",
      NADI_LOG_LEVEL: "info",
    },
  });
  stopAtEnd(scope, child);
  const port = await portFrom(child, (line) => line["msg"] === "mqtt listening");
  return server(scope, "nadi", { child, port, devices });
}

interface Started {
  child: ChildProcess;
  port: number;
  devices: readonly LoadDevice[];
}

function server(scope: BenchScope, name: ServerName, started: Started): BenchServer {
  const { child, port, devices } = started;
  return { name, pid: child.pid ?? -1, port, devices, stop: () => scope.close() };
}

function tempFolder(scope: BenchScope): string {
  const folder = mkdtempSync(path.join(tmpdir(), "nadi-bench-"));
  scope.onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function stopAtEnd(scope: BenchScope, child: ChildProcess): void {
  const exited = once(child, "exit");
  scope.onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), stopTimeoutMs);
    await exited;
    clearTimeout(timer);
  });
}

/** The `port` of the first JSON line of the child's output that fits. */
async function portFrom(
  child: ChildProcess,
  fits: (line: Record<string, unknown>) => boolean,
): Promise<number> {
  if (child.stdout === null) throw new Error("the server's output is not piped");
  const timer = setTimeout(() => child.kill("SIGKILL"), startTimeoutMs);
  // Its later lines are read too, so that a full pipe never stops the server.
  const lines = createInterface(child.stdout);
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const seen: string[] = [];
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    if (seen.length < 20) seen.push(text.trimEnd());
  });
  lines.on("line", (text) => {
    const line = parseLine(text);
    if (typeof line["port"] === "number" && fits(line)) resolve(line["port"]);
    else if (seen.length < 20) seen.push(text);
  });
  child.once("exit", (code) =>
    reject(new Error(`the server ended before it listened (${code}):\n${seen.join("\n")}`)),
  );
  return promise.finally(() => clearTimeout(timer));
}

function parseLine(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    // Not every line of a server's output is a log line.
    return {};
  }
}

/** A port that was free a moment ago, for a server that can't pick one itself. */
async function freePort(): Promise<number> {
  const probe = net.createServer();
  probe.listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return port;
}

async function accepting(port: number, child: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`);
    const socket = net.connect(port, "127.0.0.1");
    const isUp = await once(socket, "connect").then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isUp) return;
    await delay(50);
  }
  throw new Error(`nothing listens on port ${port}`);
}
