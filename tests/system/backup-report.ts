/** What `nadi backup --json` prints, as far as it is looked at. */
export interface Told {
  offset: number;
  bytes: number;
}

export interface BackupReport {
  seed: number;
  rounds: number;
  perSecond: number;
  /** Those that were finished, restored and compared. */
  backups: { round: number; offset: number; backupMs: number; bytes: number; rows: number }[];
  backupsKilled: number;
  servesKilled: number;
  restoresKilled: number;
  /** Acknowledged before the backup began or up to its offset, and not in what was restored. */
  missing: string[];
  /** In it more than once. */
  duplicates: string[];
  /** In it though it lies behind the offset, or was never sent. */
  foreign: string[];
  /** Alerts that were foretold over all restored folders. */
  alerts: number;
  /** Anything else, in words. */
  wrong: string[];
}

export function emptyReport(facts: {
  seed: number;
  rounds: number;
  perSecond: number;
}): BackupReport {
  const { seed, rounds, perSecond } = facts;
  return {
    seed,
    rounds,
    perSecond,
    backups: [],
    backupsKilled: 0,
    servesKilled: 0,
    restoresKilled: 0,
    missing: [],
    duplicates: [],
    foreign: [],
    alerts: 0,
    wrong: [],
  };
}

const shownMax = 5;

export function faultsOf(report: BackupReport): string[] {
  const { missing, duplicates, foreign, wrong } = report;
  return Object.entries({ missing, duplicates, foreign, wrong }).flatMap(([name, found]) =>
    found.length === 0
      ? []
      : [`FAULT ${found.length} ${name}: ${found.slice(0, shownMax).join("; ")}`],
  );
}

export function describe(report: BackupReport): string {
  const { backups } = report;
  const times = backups.map(({ backupMs }) => backupMs).toSorted((a, b) => a - b);
  const last = backups.at(-1);
  return [
    `seed ${report.seed}: ${report.rounds} rounds at ${report.perSecond} messages/s`,
    `killed in the middle: ${report.backupsKilled} backups, ${report.servesKilled} serves, ` +
      `${report.restoresKilled} restores`,
    `${backups.length} backups restored and compared; the last one up to offset ` +
      `${last?.offset ?? 0}, ${last?.rows ?? 0} rows, ${last?.bytes ?? 0} bytes`,
    `backup ms (with the start of its process): ${Math.round(times[0] ?? 0)} to ` +
      `${Math.round(times.at(-1) ?? 0)}`,
    `missing ${report.missing.length}, duplicates ${report.duplicates.length}, ` +
      `foreign ${report.foreign.length}, alerts foretold ${report.alerts}`,
  ].join("\n");
}
