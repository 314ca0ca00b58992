import type { CrashPoint } from "../../broker/journal/crash-points.ts";
import type { AlertReport, LetterReport } from "./records-contents.ts";
import type { ReplayReport } from "./replay.ts";
import type { StoreReport } from "./store-contents.ts";

export interface KillReport {
  seed: number;
  rounds: number;
  /** Rounds that ended at a crash point, by its name. */
  crashPoints: Partial<Record<CrashPoint, number>>;
  acked: number;
  entries: number;
  /** In the journal twice because the ack was lost: allowed, and one row in the store. */
  repeated: number;
  /** Acknowledged and not in the journal, while it was held. */
  missing: string[];
  changedOffsets: number[];
  /** Starts that would have gone on below an offset that had been given before. */
  shrunk: number;
  damagedRecords: number;
  /** Segments that were left at the end, after trimming. */
  segments: number;
  store: StoreReport;
  wrongBuckets: string[];
  alerts: AlertReport;
  /** Alerts that people answered between two lives. */
  answered: number;
  letters: LetterReport;
  replay: ReplayReport;
  /** From the spawn to the first CONNACK, a value a round that lived so long. */
  acceptMs: number[];
  /** What opening the journal took of it, as the log says. */
  openMs: number[];
  /** From the spawn until both consumers were level with a load that went on. */
  caughtUpMs: number[];
  disconnects: number;
}

export function emptyReport({ seed, rounds }: { seed: number; rounds: number }): KillReport {
  return {
    seed,
    rounds,
    crashPoints: {},
    acked: 0,
    entries: 0,
    repeated: 0,
    missing: [],
    changedOffsets: [],
    shrunk: 0,
    damagedRecords: 0,
    segments: 0,
    store: { rows: 0, missing: [], duplicates: [], foreign: [] },
    wrongBuckets: [],
    alerts: { rows: 0, expected: 0, wrong: [], unpublished: 0 },
    answered: 0,
    letters: { letters: 0, wrong: [] },
    replay: { entries: 0, compared: {}, differences: [] },
    acceptMs: [],
    openMs: [],
    caughtUpMs: [],
    disconnects: 0,
  };
}

/** The faults of a run, in words; none when all held. */
export function faultsOf(report: KillReport): string[] {
  const { store, alerts, letters, replay } = report;
  const faults = [
    ...some("lost from the journal", report.missing),
    ...some("changed offset", report.changedOffsets),
    ...some("lost from the store", store.missing),
    ...some("stored twice", store.duplicates),
    ...some("never sent", store.foreign),
    ...some("bucket", report.wrongBuckets),
    ...some("alert", alerts.wrong),
    ...some("dead letters", letters.wrong),
    ...some("replay", replay.differences),
  ];
  if (report.shrunk > 0) faults.push(`${report.shrunk} times the last offset fell`);
  if (report.damagedRecords > 0) faults.push(`${report.damagedRecords} damaged records`);
  if (alerts.unpublished > 0) faults.push(`${alerts.unpublished} messages were not published`);
  if (report.acked === 0) faults.push("nothing was acknowledged: the run shows nothing");
  return faults;
}

const shownMax = 10;

function some(what: string, found: readonly (string | number)[]): string[] {
  const shown = found.slice(0, shownMax).map((one) => `${what}: ${one}`);
  return found.length > shownMax ? [...shown, `${what}: ${found.length} in all`] : shown;
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return Math.round(sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN);
}

function spread(values: readonly number[]) {
  const at = (share: number): number => percentile(values, share);
  return { count: values.length, p50: at(0.5), p95: at(0.95), max: at(1) };
}

/** The figures as plain data: lists that should be empty become their lengths. */
export function figuresOf(report: KillReport): object {
  const { store, alerts, letters, replay } = report;
  return {
    ...report,
    missing: report.missing.length,
    changedOffsets: report.changedOffsets.length,
    store: {
      rows: store.rows,
      missing: store.missing.length,
      duplicates: store.duplicates.length,
      foreign: store.foreign.length,
    },
    wrongBuckets: report.wrongBuckets.length,
    alerts: { ...alerts, wrong: alerts.wrong.length },
    letters: { ...letters, wrong: letters.wrong.length },
    replay: { ...replay, differences: replay.differences.length },
    acceptMs: spread(report.acceptMs),
    openMs: spread(report.openMs),
    caughtUpMs: spread(report.caughtUpMs),
    faults: faultsOf(report),
  };
}

export function describe(report: KillReport): string {
  const points = Object.entries(report.crashPoints).map(([name, count]) => `${name} ${count}`);
  const { store, alerts, letters, replay } = report;
  const accept = spread(report.acceptMs);
  const open = spread(report.openMs);
  const caughtUp = spread(report.caughtUpMs);
  const compared = Object.entries(replay.compared).map(([kind, count]) => `${count} ${kind}`);
  return [
    `seed ${report.seed}, ${report.rounds} rounds, of which at a crash point: ${points.join(", ")}`,
    `acknowledged     ${report.acked} in ${report.disconnects} connections`,
    `in the journal   ${report.entries} entries, ${report.missing.length} lost, ` +
      `${report.repeated} resent, ${report.damagedRecords} damaged; ` +
      `${report.segments} segments left`,
    `offsets          ${report.changedOffsets.length} changed, ${report.shrunk} times fallen`,
    `in the store     ${store.rows} rows, ${store.missing.length} lost, ` +
      `${store.duplicates.length} twice, ${store.foreign.length} never sent; ` +
      `${report.wrongBuckets.length} minutes and hours are not their raw rows`,
    `alerts           ${alerts.rows} rows, ${alerts.expected} of them foretold, ` +
      `${alerts.wrong.length} wrong, ${alerts.unpublished} messages unpublished, ` +
      `${report.answered} answered by people`,
    `dead letters     ${letters.letters}, of ${letters.wrong.length} devices wrong`,
    `replayed         ${replay.entries} entries: ${compared.join(", ")}; ` +
      `${replay.differences.length} differences`,
    `accepting after  p50 ${accept.p50} ms, p95 ${accept.p95} ms, max ${accept.max} ms ` +
      `from the spawn to the first CONNACK (budget 1,000 ms), ` +
      `${report.acceptMs.filter((ms) => ms > 1_000).length} above`,
    `  of which open  p50 ${open.p50} ms, max ${open.max} ms`,
    `caught up after  p50 ${caughtUp.p50} ms, max ${caughtUp.max} ms of ${caughtUp.count}`,
  ].join("\n");
}
