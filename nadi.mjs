#!/usr/bin/env node
// The launcher: plain JavaScript, so that any Node from 20 on can run it. It installs what is
// missing and then hands over to `nadi.ts` on the Node 26 that the lockfile names. Set-up lives
// here and not in npm's pre-scripts, because those are skipped with `ignore-scripts=true`.
// Everything it says goes to stderr: stdout belongs to the command (`--json`).
import { spawn } from "node:child_process";
import {
  existsSync,
  linkSync,
  readFileSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { constants as osConstants } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const root = path.dirname(fileURLToPath(import.meta.url));

const launcherNodeMajorMin = 20;
/** `engines` in package.json: below it Node does not run `.ts` files by itself. */
const appNodeMajorMin = 24;
/** How often a second launch looks whether the first has finished installing. */
const installPollMs = 200;

/** Words whose code stands on development packages. */
const developmentWords = new Set(["test", "bench"]);

/** A shell reports a death by signal as this plus the signal's number; so do we. */
const signalExitCode = 128;

/** Compiled code is kept here between starts, which makes each of them a third faster. */
const compileCacheFolder = path.join(root, "node_modules", ".cache", "nadi");

class SetupError extends Error {}

async function main(words) {
  requireNode(launcherNodeMajorMin);
  const [word = "", ...rest] = words;
  await installPackages({ needsDevelopment: developmentWords.has(word) });
  const node = findNode();
  if (word === "test") return run(node, [path.join(root, "tests", "run.ts"), ...rest]);
  if (word === "start") {
    const exitCode = await buildPage(node);
    if (exitCode > signalExitCode) return exitCode;
  }
  const commandWords = word === "start" ? ["serve", "--demo", ...rest] : words;
  return run(node, [path.join(root, "nadi.ts"), ...commandWords]);
}

function requireNode(majorMin) {
  const major = Number(process.versions.node.split(".")[0]);
  if (major < majorMin) {
    throw new SetupError(`Node ${majorMin} or newer is needed, this is ${process.version}.`);
  }
}

// --- npm packages ---

/**
 * npm writes `node_modules/.package-lock.json` as its last act, so that file says what is really
 * there: after an interrupted install it is missing, after a new lockfile it differs. It needs
 * no write of ours, so a read-only image starts too.
 */
function findMissingPackages({ needsDevelopment }) {
  const wanted = readPackages("package-lock.json");
  if (wanted === null) return [];
  const installed = readPackages(path.join("node_modules", ".package-lock.json")) ?? {};
  return Object.entries(wanted)
    .filter(([location, entry]) => {
      if (location === "") return false;
      const found = installed[location];
      if (found !== undefined) {
        const isUsed = needsDevelopment || !entry.dev;
        return isUsed && (found.version !== entry.version || found.integrity !== entry.integrity);
      }
      // A package for another platform is never there, and `--omit=dev` is a choice.
      if (entry.optional || entry.devOptional) return false;
      return needsDevelopment || !entry.dev;
    })
    .map(([location]) => location);
}

function readPackages(file) {
  try {
    return JSON.parse(readFileSync(path.join(root, file), "utf8")).packages;
  } catch (error) {
    if (error.code === "ENOENT") return null;
    throw new SetupError(`${file} can't be read: ${error.message}`);
  }
}

async function installPackages(options) {
  if (findMissingPackages(options).length === 0) return;
  const lock = await lockInstall();
  try {
    // Another launch may have installed them while this one waited.
    if (findMissingPackages(options).length === 0) return;
    say("installing packages with npm");
    const started = performance.now();
    // A killed install leaves half a package behind, which npm would take for a whole one.
    rmSync(path.join(root, "node_modules"), { recursive: true, force: true });
    // Not `npm ci`: it refuses a lockfile without the packages of every other platform, and npm
    // leaves those out of it when a registry does not serve them. This reads the same lockfile,
    // checks the same hashes and does not write it; what is there is compared with it below.
    // The prefix is named because under `npm run` of another project npm would take that one's.
    const args = ["install", "--prefix", root, "--no-save", "--no-audit", "--no-fund"];
    args.push("--loglevel=error");
    if (options.needsDevelopment) args.push("--include=dev");
    await runNpm(args, lock);
    say(`packages installed in ${((performance.now() - started) / 1000).toFixed(1)} s`);
  } finally {
    lock.release();
  }
  const missing = findMissingPackages(options);
  if (missing.length > 0) {
    throw new SetupError(
      `npm left out or changed ${missing.length} packages, ${missing[0]} among them.`,
    );
  }
}

async function runNpm(args, lock) {
  const { npm_execpath: npmCli = "", npm_node_execpath: npmNode = process.execPath } = process.env;
  // Under `npm start` the same npm; it runs on the Node that started npm, because the
  // Node 26 below node_modules, which may be the one that runs this file, is deleted first.
  const cli = path.join(path.dirname(npmCli), "npm-cli.js");
  const isKnown = /^np[mx]-cli\.js$/.test(path.basename(npmCli)) && existsSync(cli);
  const options = { cwd: root, stdio: ["ignore", process.stderr, process.stderr] };
  const npm = isKnown
    ? spawn(npmNode, [cli, ...args], options)
    : spawn("npm", args, { ...options, shell: process.platform === "win32" });
  // npm outlives a killed launcher and goes on writing: the lock is held until both have ended.
  if (npm.pid !== undefined) writeFileSync(lock.file, `${process.pid} ${npm.pid}`);
  const exitCode = await new Promise((resolve, reject) => {
    npm.once("error", (error) => reject(new SetupError(`npm can't be started: ${error.message}`)));
    npm.once("exit", resolve);
  });
  if (exitCode !== 0) throw new SetupError("npm install failed: its message is above.");
}

/**
 * One install at a time. The lock file appears with its owner's process id in it (`link` is
 * atomic), so a lock left by a killed launch is told from one that is held.
 */
async function lockInstall() {
  const file = path.join(root, ".nadi-setup.lock");
  const draft = `${file}.${process.pid}`;
  try {
    writeFileSync(draft, String(process.pid));
  } catch (error) {
    throw new SetupError(`packages are missing, and can't be installed: ${error.message}`);
  }
  let hasSaid = false;
  try {
    while (!tryLink(draft, file)) {
      const owners = readOwners(file);
      if (owners !== null && !isAnyAlive(owners)) breakLock(file, owners);
      else if (owners !== null && !hasSaid) {
        say(`waiting for process ${owners}, which installs packages (its lock: ${file})`);
        hasSaid = true;
      }
      await delay(installPollMs);
    }
    return { file, release: () => unlinkSync(file) };
  } finally {
    unlinkSync(draft);
  }
}

function tryLink(from, to) {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  }
}

function readOwners(file) {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error.code === "ENOENT") return null;
    throw error;
  }
}

function isAnyAlive(owners) {
  // Empty for an instant while the owner adds npm's process id.
  return owners === "" || owners.split(" ").some((processId) => isAlive(Number(processId)));
}

function isAlive(processId) {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

/** Of several waiting launches one wins the rename; a lock that was renewed meanwhile goes back. */
function breakLock(file, deadOwners) {
  const aside = `${file}.broken.${process.pid}`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if (error.code === "ENOENT") return;
    throw error;
  }
  if (readOwners(aside) !== deadOwners) tryLink(aside, file);
  unlinkSync(aside);
}

// --- Node 26 ---

function findNode() {
  const isWindows = process.platform === "win32";
  const packageName = `node-${isWindows ? "win" : process.platform}-${process.arch}`;
  const program = isWindows ? "node.exe" : "node";
  const locked = path.join(root, "node_modules", packageName, "bin", program);
  if (existsSync(locked)) return locked;
  try {
    requireNode(appNodeMajorMin);
  } catch (error) {
    throw new SetupError(
      `${error.message} The package ${packageName}, which would bring Node 26, is not installed: ` +
        "either it does not exist for this machine, or node_modules was made on another one " +
        "(then delete node_modules and start again).",
    );
  }
  return process.execPath;
}

// --- the page ---

/** The builder says what it did. Devices do not wait for a page: without one Nadi still starts. */
async function buildPage(node) {
  const builder = path.join(root, "dashboard", "server", "build-web-page.ts");
  if (!existsSync(builder)) return 0;
  // Whatever the caller's own: Vite takes it over, and React would be the one for development.
  const exitCode = await run(node, [builder], { NODE_ENV: "production" });
  if (exitCode > 0 && exitCode < signalExitCode) {
    say("the page could not be built (its message is above); Nadi starts with the page it has,");
    say("or without one: readings are taken all the same.");
  }
  return exitCode;
}

// --- handing over ---

/** Runs the command as a child that gets our signals; resolves with the exit code to take over. */
function run(node, args, extraEnv = {}) {
  return new Promise((resolve, reject) => {
    const env = { NODE_COMPILE_CACHE: compileCacheFolder, ...process.env, ...extraEnv };
    const child = spawn(node, args, { stdio: "inherit", env });
    const forward = (signal) => {
      // Ctrl-C reaches the whole foreground group: the child has had its SIGINT already.
      if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
    };
    const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
    for (const signal of signals) process.on(signal, forward);
    child.once("error", (error) => reject(new SetupError(`${node}: ${error.message}`)));
    child.once("exit", (code, signal) => {
      for (const name of signals) process.off(name, forward);
      resolve(signal === null ? code : signalExitCode + osConstants.signals[signal]);
    });
  });
}

function say(text) {
  process.stderr.write(`nadi: ${text}\n`);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  say(error.message);
  process.exitCode = 1;
}
