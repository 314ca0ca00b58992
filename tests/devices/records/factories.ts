import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { TestContext } from "vitest";
import { migrate } from "../../../devices/records/migrations.ts";
import { recordsPath, type Records } from "../../../devices/records/records.ts";
import { createRegistry } from "../../../devices/registry/create-registry.ts";
import { migrations } from "../../../devices/registry/migrations.ts";
import type { Registry } from "../../../devices/registry/registry.ts";
import { openEngineRecords } from "../../support/records.ts";

export function createDataDir(t: TestContext): string {
  const dataDir = mkdtempSync(join(tmpdir(), "nadi-records-"));
  t.onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }));
  return dataDir;
}

export async function openTestRecords(
  t: TestContext,
  options: { dataDir?: string; busyTimeoutMs?: number } = {},
): Promise<Records> {
  const path = recordsPath(options.dataDir ?? createDataDir(t));
  const { busyTimeoutMs = 5_000 } = options;
  return openEngineRecords(t, { path, busyTimeoutMs });
}

export interface TestRegistry {
  registry: Registry;
  records: Records;
  dataDir: string;
  clock: { ms: number };
}

/** A migrated registry in a folder of its own, on a clock that stands still. */
export async function createTestRegistry(
  t: TestContext,
  dataDir = createDataDir(t),
): Promise<TestRegistry> {
  const records = await openTestRecords(t, { dataDir });
  await migrate(records, migrations);
  const clock = { ms: 1_795_300_000_000 };
  const registry = createRegistry(records, { nowMs: () => clock.ms });
  return { registry, records, dataDir, clock };
}

export const kitchen = {
  sppgId: "sppg-jakarta-001",
  name: "SPPG Jakarta 001",
  timeZone: "Asia/Jakarta",
} as const;

export const probe = {
  sppgId: kitchen.sppgId,
  deviceId: "probe-1",
  kind: "temperature-probe",
} as const;

/** A script beside this file in a process of its own, ended with the test. */
export function spawnChild(t: TestContext, script: string, args: readonly string[]): ChildProcess {
  const path = fileURLToPath(new URL(`./children/${script}`, import.meta.url));
  const child = spawn(process.execPath, ["--expose-gc", path, ...args], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  t.onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  });
  return child;
}

export async function firstLine(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error("the child has no stdout");
  const lines = createInterface({ input: child.stdout });
  const [line] = (await once(lines, "line")) as [string];
  return line;
}
