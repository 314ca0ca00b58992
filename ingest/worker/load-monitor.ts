import type { Directory } from "../decode/directory.ts";
import type { IngestRecords } from "../desk/desk.ts";
import type { Monitor, MonitorMeta, StateRow } from "../monitor/monitor.ts";
import type { RuleVersion } from "../rules/rule.ts";

/** A page crosses the port in some ten ms. */
const rowsPerPage = 2_000;

/** What a monitor begins with. */
export interface MonitorStart {
  directory: Directory;
  rules: readonly RuleVersion[];
  meta: MonitorMeta | null;
  rows: readonly StateRow[];
  /** Up to here it is a replay. */
  replayUpTo: number;
  /** Live values begin behind it. */
  liveAfter: number;
  /** Whose live values are wanted. */
  isWatched: (sppgId: string) => boolean;
}

export interface MonitorFactory {
  create(start: MonitorStart): Monitor;
  /** The last change that a saved state has followed: its rules are those as of it. */
  changeSeqOf(meta: MonitorMeta): number;
}

export interface LoadedMonitor {
  monitor: Monitor;
  /** Where it goes on; `null`: where the journal begins. */
  startOffset: number | null;
}

export async function loadMonitor(
  records: Pick<IngestRecords, "loadMonitorMeta" | "loadStateRows" | "rulesAsOf">,
  factory: MonitorFactory,
  options: Pick<MonitorStart, "directory" | "replayUpTo" | "liveAfter" | "isWatched">,
): Promise<LoadedMonitor> {
  const meta = await records.loadMonitorMeta();
  const rules = await records.rulesAsOf(meta === null ? 0 : factory.changeSeqOf(meta));
  // Also without a meta row: a crash in the first round has left rows that hold what they say.
  const rows = await loadRows(records);
  const monitor = factory.create({ ...options, rules, meta, rows });
  return { monitor, startOffset: meta === null ? null : meta.offset + 1 };
}

async function loadRows(records: Pick<IngestRecords, "loadStateRows">): Promise<StateRow[]> {
  const rows: StateRow[] = [];
  for (;;) {
    const last = rows.at(-1);
    const after = last === undefined ? null : { sppgId: last.sppgId, key: last.key };
    const page = await records.loadStateRows(after, rowsPerPage);
    rows.push(...page);
    if (page.length < rowsPerPage) return rows;
  }
}
