// Two `nadi serve --role ingest` share the partitions of a journal; one is killed, one is frozen
// for longer than its lease. `node tests/system/leases.ts [--pause-ms 50] [--json]` prints what it
// took.
import { setTimeout as delay } from "node:timers/promises";
import { eventually } from "../support/kitchen.ts";
import { readMetric } from "../support/metrics.ts";
import { type Scope, withScope } from "../support/nadi-process.ts";
import { parseWords } from "../support/words.ts";
import {
  deviceId,
  type IngestProcess,
  partitions,
  type PartitionsSite,
  startIngestProcess,
  startPartitionsSite,
} from "./leases-site.ts";
import { slowly } from "./site.ts";

export interface PartitionsReport {
  acknowledged: number;
  stored: number;
  /** Acknowledged and not in the store. */
  missing: number;
  /** In the store and never sent. */
  foreign: number;
  /** Alerts that are not one row, or not the one that was foretold, by kitchen. */
  wrongAlerts: string[];
  alerts: number;
  /** From `kill -9` to the other process working on all partitions. */
  killTakeoverMs: number;
  /** From SIGSTOP to the same. */
  freezeTakeoverMs: number;
  /** Partitions that the frozen one was told to have lost, once it went on. */
  lostByFrozen: number;
  /** Of those, where its own commit was refused before it was told. */
  refusedCommits: number;
  /** From SIGTERM to the other process working on all partitions; `null`: not tried. */
  handOverMs: number | null;
}

/** Five times what it took here on a busy machine. */
const withinMs = 60_000;
const lookMs = 50;

/** A reading of each kitchen's probe a round: too warm in two of twenty, one after the other. */
class RoundsOfReadings {
  readonly #site: PartitionsSite;
  readonly #startMs = Date.now();
  readonly #over = new AbortController();
  readonly #running: Promise<void>;
  readonly acked: number[] = [];
  sent = 0;

  constructor(site: PartitionsSite, pauseMs: number) {
    this.#site = site;
    this.#running = this.#run(pauseMs);
  }

  /** Ends after a round that is cold again. */
  async stop(): Promise<void> {
    this.#over.abort();
    await this.#running;
  }

  timeOf(round: number): number {
    return this.#startMs + round;
  }

  get alertsEach(): number {
    return Math.ceil(Math.max(0, this.sent - 10) / 20);
  }

  async #run(pauseMs: number): Promise<void> {
    while (!this.#over.signal.aborted || this.sent % 20 !== 0) {
      const round = this.sent;
      this.sent += 1;
      await Promise.all(this.#site.sppgIds.map((sppgId) => this.#send(sppgId, round)));
      this.acked.push(round);
      if (!this.#over.signal.aborted) await delay(pauseMs);
    }
  }

  #send(sppgId: string, round: number): Promise<void> {
    const isWarm = round % 20 === 10 || round % 20 === 11;
    const payload = { ts: this.timeOf(round), celsius: isWarm ? 12 : 4 };
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const entry = {
      kind: "publish",
      principal: `${sppgId}.${deviceId}`,
      topicName: `sppg/${sppgId}/telemetry/${deviceId}/temperature`,
      payload: Buffer.from(JSON.stringify(payload)),
      qos: 1,
    } as const;
    this.#site.journal.appender.append(entry, (error) => {
      if (error === null) resolve();
      else reject(error);
    });
    return promise;
  }
}

export interface PartitionsOptions {
  pauseMs: number;
  /** A third process comes, and one ends as it is told to. */
  hasHandOver: boolean;
  say: (line: string) => void;
}

export async function runPartitions(
  scope: Scope,
  { pauseMs, hasHandOver, say }: PartitionsOptions,
): Promise<PartitionsReport> {
  const site = await startPartitionsSite(scope);
  const start = (): Promise<IngestProcess> => startIngestProcess(scope, site);
  const [first, second] = await Promise.all([start(), start()]);
  await untilShared(first, second);
  say("two processes have 8 partitions each");
  const readings = new RoundsOfReadings(site, pauseMs);
  await until(async () => readings.acked.length >= 20);

  const frozenAtMs = performance.now();
  first.signal("SIGSTOP");
  await untilAll(second);
  const freezeTakeoverMs = performance.now() - frozenAtMs;
  say(`SIGSTOP: the other has all after ${Math.round(freezeTakeoverMs)} ms`);
  first.signal("SIGCONT");
  await until(async () => lostBy(first).size === partitions / 2);
  await untilShared(first, second);
  say("SIGCONT: it has lost what it had, and got its share anew");

  const killedAtMs = performance.now();
  await second.kill();
  await untilAll(first);
  const killTakeoverMs = performance.now() - killedAtMs;
  say(`kill -9: the other has all after ${Math.round(killTakeoverMs)} ms`);

  const last = hasHandOver ? await start() : first;
  const handOverMs = hasHandOver ? await handOver(first, last) : null;
  if (handOverMs !== null) say(`SIGTERM: the other has all after ${Math.round(handOverMs)} ms`);
  await readings.stop();
  const compareOnce = (): Promise<Comparison> => compare(site, readings);
  const compared = await eventually(slowly(compareOnce), isRight, withinMs).catch(compareOnce);
  return {
    ...compared,
    freezeTakeoverMs,
    killTakeoverMs,
    lostByFrozen: lostBy(first).size,
    refusedCommits: first.logs.filter(({ msg }) => msg === "partition lost").length,
    handOverMs,
  };
}

async function handOver(from: IngestProcess, to: IngestProcess): Promise<number> {
  await untilShared(from, to);
  const endedAtMs = performance.now();
  const ended = from.stop();
  await untilAll(to);
  const handOverMs = performance.now() - endedAtMs;
  await ended;
  return handOverMs;
}

/** Partitions, by what it has logged. */
function lostBy({ logs }: IngestProcess): Set<unknown> {
  const losses = logs.filter(({ msg }) => String(msg).startsWith("partition lost"));
  return new Set(losses.map(({ partition }) => partition));
}

function untilShared(...processes: readonly IngestProcess[]): Promise<void> {
  const share = partitions / processes.length;
  return until(async () => {
    const counts = await Promise.all(processes.map(liveCount));
    return counts.every((count) => count === share);
  });
}

/** Looks often enough for what is measured, and leaves the machine to the others. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  const endMs = performance.now() + withinMs;
  while (!(await isSo())) {
    if (performance.now() > endMs) throw new Error(`not within ${withinMs} ms: ${isSo.toString()}`);
    await delay(lookMs);
  }
}

function untilAll(one: IngestProcess): Promise<void> {
  return until(async () => (await liveCount(one)) === partitions);
}

function liveCount({ httpUrl }: IngestProcess): Promise<number> {
  return readMetric(httpUrl, "nadi_partitions_live");
}

type Comparison = Pick<
  PartitionsReport,
  "acknowledged" | "stored" | "missing" | "foreign" | "wrongAlerts" | "alerts"
>;

function isRight({ missing, foreign, wrongAlerts }: Comparison): boolean {
  return missing + foreign + wrongAlerts.length === 0;
}

/** What senders saw acknowledged against what InfluxDB and PostgreSQL hold. */
async function compare(site: PartitionsSite, readings: RoundsOfReadings): Promise<Comparison> {
  const stored = await readStored(site);
  const wrongAlerts: string[] = [];
  let missing = 0;
  let foreign = 0;
  let alerts = 0;
  for (const sppgId of site.sppgIds) {
    const times = stored.get(sppgId) ?? new Set();
    const sent = new Set(Array.from({ length: readings.sent }, (_, at) => readings.timeOf(at)));
    missing += readings.acked.filter((round) => !times.has(readings.timeOf(round))).length;
    foreign += [...times].filter((ms) => !sent.has(ms)).length;
    const rows = await site.services.desk.listAlerts({ sppgId, state: "all", limit: 1_000 });
    alerts += rows.length;
    const isRight = rows.every(({ condition, occurrences }) => {
      return condition === "cleared" && occurrences === 1;
    });
    if (rows.length !== readings.alertsEach || !isRight) {
      wrongAlerts.push(`${sppgId}: ${rows.length} of ${readings.alertsEach}`);
    }
  }
  const counts = [...stored.values()].map(({ size }) => size);
  return {
    acknowledged: readings.acked.length * site.sppgIds.length,
    stored: counts.reduce((sum, count) => sum + count, 0),
    missing,
    foreign,
    wrongAlerts,
    alerts,
  };
}

/** Times of each kitchen's readings. A row that is there twice is a fault of InfluxDB's. */
async function readStored({ influx, bucket }: PartitionsSite): Promise<Map<string, Set<number>>> {
  const statement = `SELECT celsius FROM "raw"."temperature" GROUP BY sppgId, deviceId, channel`;
  // The shape of InfluxDB's answer.
  const answer = (await influx.query(statement, bucket)) as {
    results: { series?: { tags: Record<string, string>; values: [string, number][] }[] }[];
  };
  const stored = new Map<string, Set<number>>();
  for (const { tags, values } of answer.results[0]?.series ?? []) {
    const times = values.map(([time]) => Date.parse(time));
    stored.set(tags["sppgId"] ?? "", new Set(times));
    if (new Set(times).size !== times.length) throw new Error(`${tags["sppgId"]}: a row twice`);
  }
  return stored;
}

export function describeReport(report: PartitionsReport): string {
  const whole = (ms: number): string => `${Math.round(ms)} ms`;
  return `
acknowledged            ${report.acknowledged}
stored                  ${report.stored}, missing ${report.missing}, foreign ${report.foreign}
alerts                  ${report.alerts}, wrong: ${report.wrongAlerts.join("; ") || "none"}
kill -9, taken over     after ${whole(report.killTakeoverMs)}
SIGSTOP, taken over     after ${whole(report.freezeTakeoverMs)}
SIGCONT                 lost ${report.lostByFrozen}, by a refused commit ${report.refusedCommits}
SIGTERM, handed over    ${report.handOverMs === null ? "-" : `after ${whole(report.handOverMs)}`}
`;
}

if (import.meta.main) {
  const { values } = parseWords({
    options: { "pause-ms": { type: "string", default: "50" }, json: { type: "boolean" } },
  });
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const pauseMs = Number(values["pause-ms"]);
  const options = { pauseMs, hasHandOver: true, say };
  const report = await withScope((scope) => runPartitions(scope, options));
  process.stdout.write(values.json === true ? JSON.stringify(report) : describeReport(report));
  process.exitCode = isRight(report) ? 0 : 1;
}
