/**
 * `npm test` behind npm's part of its set-up: what Debian brings is installed; then each step is a
 * command of its own, the first that fails ends the run with its exit code. Arguments go to vitest
 * (`node nadi.mjs test tests/devices`).
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { installTestTools, MissingPackagesError } from "./support/debian-packages.ts";

interface Step {
  title: string;
  program: string;
  args: string[];
}

/** The fields of vitest's JSON report that the closing line needs. */
interface TestReport {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
}

const root = path.dirname(import.meta.dirname);
const binaries = path.join(root, "node_modules", ".bin");

function main(vitestArgs: string[]): number {
  const reportFolder = mkdtempSync(path.join(tmpdir(), "nadi-test-"));
  try {
    const reportFile = path.join(reportFolder, "report.json");
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${reportFile}`];
    const checks: Step[] = [
      { title: "format", program: "biome", args: ["format", "."] },
      { title: "lint", program: "oxlint", args: ["--type-aware"] },
      { title: "types", program: "tsc", args: ["--noEmit"] },
      { title: "types of the page", program: "tsc", args: ["--noEmit", "-p", "dashboard/web"] },
    ];
    for (const step of checks) {
      const exitCode = runStep(step);
      if (exitCode !== 0) return exitCode;
    }
    const exitCode = runStep({
      title: "tests",
      program: "vitest",
      args: ["run", ...reporters, ...vitestArgs],
    });
    return closeRun(reportFile, exitCode);
  } finally {
    rmSync(reportFolder, { recursive: true });
  }
}

function runStep(step: Step): number {
  process.stdout.write(`\n== ${step.title}: ${step.program} ${step.args.join(" ")}\n`);
  // The scripts in .bin ask for `node`: this Node comes first, whatever the machine has.
  const searchPath = [path.dirname(process.execPath), binaries, process.env["PATH"]];
  const env = { ...process.env, PATH: searchPath.join(path.delimiter) };
  const program = path.join(binaries, step.program);
  const result = spawnSync(program, step.args, { cwd: root, env, stdio: "inherit" });
  if (result.error) throw result.error;
  const exitCode = result.status ?? 1;
  if (exitCode !== 0) process.stdout.write(`== ${step.title} failed\n`);
  return exitCode;
}

/** Prints the one line that continuous integration reads. A run without a test has failed. */
function closeRun(reportFile: string, exitCode: number): number {
  const report = readReport(reportFile);
  if (report === null) {
    process.stdout.write("== tests: vitest left no report\n");
    return exitCode === 0 ? 1 : exitCode;
  }
  const skipped = report.numPendingTests + report.numTodoTests;
  const counts = [`${report.numPassedTests} passed`, `${report.numFailedTests} failed`];
  if (skipped > 0) counts.push(`${skipped} skipped`);
  process.stdout.write(`\n${counts.join(", ")}\n`);
  const hasRun = report.numPassedTests + report.numFailedTests > 0;
  return exitCode === 0 && !hasRun ? 1 : exitCode;
}

function readReport(reportFile: string): TestReport | null {
  try {
    // Vitest of the locked version wrote this file a moment ago: its shape is known.
    return JSON.parse(readFileSync(reportFile, "utf8")) as TestReport;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

try {
  installTestTools();
  process.exitCode = main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof MissingPackagesError)) throw error;
  process.stderr.write(`nadi: ${error.message}\n`);
  process.exitCode = 1;
}
