// `node tests/system/kill.ts --rounds 200 --seed 7`: kills `nadi serve` again and again under
// load, always on the same data folder, and shows that nothing acknowledged is lost, stored twice
// or told twice, and that a replay without any crash gives the same.
import { setTimeout as delay } from "node:timers/promises";
import { recordsPath } from "../../devices/records/records.ts";
import { type LoadProcess, startLoadProcess } from "../../simulators/index.ts";
import { createRandom } from "../../simulators/load/random.ts";
import { holdJournal, releaseJournal } from "../support/hold-journal.ts";
import {
  fixedPort,
  listening,
  type NadiChild,
  type NadiProcess,
  type Scope,
  spawnNadi,
  startNadi,
  tempFolder,
  timeToConnackMs,
  withScope,
} from "../support/nadi-process.ts";
import { parseWords } from "../support/words.ts";
import { ColdStore } from "./cold-store.ts";
import { signalDays } from "./cold-store-signal.ts";
import { countAcked, JournalContents } from "./journal-contents.ts";
import { changeSomething, type KillKitchen, provisionKitchen } from "./kill-kitchen.ts";
import { type Ending, planEnding } from "./kill-plan.ts";
import { describe, emptyReport, faultsOf, figuresOf, type KillReport } from "./kill-report.ts";
import { compareAlerts, compareDeadLetters } from "./records-contents.ts";
import { replay } from "./replay.ts";
import { senderLog } from "./sender-log.ts";
import { compareStore, findWrongBuckets } from "./store-contents.ts";

export interface KillOptions {
  scope: Scope;
  rounds: number;
  seed: number;
  /** Messages a second over all devices of the load. */
  perSecond?: number;
  progress?: (text: string) => void;
}

const loadedDevices = 20;
const coldStores = 5;
const lifeMs = { min: 100, max: 900 };
/** Small, so that every few rounds a segment ends somewhere near a kill. */
const segmentBytes = 262_144;
/** Of the rounds, those with a held journal: a replay needs all of it. Then it is trimmed too. */
const heldShare = 0.75;
/** Every so many rounds people change something meanwhile. */
const changeEvery = 3;
const stopMsMax = 10_000;
const caughtUpMsMax = 60_000;

interface Run extends KillOptions {
  perSecond: number;
  dataDir: string;
  port: number;
  kitchen: KillKitchen;
  random: () => number;
  contents: JournalContents;
  load: LoadProcess | null;
  stores: ColdStore[];
  changes: number;
  isHeld: boolean;
  report: KillReport;
}

export async function runKillRounds(options: KillOptions): Promise<KillReport> {
  const run = await prepare(options);
  const { report } = run;
  const heldRounds = Math.ceil(options.rounds * heldShare);
  holdJournal(run.dataDir);
  for (let round = 0; round < heldRounds; round += 1) await runRound(run, round);
  await compareReplay(run);
  releaseJournal(run.dataDir);
  run.isHeld = false;
  for (let round = heldRounds; round < options.rounds; round += 1) await runRound(run, round);
  await finish(run);
  return report;
}

async function prepare(options: KillOptions): Promise<Run> {
  const dataDir = tempFolder(options.scope);
  return {
    ...options,
    perSecond: options.perSecond ?? 2_000,
    dataDir,
    port: await fixedPort(),
    kitchen: await provisionKitchen(
      { path: recordsPath(dataDir) },
      { loaded: loadedDevices, coldStores },
    ),
    random: createRandom(options.seed),
    contents: new JournalContents(dataDir),
    load: null,
    stores: [],
    changes: 0,
    isHeld: true,
    report: emptyReport(options),
  };
}

async function runRound(run: Run, round: number): Promise<void> {
  const { report, contents } = run;
  await live(run, planEnding(round, run));
  await contents.readOn();
  if (run.isHeld) report.missing.push(...contents.findMissing(await allAcked(run)));
  else await noteChanged(run);
  if (run.load !== null && round % changeEvery === 0) {
    report.answered += await changeSomething(run.dataDir, run.changes);
    run.changes += 1;
  }
  if ((round + 1) % 10 === 0) {
    run.progress?.(`round ${round + 1}: ${contents.publishes} readings in the journal`);
  }
}

/** One life of the process, from its spawn to its end. */
async function live(run: Run, ending: Ending): Promise<void> {
  const hasPoint = ending.kind === "point" || ending.kind === "stopping";
  const nadi = spawnNadi(run.scope, {
    dataDir: run.dataDir,
    mqttPort: run.port,
    env: {
      NADI_MAX_JOURNAL_SEGMENT_BYTES: String(segmentBytes),
      ...(hasPoint ? { NADI_CRASH_POINT: `${ending.point}:${ending.count}` } : {}),
    },
  });
  const login = { port: run.port, device: run.kitchen.probe };
  const acceptMs = await timeToConnackMs(run.scope, nadi, login);
  if (acceptMs !== null) {
    run.report.acceptMs.push(acceptMs);
    noteOpen(run, nadi);
    await startSenders(run);
    await until(run, nadi, ending);
  } else if (!hasPoint) throw new Error(`serve ended by itself:\n${nadi.stderr()}`);
  const hasEnded = nadi.hasEnded();
  const { signal } = await nadi.kill();
  // A stop that came to its end has passed no such point, or not so often.
  if (!hasPoint || !hasEnded || signal !== "SIGKILL") return;
  const { crashPoints } = run.report;
  crashPoints[ending.point] = (crashPoints[ending.point] ?? 0) + 1;
}

/** Until it is time for the kill, or the process has ended by itself. */
async function until(run: Run, nadi: NadiChild, ending: Ending): Promise<void> {
  const ends = (ms: number): Promise<unknown> => Promise.race([delay(ms), nadi.exited]);
  if (ending.kind === "caughtUp") {
    await noteCaughtUp(run, await listening(nadi));
    return;
  }
  if (ending.kind === "point") return void (await ends(ending.withinMs));
  await ends(lifeMs.min + run.random() * (lifeMs.max - lifeMs.min));
  if (ending.kind === "random") return;
  nadi.signal("SIGTERM");
  await ends(stopMsMax);
}

async function noteChanged({ contents, isHeld, report }: Run): Promise<void> {
  const changed = await contents.findChanged({ isTrimmed: !isHeld });
  report.changedOffsets = report.changedOffsets.concat(changed);
}

function noteOpen({ report, contents }: Run, nadi: NadiChild): void {
  const open = nadi.logs.find((line) => line["msg"] === "journal open");
  if (open === undefined) return;
  report.openMs.push(Number(open["openMs"]));
  // What was read after the life before was there: the next offset must lie behind it.
  if (Number(open["syncedOffset"]) < contents.lastOffset) report.shrunk += 1;
}

/** Two seconds of the load: what waits for the next write and the next report at any time. */
async function noteCaughtUp(run: Run, nadi: NadiProcess): Promise<void> {
  const lagMax = 2 * run.perSecond;
  while (performance.now() - nadi.spawnedAtMs < caughtUpMsMax) {
    const metrics = await (await fetch(`${nadi.httpUrl}/metrics`)).text();
    const lags = [...metrics.matchAll(/^nadi_(?:recorder|monitor)_lag_entries (\d+)/gm)];
    if (lags.length === 2 && lags.every(([, lag]) => Number(lag) <= lagMax)) break;
    await delay(20);
  }
  run.report.caughtUpMs.push(performance.now() - nadi.spawnedAtMs);
}

async function startSenders(run: Run): Promise<void> {
  if (run.load !== null) return;
  run.load = await startLoadProcess({
    port: run.port,
    devices: run.kitchen.loaded,
    pace: { kind: "rate", perSecond: run.perSecond },
    boot: run.seed,
    reconnect: { minMs: 5, maxMs: 60 },
    seed: run.seed,
  });
  const { load, scope, port } = run;
  scope.onTestFinished(() => load.kill());
  const startMs = Date.now() - signalDays * 86_400_000;
  run.stores = run.kitchen.coldStores.map(
    (device, index) => new ColdStore(scope, { port, device, signal: { index, startMs } }),
  );
}

async function allAcked(run: Run) {
  const stores = run.stores.map((store) => store.acked());
  return [...((await run.load?.acked()) ?? []), ...stores];
}

/** Everything up to here, folded again without a crash. */
async function compareReplay(run: Run): Promise<void> {
  const { scope, dataDir, contents, report } = run;
  const nadi = await startNadi(scope, { dataDir, mqttPort: run.port });
  await noteCaughtUp(run, nadi);
  await stopLevel(nadi);
  await contents.readOn();
  report.missing.push(...contents.findMissing(await allAcked(run)));
  await noteChanged(run);
  report.replay = await replay(dataDir, tempFolder(scope));
}

/** Stops the process when its consumers have all: a stop waits for them only so long. */
async function stopLevel(nadi: NadiProcess): Promise<void> {
  const { code } = await nadi.stop();
  if (code !== 0) throw new Error(`serve ended with ${code}:\n${nadi.stderr()}`);
}

/** One more start that is not killed: what is in flight gets its ack, then all is compared. */
async function finish(run: Run): Promise<void> {
  const { report, contents, load, stores, dataDir } = run;
  const nadi = await startNadi(run.scope, { dataDir, mqttPort: run.port });
  if (load === null) throw new Error("no round lived long enough for the load to start");
  await load.pace({ kind: "idle" });
  await Promise.all(stores.map((store) => store.drain()));
  const deadlineMs = performance.now() + 10_000;
  while ((await load.stats()).inFlight > 0 && performance.now() < deadlineMs) await delay(20);
  await noteCaughtUp(run, nadi);
  const acked = await allAcked(run);
  report.disconnects = (await load.stop()).disconnects;
  await stopLevel(nadi);
  await contents.readOn();
  report.acked = countAcked(acked);
  report.entries = contents.entries;
  report.repeated = contents.repeated;
  await noteChanged(run);
  const { damagedRecords, segments } = await contents.inspect();
  report.damagedRecords = damagedRecords;
  report.segments = segments.length;
  report.store = compareStore(dataDir, senderLog(stores, acked));
  report.wrongBuckets = await findWrongBuckets(dataDir);
  report.alerts = compareAlerts(dataDir, stores);
  report.letters = compareDeadLetters(dataDir, stores);
}

async function main(): Promise<number> {
  const { values } = parseWords({
    options: {
      rounds: { type: "string", default: "200" },
      seed: { type: "string", default: String(Date.now() % 1_000_000) },
      rate: { type: "string", default: "2000" },
      json: { type: "boolean", default: false },
    },
  });
  const seed = Number(values.seed);
  process.stderr.write(`seed ${seed}\n`);
  const report = await withScope((scope) =>
    runKillRounds({
      scope,
      seed,
      rounds: Number(values.rounds),
      perSecond: Number(values.rate),
      progress: (text) => process.stderr.write(`${text}\n`),
    }),
  );
  const faults = faultsOf(report);
  const text = [describe(report), ...faults].join("\n");
  process.stdout.write(`${values.json ? JSON.stringify(figuresOf(report)) : text}\n`);
  return faults.length === 0 ? 0 : 1;
}

if (import.meta.main) process.exitCode = await main();
