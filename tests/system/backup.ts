// `node tests/system/backup.ts --rounds 20 --rate 2000 --seed 7`: backs a running `nadi serve` up
// under load, kills the backup, the service or the restore in the middle, and shows that what is
// restored equals what was acknowledged up to the stated offset, nothing missing and nothing twice.
import { existsSync } from "node:fs";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { recordsPath, unfinishedRestoreName } from "../../devices/index.ts";
import { draftName, manifestName, readManifest } from "../../ingest/backup/manifest.ts";
import { type AckedDevice, type LoadProcess, startLoadProcess } from "../../simulators/index.ts";
import { createRandom } from "../../simulators/load/random.ts";
import {
  fixedPort,
  type NadiChild,
  type NadiProcess,
  runNadi,
  type Scope,
  spawnNadi,
  startNadi,
  tempFolder,
  withScope,
} from "../support/nadi-process.ts";
import { parseWords } from "../support/words.ts";
import { type BackupReport, describe, emptyReport, faultsOf, type Told } from "./backup-report.ts";
import { ColdStore } from "./cold-store.ts";
import { celsiusAt, isBad, signalDays, timeAt } from "./cold-store-signal.ts";
import { JournalTail, missingFrom } from "./journal-tail.ts";
import { changeSomething, type KillKitchen, provisionKitchen } from "./kill-kitchen.ts";
import {
  compareAlerts,
  compareDeadLetters,
  readRows,
  type SentSignal,
} from "./records-contents.ts";
import { compareStore, findWrongBuckets } from "./store-contents.ts";

export interface BackupOptions {
  scope: Scope;
  rounds: number;
  seed: number;
  /** Messages a second over all devices of the load. */
  perSecond?: number;
  progress?: (text: string) => void;
}

/** What is killed in the middle of a round. */
const victims = ["nobody", "backup", "serve", "restore"] as const;
type Victim = (typeof victims)[number];

const loadedDevices = 10;
const coldStores = 3;
/** Small, so that files end, and go, while they are being copied. */
const env = { NADI_MAX_JOURNAL_SEGMENT_BYTES: "131072", NADI_MIN_FREE_BYTES: "0" };
/** From the moment at which the first file is there. */
const killAfterMsMax = 250;
const tailEveryMs = 100;
const caughtUpMsMax = 60_000;

interface Run extends BackupOptions {
  dataDir: string;
  port: number;
  random: () => number;
  kitchen: KillKitchen;
  nadi: NadiProcess;
  load: LoadProcess;
  stores: ColdStore[];
  tail: JournalTail;
  changes: number;
  report: BackupReport;
}

export async function runBackupRounds(options: BackupOptions): Promise<BackupReport> {
  const run = await prepare(options);
  const over = new AbortController();
  const following = keepReading(run.tail, over.signal);
  try {
    for (let round = 0; round < options.rounds; round += 1) {
      const victim = victims[round % victims.length] ?? "nobody";
      await runRound(run, round, victim);
      run.progress?.(`round ${round + 1}: ${victim} killed, up to ${run.tail.lastOffset}`);
    }
  } finally {
    over.abort();
    await following;
  }
  await run.load.stop();
  await run.nadi.stop();
  return run.report;
}

async function prepare(options: BackupOptions): Promise<Run> {
  const { scope, seed, perSecond = 1_000 } = options;
  const dataDir = tempFolder(scope);
  const kitchen = await provisionKitchen(
    { path: recordsPath(dataDir) },
    { loaded: loadedDevices, coldStores },
  );
  const port = await fixedPort();
  const nadi = await startNadi(scope, { dataDir, mqttPort: port, env });
  const load = await startLoadProcess({
    port,
    devices: kitchen.loaded,
    pace: { kind: "rate", perSecond },
    boot: seed,
    reconnect: { minMs: 5, maxMs: 60 },
    seed,
  });
  scope.onTestFinished(() => load.kill());
  const startMs = Date.now() - signalDays * 86_400_000;
  const stores = kitchen.coldStores.map(
    (device, index) => new ColdStore(scope, { port, device, signal: { index, startMs } }),
  );
  return {
    ...options,
    dataDir,
    port,
    random: createRandom(seed),
    kitchen,
    nadi,
    load,
    stores,
    tail: new JournalTail(dataDir),
    changes: 0,
    report: emptyReport({ ...options, perSecond }),
  };
}

async function keepReading(tail: JournalTail, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await tail.readOn();
    await delay(tailEveryMs, null, { signal }).catch(() => null);
  }
}

async function runRound(run: Run, round: number, victim: Victim): Promise<void> {
  const { scope, dataDir, report } = run;
  const to = path.join(tempFolder(scope), "backup");
  const before = await allAcked(run);
  const rulesBefore = countRules(dataDir);
  const startMs = performance.now();
  const backup = spawnNadi(scope, { dataDir, words: ["backup", "--to", to, "--json"], env });
  await begun(backup, path.join(to, draftName));
  const disturbing = disturb(run, victim, backup);
  if (victim === "backup") {
    await delay(killTime(run));
    await backup.kill();
  }
  const { code } = await backup.exited;
  const backupMs = performance.now() - startMs;
  await disturbing;
  if (!existsSync(path.join(to, manifestName))) {
    if (victim !== "backup") throw new Error(`backup ended with ${code}:\n${backup.stderr()}`);
    report.backupsKilled += 1;
    await expectRefused(run, to);
    return;
  }
  const told = backup.logs[0] as unknown as Told | undefined;
  // One that was killed behind its end has not said so.
  const offset = told?.offset ?? (await readManifest(to)).offset;
  while (run.tail.lastOffset < offset) await delay(tailEveryMs);
  const expected = run.tail.upTo(offset);
  report.backups.push({ round, offset, backupMs, bytes: told?.bytes ?? 0, rows: 0 });
  report.missing.push(...missingFrom(before, expected));
  const restored = await restoreTo(run, to, victim === "restore");
  const rules = countRules(restored);
  if (rules < rulesBefore || rules > countRules(dataDir)) {
    report.wrong.push(`${rules} versions of rules, of ${rulesBefore} before the backup`);
  }
  await compare(run, { restored, expected });
}

/** What goes on while the backup runs. */
async function disturb(run: Run, victim: Victim, backup: NadiChild): Promise<void> {
  if (victim === "serve") {
    await delay(killTime(run));
    await run.nadi.kill();
    const { scope, dataDir, port } = run;
    run.nadi = await startNadi(scope, { dataDir, mqttPort: port, env });
    run.report.servesKilled += 1;
  }
  // Changes whose entries come after the records have been copied must not be half there.
  while (!backup.hasEnded()) {
    await changeSomething(run.dataDir, run.changes);
    run.changes += 1;
    await delay(50);
  }
}

/** Until the command has written its first file, or has ended. */
async function begun(command: NadiChild, file: string): Promise<void> {
  while (!existsSync(file) && !command.hasEnded()) await delay(2);
}

function killTime({ random }: Run): number {
  return random() * killAfterMsMax;
}

async function expectRefused(run: Run, from: string): Promise<void> {
  const { code, stderr } = await runNadi(tempFolder(run.scope), ["restore", "--from", from]);
  if (code === 1 && stderr.includes("BACKUP_INCOMPLETE")) return;
  run.report.wrong.push(`half a backup was restored: ${code} ${stderr}`);
}

async function restoreTo(run: Run, from: string, isKilled: boolean): Promise<string> {
  const { scope, report } = run;
  const dataDir = path.join(tempFolder(scope), "data");
  const words = ["restore", "--from", from, "--json"];
  if (isKilled) {
    const restore = spawnNadi(scope, { dataDir, words });
    await begun(restore, path.join(dataDir, unfinishedRestoreName));
    await delay(killTime(run) / 10);
    await restore.kill();
    if (existsSync(path.join(dataDir, unfinishedRestoreName))) {
      report.restoresKilled += 1;
      const { code } = await spawnNadi(scope, { dataDir }).exited;
      if (code !== 1) report.wrong.push(`serve went on with half a restore: ${code}`);
    } else if (existsSync(recordsPath(dataDir))) return dataDir;
  }
  const { code, stderr } = await runNadi(dataDir, words);
  if (code !== 0) throw new Error(`restore ended with ${code}:\n${stderr}`);
  return dataDir;
}

/** Lets a serve go on with what was restored, and looks at what it makes of it. */
async function compare(
  run: Run,
  copy: { restored: string; expected: AckedDevice[] },
): Promise<void> {
  const { report, scope, stores } = run;
  const { restored: dataDir, expected } = copy;
  const nadi = await startNadi(scope, { dataDir, env });
  await caughtUp(nadi);
  const { code } = await nadi.stop();
  if (code !== 0) throw new Error(`the restored serve ended with ${code}:\n${nadi.stderr()}`);
  const signals = new Map(stores.map(({ device, signal }) => [device.clientId, signal]));
  const store = compareStore(dataDir, {
    acked: expected,
    isBad: (clientId, seq) => signals.has(clientId) && isBad(seq),
    isRight({ clientId, seq, t, value }) {
      const signal = signals.get(clientId);
      if (signal === undefined) return value === (700 + (seq % 50)) / 10;
      return !isBad(seq) && t === timeAt(signal, seq) && value === celsiusAt(signal, seq);
    },
  });
  const last = report.backups.at(-1);
  if (last !== undefined) last.rows = store.rows;
  report.missing.push(...store.missing);
  report.duplicates.push(...store.duplicates);
  report.foreign.push(...store.foreign);
  const sent: SentSignal[] = stores.map(({ device, signal, resent }) => {
    const found = expected.find(({ clientId }) => clientId === device.clientId);
    return { device, signal, ackedBelow: found?.sentBelow ?? 0, resent };
  });
  const alerts = compareAlerts(dataDir, sent);
  report.alerts += alerts.expected;
  const unpublished = alerts.unpublished > 0 ? [`${alerts.unpublished} unpublished`] : [];
  const letters = compareDeadLetters(dataDir, sent);
  report.wrong.push(...alerts.wrong, ...unpublished, ...letters.wrong);
  report.wrong.push(...(await findWrongBuckets(dataDir)));
}

/** Nobody sends: but for a tick a second both consumers are level. */
async function caughtUp(nadi: NadiProcess): Promise<void> {
  const lagMax = 2;
  const untilMs = performance.now() + caughtUpMsMax;
  while (performance.now() < untilMs) {
    const metrics = await (await fetch(`${nadi.httpUrl}/metrics`)).text();
    const lags = [...metrics.matchAll(/^nadi_(?:recorder|monitor)_lag_entries (\d+)/gm)];
    if (lags.length === 2 && lags.every(([, lag]) => Number(lag) <= lagMax)) return;
    await delay(20);
  }
  throw new Error("the restored serve did not catch up");
}

async function allAcked({ load, stores }: Run): Promise<AckedDevice[]> {
  return [...(await load.acked()), ...stores.map((store) => store.acked())];
}

function countRules(dataDir: string): number {
  return readRows(recordsPath(dataDir), "SELECT 1 FROM rule_version").length;
}

async function main(): Promise<number> {
  const { values } = parseWords({
    options: {
      rounds: { type: "string", default: "20" },
      seed: { type: "string", default: String(Date.now() % 1_000_000) },
      rate: { type: "string", default: "2000" },
    },
  });
  const seed = Number(values.seed);
  process.stderr.write(`seed ${seed}\n`);
  const report = await withScope((scope) =>
    runBackupRounds({
      scope,
      seed,
      rounds: Number(values.rounds),
      perSecond: Number(values.rate),
      progress: (text) => process.stderr.write(`${text}\n`),
    }),
  );
  const faults = faultsOf(report);
  process.stdout.write(`${[describe(report), ...faults].join("\n")}\n`);
  return faults.length === 0 ? 0 : 1;
}

if (import.meta.main) process.exitCode = await main();
