import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import type { TestContext } from "vitest";

const root = path.resolve(import.meta.dirname, "..", "..");

export interface LaunchResult {
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

export interface LauncherProject {
  folder: string;
  launch(words: string[], env?: Record<string, string>): Promise<LaunchResult>;
  spawnLauncher(words: string[]): ChildProcess;
  npm(args: string[]): void;
}

/** The stub says what it was given, and `wait` lets a test signal it. */
const stubCommand = `
const words = process.argv.slice(2);
if (words[0] === "wait") {
  process.on("SIGTERM", () => process.exit(7));
  setInterval(() => {}, 1000);
}
process.stdout.write(JSON.stringify({ words }) + "\\n");
if (words[0] === "fail") process.exitCode = 3;
`;

/**
 * A project of its own around a copy of the launcher, with a stub for `nadi.ts` and one dependency
 * from a file, so that npm installs for real and asks no registry.
 */
export function createLauncherProject(t: TestContext): LauncherProject {
  const folder = mkdtempSync(path.join(tmpdir(), "nadi-launcher-"));
  t.onTestFinished(() => rmSync(folder, { recursive: true }));
  const write = (file: string, content: string) => writeFileSync(path.join(folder, file), content);
  const launcher = path.join(folder, "nadi.mjs");
  const env = { PATH: process.env["PATH"], HOME: folder };
  const npm = (args: string[]) => {
    execFileSync("npm", args, { cwd: folder, env, stdio: "pipe" });
  };
  copyFileSync(path.join(root, "nadi.mjs"), launcher);
  write("nadi.ts", stubCommand);
  mkdirSync(path.join(folder, "thing"));
  write("thing/package.json", '{ "name": "thing", "version": "1.0.0" }');
  npm(["pack", "./thing"]);
  rmSync(path.join(folder, "thing"), { recursive: true });
  const dependencies = { thing: "file:thing-1.0.0.tgz" };
  write("package.json", JSON.stringify({ name: "project", version: "1.0.0", dependencies }));
  npm(["install", "--package-lock-only"]);

  const spawnLauncher = (words: string[], extra: Record<string, string> = {}) =>
    spawn(process.execPath, [launcher, ...words], { env: { ...env, ...extra } });
  return {
    folder,
    spawnLauncher,
    npm,
    launch: async (words, extra) => {
      const child = spawnLauncher(words, extra);
      const exited = Promise.withResolvers<number | null>();
      child.once("exit", exited.resolve);
      child.once("error", exited.reject);
      const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
      return { exitCode: await exited.promise, stdout, stderr };
    },
  };
}
