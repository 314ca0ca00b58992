import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { parse } from "yaml";
import * as z from "zod";
import {
  type CommandResult,
  fixedPort,
  runProgram,
  type Scope,
  tempFolder,
} from "./nadi-process.ts";

export const composeRoot = path.resolve(import.meta.dirname, "..", "..");
export const composeText = readFileSync(path.join(composeRoot, "docker-compose.yml"), "utf8");

const serviceSchema = z.object({
  image: z.string().optional(),
  build: z.string().optional(),
  user: z.string().optional(),
  profiles: z.array(z.string()).default([]),
  command: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.string()).default({}),
  ports: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  networks: z.array(z.string()).default(["default"]),
  healthcheck: z.object({ disable: z.boolean().optional() }).loose().optional(),
  read_only: z.boolean().optional(),
  cap_drop: z.array(z.string()).optional(),
  security_opt: z.array(z.string()).optional(),
  restart: z.string().optional(),
});
const fileSchema = z.object({
  services: z.record(z.string(), serviceSchema),
  networks: z.record(z.string(), z.object({ internal: z.boolean() })),
});
/** The project's own, with what is merged into its services. */
export const composeFile = fileSchema.parse(parse(composeText, { merge: true }));

/** Nothing of the tester's own environment reaches what is run, but for where programs are. */
export function runClean(
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<CommandResult> {
  return runProgram(words, { env: { PATH: process.env["PATH"], ...env } });
}

/** A folder with the project's compose file, and with the `.env` that README's line writes. */
export function deploy(scope: Scope): { folder: string; env: Record<string, string> } {
  const folder = path.join(tempFolder(scope), "nadi");
  mkdirSync(folder);
  copyFileSync(
    path.join(composeRoot, "docker-compose.yml"),
    path.join(folder, "docker-compose.yml"),
  );
  const readme = readFileSync(path.join(composeRoot, "README.md"), "utf8");
  const line = /^\(umask 077;.*> \.env\)$/m.exec(readme)?.[0] ?? "";
  const first = spawnSync("sh", ["-c", line], { cwd: folder });
  if (first.status !== 0) throw new Error(`README's line failed: ${String(first.stderr)}`);
  const written = readFileSync(path.join(folder, ".env"), "utf8");
  // A second time it leaves the secrets alone.
  const second = spawnSync("sh", ["-c", line], { cwd: folder });
  const now = readFileSync(path.join(folder, ".env"), "utf8");
  if (second.status === 0 || now !== written) throw new Error("README's line wrote over .env");
  const lines = written.trim().split("\n");
  return { folder, env: Object.fromEntries(lines.map((one) => one.split("="))) };
}

/** As Compose does with `${NAME:-default}` and `$$`. */
export function interpolate(value: string, env: Readonly<Record<string, string>>): string {
  return value
    .replaceAll(/\$\{([A-Z_]+):-([^}]*)\}/g, (_, name: string, fallback) => env[name] || fallback)
    .replaceAll("$$", "$");
}

export interface RedisService {
  child: ChildProcess;
  port: number;
  /** One command, with the password. */
  ask(...question: string[]): Promise<string>;
}

/** The words of a service, with the port and folder of a test. */
export async function runRedisService(
  scope: Scope,
  name: string,
  password: string,
): Promise<RedisService> {
  const port = await fixedPort();
  const words = (composeFile.services[name]?.command ?? []).map((word) =>
    interpolate(word, {}).replace(
      /^dir .*$/m,
      `dir ${tempFolder(scope)}\nport ${port}\nbind 127.0.0.1`,
    ),
  );
  const [program = "", ...args] = words;
  const child = spawn(program, args, {
    env: { PATH: process.env["PATH"], REDISCLI_AUTH: password },
    stdio: ["ignore", "pipe", "pipe"],
  });
  scope.onTestFinished(() => void child.kill("SIGKILL"));
  const ask = async (...question: string[]): Promise<string> => {
    const words = ["redis-cli", "-p", String(port), ...question];
    const answer = await runClean(words, { REDISCLI_AUTH: password });
    return answer.stdout.trim();
  };
  return { child, port, ask };
}
