import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { fixedPort, type Scope, tempFolder } from "./nadi-process.ts";

/** A real mosquitto of the test's own, on loopback. It ends with the scope. */
export interface MosquittoServer {
  readonly port: number;
  readonly url: string;
  /** What it has logged, the newest lines. */
  readonly lines: readonly string[];
  /** The next line that fits, from now on. */
  line(pattern: RegExp): Promise<string>;
  /** Counts the lines that fit, from now on. */
  count(pattern: RegExp): { readonly value: number };
  signal(name: NodeJS.Signals): void;
  /** SIGKILL or SIGTERM; resolves when it has ended. */
  end(name: "SIGKILL" | "SIGTERM"): Promise<void>;
  /** On the same port again; resolves when it takes connections. */
  start(): Promise<void>;
}

export interface MosquittoOptions {
  /** The port of the first listener; a free one otherwise. */
  port?: number;
  /** Lines of its configuration; all but log and user. Anonymous and in memory otherwise. */
  config?: (place: { port: number; folder: string }) => string;
}

const linesMax = 5_000;

function openToAll({ port }: { port: number }): string {
  return `listener ${port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\n`;
}

export async function startMosquitto(
  scope: Scope,
  options: MosquittoOptions = {},
): Promise<MosquittoServer> {
  const port = options.port ?? (await fixedPort());
  const folder = tempFolder(scope);
  mkdirSync(path.join(folder, "data"));
  const file = path.join(folder, "mosquitto.conf");
  // As root it would become a user who can't read the test's folder.
  const user = process.getuid?.() === 0 ? "user root\n" : "";
  const log = "log_dest stderr\nlog_type all\n";
  writeFileSync(file, `${user}${log}${(options.config ?? openToAll)({ port, folder })}`);
  const lines: string[] = [];
  const waiting = new Set<(line: string) => void>();
  const hear = (line: string): void => {
    lines.push(line);
    if (lines.length > linesMax) lines.shift();
    for (const told of waiting) told(line);
  };
  const line = (pattern: RegExp): Promise<string> =>
    new Promise((resolve) => {
      const told = (text: string): void => {
        if (!pattern.test(text)) return;
        waiting.delete(told);
        resolve(text);
      };
      waiting.add(told);
    });
  let child: ChildProcess | null = null;
  const start = async (): Promise<void> => {
    const running = line(/mosquitto version \S+ running/);
    child = spawn("mosquitto", ["-c", file], {
      stdio: ["ignore", "ignore", "pipe"],
      // Debian keeps it where an ordinary user's PATH does not look.
      env: { PATH: `${process.env["PATH"]}:/usr/sbin` },
    });
    if (child.stderr !== null) createInterface(child.stderr).on("line", hear);
    const ended = once(child, "exit").then(() => {
      throw new Error(`mosquitto has ended:\n${lines.slice(-10).join("\n")}`);
    });
    await Promise.race([running, ended]);
    // Its later end is the test's own doing.
    ended.catch(() => undefined);
  };
  const end = async (name: NodeJS.Signals): Promise<void> => {
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill(name);
    await ended;
  };
  scope.onTestFinished(() => end("SIGKILL"));
  await start();
  return {
    port,
    url: `mqtt://127.0.0.1:${port}`,
    lines,
    line,
    count(pattern) {
      const counter = { value: 0 };
      waiting.add((text) => {
        if (pattern.test(text)) counter.value += 1;
      });
      return counter;
    },
    signal: (name) => {
      child?.kill(name);
    },
    end,
    start,
  };
}
