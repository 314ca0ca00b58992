import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import type { LoadDevice } from "../../simulators/index.ts";
import { connectRaw, type RawClient } from "./mqtt-wire.ts";

/** Whose end takes away what was started: a vitest context, or `withScope` in a command. */
export interface Scope {
  onTestFinished(cleanUp: () => void | Promise<void>): void;
}

export interface NadiExit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export type LogLine = Readonly<Record<string, unknown>>;

export interface NadiLaunch {
  dataDir: string;
  env?: Readonly<Record<string, string>>;
  /** 0 (the default) picks a free port; a fixed one is for clients that come back to it. */
  mqttPort?: number;
  /** After `nadi.ts`; default `["serve"]`. */
  words?: readonly string[];
  /** A program that starts node, e.g. `["strace", "-f"]`. */
  wrap?: readonly string[];
}

/** A spawned `nadi serve` that may not listen yet, or never will. */
export interface NadiChild {
  /** `performance.now()` at the spawn. */
  readonly spawnedAtMs: number;
  readonly exited: Promise<NadiExit>;
  hasEnded(): boolean;
  /** Of node itself, also below a wrapping program; known from the first log line on. */
  pid(): number;
  /** The JSON log lines so far, the newest `logLinesMax`. */
  readonly logs: readonly LogLine[];
  stderr(): string;
  /** The first line with this message, past or future; rejects when the process ends without. */
  line(message: string, fits?: (line: LogLine) => boolean): Promise<LogLine>;
  signal(name: NodeJS.Signals): void;
  /** `kill -9`, and waits for the end. */
  kill(): Promise<NadiExit>;
  /** SIGTERM, and waits for the end. */
  stop(): Promise<NadiExit & { ms: number }>;
}

export interface NadiProcess extends NadiChild {
  readonly mqttPort: number;
  readonly httpUrl: string;
}

const root = path.resolve(import.meta.dirname, "../..");
const logLinesMax = 20_000;

/** Runs the work, then takes away what it has started, the last first. For commands. */
export async function withScope<Result>(work: (scope: Scope) => Promise<Result>): Promise<Result> {
  const cleanUps: (() => void | Promise<void>)[] = [];
  try {
    return await work({ onTestFinished: (cleanUp) => cleanUps.push(cleanUp) });
  } finally {
    for (const cleanUp of cleanUps.toReversed()) await cleanUp();
  }
}

/** A folder of its own that goes with the scope; `parent` for one on another file system. */
export function tempFolder(scope: Scope, parent: string = tmpdir()): string {
  const folder = mkdtempSync(path.join(parent, "nadi-system-"));
  scope.onTestFinished(() => {
    // A killed server's child, which rewrites a file, may still be at it.
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  });
  return folder;
}

/**
 * A port that stays free while nobody listens. One that the system picks for outgoing connections
 * would not: a client that retries there can connect to itself.
 */
export async function fixedPort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const probe = net.createServer().listen(port, "127.0.0.1");
    const isFree = await once(probe, "listening").then(
      () => true,
      () => false,
    );
    if (!isFree) continue;
    probe.close();
    await once(probe, "close");
    return port;
  }
  throw new Error("found no free port between 20000 and 32000");
}

function childEnv(launch: { dataDir: string; env?: Readonly<Record<string, string>> }) {
  // Nothing of the tester's own NADI_ variables reaches the process.
  return {
    PATH: process.env["PATH"],
    // As the launcher sets it.
    NODE_COMPILE_CACHE: path.join(root, "node_modules", ".cache", "nadi"),
    NADI_HTTP_PORT: "0",
    NADI_DATA_DIR: launch.dataDir,
    ...launch.env,
  };
}

/** Spawns `nadi serve` and does not wait for it. */
export function spawnNadi(scope: Scope, launch: NadiLaunch): NadiChild {
  const words = [process.execPath, path.join(root, "nadi.ts"), ...(launch.words ?? ["serve"])];
  const [program = "", ...args] = [...(launch.wrap ?? []), ...words];
  const spawnedAtMs = performance.now();
  const child = spawn(program, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { NADI_MQTT_PORT: String(launch.mqttPort ?? 0), ...childEnv(launch) },
  });
  const nadi = watch(child, spawnedAtMs, (launch.wrap?.length ?? 0) > 0);
  scope.onTestFinished(async () => {
    await nadi.kill();
  });
  return nadi;
}

/** Starts `nadi serve` and waits until MQTT and HTTP listen. */
export async function startNadi(scope: Scope, launch: NadiLaunch): Promise<NadiProcess> {
  return listening(spawnNadi(scope, launch));
}

/** Waits until a spawned `nadi serve` listens; rejects when it ends before. */
export async function listening(child: NadiChild): Promise<NadiProcess> {
  const [mqtt, http] = await Promise.all([
    child.line("mqtt listening"),
    child.line("http listens"),
  ]);
  return Object.assign(child, { mqttPort: Number(mqtt["port"]), httpUrl: String(http["url"]) });
}

interface LineWaiter {
  fits(line: LogLine): boolean;
  resolve(line: LogLine): void;
  reject(error: Error): void;
}

function watch(child: ChildProcess, spawnedAtMs: number, isWrapped: boolean): NadiChild {
  const logs: LogLine[] = [];
  const waiters = new Set<LineWaiter>();
  let errorText = "";
  let nodePid = isWrapped ? 0 : (child.pid ?? 0);
  let end: NadiExit | null = null;

  const endError = (): Error =>
    new Error(
      `nadi ended (code ${end?.code}, signal ${end?.signal}) before what was waited for\n` +
        [...logs.slice(-10).map((line) => JSON.stringify(line)), errorText].join("\n"),
    );
  const exited = new Promise<NadiExit>((resolve) => {
    // "close" and not "exit": by then the last log lines have been read.
    child.once("close", (code, signal) => {
      end = { code, signal };
      for (const waiter of waiters) waiter.reject(endError());
      waiters.clear();
      resolve(end);
    });
    child.once("error", (error) => {
      errorText += `${error.message}\n`;
    });
  });
  child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
    errorText = (errorText + chunk).slice(-65_536);
  });
  if (child.stdout !== null) {
    createInterface(child.stdout).on("line", (lineText) => {
      const line = parseLine(lineText);
      if (typeof line["pid"] === "number") nodePid = line["pid"];
      logs.push(line);
      if (logs.length > logLinesMax) logs.shift();
      for (const waiter of waiters) {
        if (waiter.fits(line)) waiter.resolve(line);
      }
    });
  }
  const signal = (name: NodeJS.Signals): void => {
    if (end !== null) return;
    if (nodePid > 0) sendSignal(nodePid, name);
    // A wrapping program ends with what it wraps; it is told only while that is not known.
    else child.kill(name);
  };
  return {
    spawnedAtMs,
    exited,
    hasEnded: () => end !== null,
    pid: () => nodePid,
    logs,
    stderr: () => errorText,
    line(message, alsoFits = () => true) {
      const fits = (line: LogLine): boolean => line["msg"] === message && alsoFits(line);
      const known = logs.find(fits);
      if (known !== undefined) return Promise.resolve(known);
      if (end !== null) return Promise.reject(endError());
      return new Promise<LogLine>((resolve, reject) => {
        const waiter: LineWaiter = {
          fits,
          reject,
          resolve(line) {
            waiters.delete(waiter);
            resolve(line);
          },
        };
        waiters.add(waiter);
      });
    },
    signal,
    kill() {
      signal("SIGKILL");
      return exited;
    },
    async stop() {
      const startMs = performance.now();
      signal("SIGTERM");
      const exit = await exited;
      return { ...exit, ms: performance.now() - startMs };
    },
  };
}

function sendSignal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    // It has ended in the meantime, which is what a signal is sent for.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

function parseLine(lineText: string): LogLine {
  try {
    const value: unknown = JSON.parse(lineText);
    return typeof value === "object" && value !== null ? (value as LogLine) : { text: lineText };
  } catch {
    // Whatever is no JSON is kept as it came, for the message of a failure.
    return { text: lineText };
  }
}

export interface CommandResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs a command of `nadi` to its end, as an operator would beside a running `serve`. */
export async function runNadi(
  dataDir: string,
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<CommandResult> {
  const args = [path.join(root, "nadi.ts"), ...words];
  return runProgram([process.execPath, ...args], { env: childEnv({ dataDir, env }) });
}

/** Runs any program to its end. */
export async function runProgram(
  words: readonly string[],
  options: { env?: NodeJS.ProcessEnv; timeoutMs?: number } = {},
): Promise<CommandResult> {
  const [program = "", ...args] = words;
  const child = spawn(program, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: options.env ?? process.env,
    timeout: options.timeoutMs ?? 30_000,
  });
  const closed = once(child, "close");
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
  return { code: child.exitCode, stdout, stderr };
}

const acceptRetryMs = 5;

export interface SignInOptions {
  port: number;
  device: LoadDevice;
  keepAlive?: number;
  /** Has the connection before its CONNECT is answered. */
  opened?: (client: RawClient) => void;
}

/** Connects and signs in; rejects unless the CONNACK says 0. */
export async function signIn(scope: Scope, options: SignInOptions): Promise<RawClient> {
  const { device, port, keepAlive, opened } = options;
  const client = await connectRaw({ port });
  opened?.(client);
  scope.onTestFinished(() => {
    client.socket.destroy();
  });
  const { clientId, username = "", password = "" } = device;
  const fields = {
    clientId,
    username,
    password,
    ...(keepAlive === undefined ? {} : { keepAlive }),
  };
  const { returnCode } = await client.connect(fields);
  if (returnCode !== 0) throw new Error(`CONNACK ${returnCode} for ${clientId}`);
  return client;
}

/**
 * From the spawn to the first CONNACK, tried again and again as a device would; `null` when the
 * process ends before.
 */
export async function timeToConnackMs(
  scope: Scope,
  nadi: NadiChild,
  login: { port: number; device: LoadDevice },
): Promise<number | null> {
  while (!nadi.hasEnded()) {
    try {
      const client = await signIn(scope, login);
      const ms = performance.now() - nadi.spawnedAtMs;
      await client.end();
      return ms;
    } catch {
      // Nobody listens yet, or nobody any more: what is measured is how long this lasts.
      await delay(acceptRetryMs);
    }
  }
  return null;
}
