import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import {
  type CommandResult,
  fixedPort,
  runProgram,
  type Scope,
  tempFolder,
} from "./nadi-process.ts";
import { besideTest, type ServerPlace, wordsAt } from "./server-place.ts";

/** A real redis-server of the test's own. It ends with the scope. */
export interface RedisServer {
  readonly port: number;
  readonly url: string;
  /** Where its files lie. */
  readonly folder: string;
  pid(): number;
  /** `kill -9`; resolves when it has ended. */
  kill(): Promise<void>;
  /** On the same port again, with further words; resolves when it takes connections. */
  start(args?: readonly string[]): Promise<void>;
  /** `SIGSTOP` and `SIGCONT`: there, and silent. */
  freeze(): void;
  thaw(): void;
  /** One command by redis-cli; rejects unless it ends with 0. */
  cli(...words: string[]): Promise<string>;
}

export interface RedisOptions {
  /** By default Debian's `redis-server`; another that takes the same words. */
  program?: string;
  /** Further words of the command line, e.g. `["--requirepass", "…"]`. */
  args?: readonly string[];
  /** TLS, and nothing else, with this certificate. */
  tls?: { certFile: string; keyFile: string };
  /** For redis-cli, e.g. `["-a", "…"]`. */
  cliArgs?: readonly string[];
  place?: ServerPlace;
}

export async function startRedis(scope: Scope, options: RedisOptions = {}): Promise<RedisServer> {
  const { place = besideTest, program = "redis-server" } = options;
  const port = await fixedPort();
  const folder = tempFolder(scope);
  let child: ChildProcess | null = null;
  const start = async (more: readonly string[] = []): Promise<void> => {
    const address = [...portWords(port, options.tls), "--bind", place.host, "--dir", folder];
    // Reached from one of the test's own networks, which nobody else is in.
    const open = place === besideTest ? [] : ["--protected-mode", "no"];
    const nothingKept = ["--save", "", "--appendonly", "no"];
    const args = [...address, ...open, ...nothingKept, ...(options.args ?? []), ...more];
    child = await spawnRedis(...wordsAt(place, program, args));
  };
  const signal = (name: NodeJS.Signals): void => {
    child?.kill(name);
  };
  const kill = async (): Promise<void> => {
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    signal("SIGKILL");
    await ended;
  };
  scope.onTestFinished(kill);
  await start();
  return {
    port,
    url: `${options.tls === undefined ? "redis" : "rediss"}://${place.host}:${port}`,
    folder,
    pid: () => child?.pid ?? 0,
    kill,
    start,
    freeze: () => signal("SIGSTOP"),
    thaw: () => signal("SIGCONT"),
    async cli(...words) {
      const address = ["-h", place.host, "-p", String(port), ...(options.cliArgs ?? [])];
      const result: CommandResult = await runProgram(["redis-cli", ...address, ...words]);
      if (result.code !== 0) throw new Error(`redis-cli ${words.join(" ")}: ${result.stderr}`);
      return result.stdout;
    },
  };
}

function portWords(port: number, tls: RedisOptions["tls"]): string[] {
  if (tls === undefined) return ["--port", String(port)];
  const { certFile, keyFile } = tls;
  const files = ["--tls-cert-file", certFile, "--tls-key-file", keyFile];
  // Its own authority, asked of nobody.
  const clients = ["--tls-ca-cert-file", certFile, "--tls-auth-clients", "no"];
  return ["--port", "0", "--tls-port", String(port), ...files, ...clients];
}

async function spawnRedis(program: string, args: readonly string[]): Promise<ChildProcess> {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
  const lastSaid: string[] = [];
  const ended = once(child, "close").then(() => {
    const why = lastSaid.join("\n");
    throw new Error(`${program} has ended (${child.exitCode ?? child.signalCode}): ${why}`);
  });
  const ready = new Promise<void>((resolve) => {
    createInterface(child.stdout).on("line", (line) => {
      lastSaid.push(line);
      if (lastSaid.length > 3) lastSaid.shift();
      if (line.includes("Ready to accept connections")) resolve();
    });
  });
  await Promise.race([ready, ended]);
  // Its later end is the test's own doing.
  ended.catch(() => undefined);
  return child;
}

/** `redis-cli psubscribe`, as an operator would look: each message's channel and text. */
export async function psubscribe(
  scope: Scope,
  redis: RedisServer,
  look: { pattern: string; password?: string },
): Promise<readonly { channel: string; text: string }[]> {
  const place = ["-h", "127.0.0.1", "-p", String(redis.port)];
  const who = look.password === undefined ? [] : ["--no-auth-warning", "-a", look.password];
  const child = spawn("redis-cli", [...place, ...who, "psubscribe", look.pattern], {
    // It complains when the server is killed, which is what tests do.
    stdio: ["ignore", "pipe", "ignore"],
  });
  scope.onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  });
  const heard: { channel: string; text: string }[] = [];
  const lines: string[] = [];
  const subscribed = Promise.withResolvers<void>();
  createInterface(child.stdout).on("line", (line) => {
    lines.push(line);
    if (lines[0] === "psubscribe" && lines.length === 3) {
      lines.length = 0;
      subscribed.resolve();
    } else if (lines[0] === "pmessage" && lines.length === 4) {
      heard.push({ channel: lines[2] ?? "", text: lines[3] ?? "" });
      lines.length = 0;
    }
  });
  await subscribed.promise;
  return heard;
}
