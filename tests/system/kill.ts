// `node tests/system/kill.ts --rounds 200 --seed 7`: kills `nadi serve` again and again under
// load, always on the same data folder, and shows that nothing acknowledged is lost.
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { CrashPoint } from "../../broker/journal/crash-points.ts";
import { type LoadDevice, type LoadProcess, startLoadProcess } from "../../simulators/index.ts";
import { createRandom } from "../../simulators/load/random.ts";
import { provision } from "../bench/provision.ts";
import {
  fixedPort,
  type NadiChild,
  type Scope,
  spawnNadi,
  startNadi,
  tempFolder,
  timeToConnackMs,
  withScope,
} from "../support/nadi-process.ts";
import { countAcked, JournalContents } from "./journal-contents.ts";

export interface KillOptions {
  scope: Scope;
  rounds: number;
  seed: number;
  /** Messages a second over all devices. */
  perSecond?: number;
  progress?: (text: string) => void;
}

export interface KillReport {
  rounds: number;
  /** Rounds that ended at a crash point, by its name. */
  crashPoints: Partial<Record<CrashPoint, number>>;
  acked: number;
  entries: number;
  /** Stored twice because the ack was lost: allowed, and merged by identity downstream. */
  repeated: number;
  missing: string[];
  changedOffsets: number[];
  /** Rounds after which the highest offset was below what it had been. */
  shrunk: number;
  damagedRecords: number;
  segments: number;
  /** From the spawn to the first CONNACK, a value a round that lived so long. */
  acceptMs: number[];
  /** What opening the journal took of it, as the log says. */
  openMs: number[];
  disconnects: number;
}

/** The points that `nadi serve` passes without a consumer; `checkpoint.test.ts` has the others. */
export const servePoints = [
  "before-journal-write",
  "after-journal-write",
  "after-sync",
  "after-ack",
  "segment-created",
  "segment-sealed",
] as const satisfies CrashPoint[];

const devicesUnderLoad = 20;
const lifeMs = { min: 100, max: 900 };
/** Small, so that every few rounds a segment ends somewhere near a kill. */
const segmentBytes = 262_144;
/** How long a round waits for its crash point before it is killed like the others. */
const crashPointMsMax = 3_000;
/** Every so many rounds end at a crash point, the others at a random moment. */
const crashPointEvery = 3;

interface Run extends KillOptions {
  dataDir: string;
  port: number;
  devices: LoadDevice[];
  probe: LoadDevice;
  random: () => number;
  contents: JournalContents;
  load: LoadProcess | null;
  report: KillReport;
}

export async function runKillRounds(options: KillOptions): Promise<KillReport> {
  const run = await prepare(options);
  const { report, contents } = run;
  for (let round = 0; round < options.rounds; round += 1) {
    await runRound(run, round);
    const before = contents.lastOffset;
    await contents.readOn();
    if (contents.lastOffset < before) report.shrunk += 1;
    report.missing.push(...contents.findMissing((await run.load?.acked()) ?? []));
    if ((round + 1) % 10 === 0) {
      options.progress?.(`round ${round + 1}: ${contents.publishes} readings on disk`);
    }
  }
  await finish(run);
  return report;
}

async function prepare(options: KillOptions): Promise<Run> {
  const dataDir = tempFolder(options.scope);
  const [probe, ...devices] = await provision(dataDir, devicesUnderLoad + 1);
  if (probe === undefined) throw new Error("no device was provisioned");
  return {
    ...options,
    dataDir,
    port: await fixedPort(),
    devices,
    probe,
    random: createRandom(options.seed),
    contents: new JournalContents(dataDir),
    load: null,
    report: {
      rounds: options.rounds,
      crashPoints: {},
      acked: 0,
      entries: 0,
      repeated: 0,
      missing: [],
      changedOffsets: [],
      shrunk: 0,
      damagedRecords: 0,
      segments: 0,
      acceptMs: [],
      openMs: [],
      disconnects: 0,
    },
  };
}

async function runRound(run: Run, round: number): Promise<void> {
  const point = round % crashPointEvery === crashPointEvery - 1 ? pickPoint(run, round) : null;
  const lives = lifeMs.min + run.random() * (lifeMs.max - lifeMs.min);
  const nadi = spawnNadi(run.scope, {
    dataDir: run.dataDir,
    mqttPort: run.port,
    env: {
      NADI_MAX_JOURNAL_SEGMENT_BYTES: String(segmentBytes),
      ...(point === null ? {} : { NADI_CRASH_POINT: `${point.name}:${point.count}` }),
    },
  });
  const acceptMs = await timeToConnackMs(run.scope, nadi, { port: run.port, device: run.probe });
  if (acceptMs !== null) {
    run.report.acceptMs.push(acceptMs);
    noteOpen(run, nadi);
    run.load ??= await startLoad(run);
    const end = delay(point === null ? lives : crashPointMsMax);
    await Promise.race([end, nadi.exited]);
  }
  const isDead = nadi.hasEnded();
  await nadi.kill();
  if (point === null || !isDead) return;
  const { crashPoints } = run.report;
  crashPoints[point.name] = (crashPoints[point.name] ?? 0) + 1;
}

/** Each point in turn, at a random one of its passages; segments end seldom. */
function pickPoint(run: Run, round: number): { name: CrashPoint; count: number } {
  const index = Math.floor(round / crashPointEvery) % servePoints.length;
  const name = servePoints[index] ?? "after-sync";
  const most = name.startsWith("segment-") ? 2 : 200;
  return { name, count: 1 + Math.floor(run.random() * most) };
}

function noteOpen({ report }: Run, nadi: NadiChild): void {
  const openMs = nadi.logs.find((line) => line["msg"] === "journal open")?.["openMs"];
  if (typeof openMs === "number") report.openMs.push(openMs);
}

async function startLoad(run: Run): Promise<LoadProcess> {
  const load = await startLoadProcess({
    port: run.port,
    devices: run.devices,
    pace: { kind: "rate", perSecond: run.perSecond ?? 5_000 },
    boot: run.seed,
    reconnect: { minMs: 5, maxMs: 60 },
    seed: run.seed,
  });
  run.scope.onTestFinished(() => load.kill());
  return load;
}

/** One more start that is not killed: what is in flight gets its ack, then all is compared. */
async function finish(run: Run): Promise<void> {
  const { report, contents, load } = run;
  const nadi = await startNadi(run.scope, { dataDir: run.dataDir, mqttPort: run.port });
  if (load === null) throw new Error("no round lived long enough for the load to start");
  const acked = await drain(load);
  report.disconnects = (await load.stop()).disconnects;
  await nadi.stop();
  await contents.readOn();
  report.acked = countAcked(acked);
  report.entries = contents.entries;
  report.repeated = contents.repeated;
  report.missing.push(...contents.findMissing(acked));
  report.changedOffsets = await contents.findChanged();
  const { damagedRecords, segments } = await contents.inspect();
  report.damagedRecords = damagedRecords;
  report.segments = segments.length;
}

/** Sends nothing new, waits until all that was sent is acknowledged, answers what was. */
async function drain(load: LoadProcess) {
  await load.pace({ kind: "idle" });
  const deadlineMs = performance.now() + 10_000;
  while ((await load.stats()).inFlight > 0 && performance.now() < deadlineMs) await delay(20);
  return load.acked();
}

/** The faults of a run, in words; none when all held. */
export function faultsOf(report: KillReport): string[] {
  const faults: string[] = report.missing.slice(0, 10).map((what) => `lost: ${what}`);
  if (report.missing.length > 10) faults.push(`${report.missing.length} lost in all`);
  for (const offset of report.changedOffsets.slice(0, 10)) faults.push(`changed: offset ${offset}`);
  if (report.shrunk > 0) faults.push(`${report.shrunk} times the last offset fell`);
  if (report.damagedRecords > 0) faults.push(`${report.damagedRecords} damaged records`);
  if (report.acked === 0) faults.push("nothing was acknowledged: the run shows nothing");
  return faults;
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return Math.round(sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN);
}

function describe(report: KillReport, seed: number): string {
  const points = Object.entries(report.crashPoints).map(([name, count]) => `${name} ${count}`);
  const { acceptMs, openMs } = report;
  return [
    `seed ${seed}, ${report.rounds} rounds, of which at a crash point: ${points.join(", ")}`,
    `acknowledged     ${report.acked}; lost ${report.missing.length}`,
    `in the journal   ${report.entries} entries in ${report.segments} segments, ` +
      `${report.repeated} of them resent, ${report.damagedRecords} damaged`,
    `offsets          ${report.changedOffsets.length} changed, ${report.shrunk} times fallen`,
    `accepting after  p50 ${percentile(acceptMs, 0.5)} ms, p95 ${percentile(acceptMs, 0.95)} ms, ` +
      `max ${percentile(acceptMs, 1)} ms from the spawn to the first CONNACK (budget 1,000 ms), ` +
      `${acceptMs.filter((ms) => ms > 1_000).length} above`,
    `  of which open  p50 ${percentile(openMs, 0.5)} ms, max ${percentile(openMs, 1)} ms`,
  ].join("\n");
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string", default: "200" },
      seed: { type: "string", default: String(Date.now() % 1_000_000) },
    },
  });
  const seed = Number(values.seed);
  const report = await withScope((scope) =>
    runKillRounds({
      scope,
      seed,
      rounds: Number(values.rounds),
      progress: (text) => process.stderr.write(`${text}\n`),
    }),
  );
  const faults = faultsOf(report);
  process.stdout.write(`${[describe(report, seed), ...faults].join("\n")}\n`);
  return faults.length === 0 ? 0 : 1;
}

if (import.meta.main) process.exitCode = await main();
