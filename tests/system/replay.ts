// Folds a whole journal anew, without any crash, into fresh records and a fresh store: what a run
// with crashes has left must be the same, byte for byte (R36).
import path from "node:path";
import { nodeFileSystem } from "../../broker/journal/file-system.ts";
import { readJournal } from "../../broker/journal/inspect.ts";
import type { JournalEntry } from "../../broker/index.ts";
import type { Records } from "../../devices/index.ts";
import { recordsPath } from "../../devices/records/records.ts";
import { createRegistry } from "../../devices/registry/create-registry.ts";
import { createDecoder } from "../../ingest/decode/decoder.ts";
import type { DecodedEntry, JournaledReading } from "../../ingest/decode/decoded.ts";
import { createDirectory, type LoadedDirectory } from "../../ingest/decode/directory-cache.ts";
import { createService as createIngestRecords } from "../../ingest/desk/ingest-service.ts";
import { type IngestRecords, readingsDirectory } from "../../ingest/index.ts";
import { createMonitor } from "../../ingest/monitor/create-monitor.ts";
import { openSqliteStore } from "../../ingest/store/sqlite-store.ts";
import type { TelemetryStore } from "../../ingest/store/store.ts";
import { withRecords } from "./kill-kitchen.ts";
import { readRows } from "./records-contents.ts";
import { storedRows } from "./store-contents.ts";

export interface ReplayReport {
  entries: number;
  /** What was compared, by kind, and how many of each. */
  compared: Record<string, number>;
  /** What differs, in words; empty when both are the same. */
  differences: string[];
}

const entriesPerBatch = 1_000;
/** Of a kind, shown. */
const differencesMax = 5;

/**
 * @param dataDir after a clean stop, so that everything stands at the last entry; its journal must
 * have been held from the first one on
 * @param freshDir an empty folder
 */
export async function replay(dataDir: string, freshDir: string): Promise<ReplayReport> {
  const store = openSqliteStore({ directory: readingsDirectory(freshDir) });
  const entries = await withRecords({ path: recordsPath(dataDir) }, (original) =>
    withRecords({ path: recordsPath(freshDir) }, (fresh) =>
      fold({ dataDir, original, fresh, store }),
    ),
  );
  await store.close();
  const report: ReplayReport = { entries, compared: {}, differences: [] };
  for (const [kind, query] of Object.entries(comparedRecords)) {
    const [was, is] = [dataDir, freshDir].map((dir) => readRows(recordsPath(dir), query));
    compare(report, kind, { was: was ?? [], is: is ?? [] });
  }
  compare(report, "raw rows", { was: storedRows(dataDir), is: storedRows(freshDir) });
  return report;
}

/** An outbox is emptied as it is published, and people's columns are not the machine's. */
const comparedRecords = {
  "state rows": "SELECT sppg_id, state_key, body FROM monitor_state ORDER BY sppg_id, state_key",
  "meta row": "SELECT entry_offset, body FROM monitor_meta",
  alerts: `SELECT alert_id, sppg_id, revision, entry_offset, opened_at_ms, severity, machine_json
    FROM alert ORDER BY alert_id`,
  "dead letters": "SELECT * FROM dead_letter ORDER BY sppg_id, device_id, slot",
} as const;

interface Fold {
  dataDir: string;
  original: Records;
  fresh: Records;
  store: TelemetryStore;
}

async function fold({ dataDir, original, fresh, store }: Fold): Promise<number> {
  const facts = createIngestRecords(original);
  const target = createIngestRecords(fresh);
  const directory = createDirectory(createRegistry(original, { nowMs: () => 0 }));
  await directory.load();
  const decoder = createDecoder({ directory });
  const monitor = createFreshMonitor(directory);
  const meta = await facts.loadMonitorMeta();
  const lastOffset = meta?.offset ?? 0;
  let folded = 0;
  for await (const batch of batches(dataDir, lastOffset)) {
    const decoded = decoder.decode(batch);
    for (const entry of decoded) await apply(monitor, entry, facts);
    await target.applyEffects(monitor.takeEffects());
    monitor.takeLive();
    await store.write(readingsOf(decoded));
    folded += batch.length;
  }
  const end = monitor.beginCheckpoint();
  await target.saveState(monitor.takeRows(Number.POSITIVE_INFINITY), end);
  return folded;
}

function createFreshMonitor(directory: LoadedDirectory): ReturnType<typeof createMonitor> {
  const start = { directory, rules: [], meta: null, rows: [] };
  return createMonitor({ ...start, replayUpTo: Number.MAX_SAFE_INTEGER });
}

async function apply(
  monitor: ReturnType<typeof createMonitor>,
  entry: DecodedEntry,
  records: IngestRecords,
): Promise<void> {
  if (entry.kind !== "change") return monitor.apply(entry, null);
  const { rules, commands } = await records.factsBetween(monitor.changeSeq, entry.changeSeq);
  monitor.apply(entry, { rules, commands });
}

async function* batches(dataDir: string, lastOffset: number): AsyncGenerator<JournalEntry[]> {
  const folder = { disk: nodeFileSystem, directory: path.join(dataDir, "journal") };
  let batch: JournalEntry[] = [];
  for await (const entry of readJournal(folder, { fromOffset: 1, entriesMax: Infinity })) {
    if (entry.offset > lastOffset) break;
    // A payload is a view of what was read: the next read may take its place.
    const isPublish = entry.kind === "publish";
    batch.push(isPublish ? { ...entry, payload: Uint8Array.from(entry.payload) } : entry);
    if (batch.length < entriesPerBatch) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

function readingsOf(entries: readonly DecodedEntry[]): JournaledReading[] {
  return entries.flatMap((entry) => (entry.kind === "publish" ? entry.readings : []));
}

/** Row by row, as text. */
function compare(
  report: ReplayReport,
  kind: string,
  { was, is }: { was: Iterable<unknown>; is: Iterable<unknown> },
): void {
  const others = is[Symbol.iterator]();
  const text = (value: unknown): string => JSON.stringify(value) ?? "nothing";
  let count = 0;
  let different = 0;
  const meet = (one: string, other: string): void => {
    if (one === other) return;
    different += 1;
    if (different <= differencesMax) {
      report.differences.push(`${kind} ${count}: ${one} where a replay has ${other}`);
    }
  };
  for (const row of was) {
    const other = others.next();
    meet(text(row), other.done === true ? "nothing" : text(other.value));
    count += 1;
  }
  for (let rest = others.next(); rest.done !== true; rest = others.next()) {
    meet("nothing", text(rest.value));
  }
  report.compared[kind] = count;
}
