// What a reading costs the ingest worker that keeps up: `node tests/bench/ingest.ts`. One kitchen
// and a country take turns at the same rate of messages; `--rounds 3`, `--parts` (a profile says
// which part takes what), `--semi-space-mb 16`. See `ingest-run.ts` for what one run is.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type FileJournal, openFileJournal } from "../../broker/journal/file-journal.ts";
import type { NewEntry } from "../../broker/journal/journal.ts";
import { registryMigrationsModule, tablesOf } from "../../devices/index.ts";
import { loadMigrations, migrate } from "../../devices/records/migrations.ts";
import { openRecords, recordsPath } from "../../devices/records/records.ts";
import type { RegistryTables } from "../../devices/registry/tables.ts";
import { ingestMigrationsModule } from "../../ingest/desk/migrations.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { parseWords } from "../support/words.ts";
import type { IngestRun, IngestRunOptions } from "./ingest-run.ts";
import { formatTable } from "./table.ts";

const { values } = parseWords({
  options: {
    /** Kitchens x devices, each compared with the first. */
    fleets: { type: "string", default: "1x100,30000x10" },
    /** Of all devices together, as many for each fleet. */
    entries: { type: "string", default: "3600000" },
    /** Messages a second of the journal's time: 300,000 devices, each every 30 s. */
    rate: { type: "string", default: "10000" },
    rounds: { type: "string", default: "3" },
    /** Entries that come before what is measured; default a third, 600,000 at most. */
    warm: { type: "string" },
    parts: { type: "boolean", default: false },
    /** Shown at the rate of the clock, not as fast as ingest goes: what a checkpoint takes. */
    paced: { type: "boolean", default: false },
    "semi-space-mb": { type: "string", default: "0" },
    folder: { type: "string", default: tmpdir() },
    /** Filled journals stay in this folder, and are taken from there the next time. */
    keep: { type: "string" },
  },
});
const entries = Number(values.entries);
const rate = Number(values.rate);
/** What comes first is first contact with every series, and code that is cold. */
const warmEntries = Number(values.warm ?? Math.min(600_000, Math.floor(entries / 3)));
const appendsUnderWay = 4_000;
const rowsOfInsert = 1_000;
const migrationModules = [registryMigrationsModule, ingestMigrationsModule];
/** A whole minute of an ordinary day. */
const startMs = Date.UTC(2026, 10, 2, 3);

interface Fleet {
  name: string;
  kitchens: number;
  devices: number;
}

const fleets = values.fleets.split(",").map((name): Fleet => {
  const [kitchens = 1, devices = 1] = name.split("x").map(Number);
  return { name, kitchens, devices };
});

const sppgIdOf = (kitchen: number): string => `sppg-bench-${String(kitchen).padStart(5, "0")}`;

async function provision(dataDir: string, { kitchens, devices }: Fleet): Promise<void> {
  const records = await openRecords({ path: recordsPath(dataDir) });
  await migrate(records, await loadMigrations(migrationModules));
  const common = { place: "coldStore", codec: null, gateway_id: null, enabled: 1, version: 1 };
  const kind = { kind: "temperature-probe", expected_interval_seconds: 30, created_at_ms: 0 };
  await tablesOf<RegistryTables>(records)
    .transaction()
    .execute(async (tx) => {
      for (let at = 0; at < kitchens; at++) {
        const sppg_id = sppgIdOf(at);
        const kitchen = { sppg_id, name: "Bench", time_zone: "Asia/Jakarta", created_at_ms: 0 };
        await tx.insertInto("kitchen").values(kitchen).execute();
        const rows = Array.from({ length: devices }, (_, index) => {
          return { sppg_id, device_id: `probe-${index}`, ...common, ...kind };
        });
        // SQLite takes 32,766 values of a statement.
        for (let from = 0; from < rows.length; from += rowsOfInsert) {
          const part = rows.slice(from, from + rowsOfInsert);
          await tx.insertInto("device").values(part).execute();
        }
      }
    });
  await records.close();
}

/** Devices in an order that the first round does not have: memory is not met as it was made. */
function shuffled(count: number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, at) => at);
  const random = seededRandom(1);
  for (let at = count - 1; at > 0; at -= 1) {
    const other = Math.floor(random() * (at + 1));
    [order[at], order[other]] = [order[other] ?? 0, order[at] ?? 0];
  }
  return order;
}

/** The journal's own time runs at the rate: received times, and what the devices say. */
async function fill(dataDir: string, fleet: Fleet): Promise<void> {
  let nowMs = 0;
  const clock = { wallMs: () => startMs + nowMs, monotonicMs: () => nowMs };
  const directory = path.join(dataDir, "journal");
  const journal = await openFileJournal({ directory, journalBytesMax: 16 * 2 ** 30, clock });
  const all = fleet.kitchens * fleet.devices;
  const order = shuffled(all);
  for (let from = 0; from < entries; from += appendsUnderWay) {
    const part: NewEntry[] = [];
    for (let at = from; at < Math.min(entries, from + appendsUnderWay); at++) {
      const place = at % all;
      const device = at < all ? place : (order[place] ?? 0);
      part.push(readingAt(fleet, device, startMs + Math.floor((at * 1000) / rate)));
    }
    nowMs = Math.floor((from * 1000) / rate);
    await appendAll(journal, part);
  }
  await journal.close();
}

function appendAll(journal: FileJournal, part: readonly NewEntry[]): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let left = part.length;
  for (const entry of part) {
    journal.append(entry, (error) => {
      if (error !== null) reject(error);
      if (--left === 0) resolve();
    });
  }
  return promise;
}

function readingAt({ kitchens }: Fleet, device: number, ts: number): NewEntry {
  const sppgId = sppgIdOf(device % kitchens);
  const deviceId = `probe-${Math.floor(device / kitchens)}`;
  // Cold enough that no rule minds.
  const celsius = (3 + Math.sin((ts + device) / 5_000)).toFixed(2);
  return {
    kind: "publish",
    principal: `${sppgId}.${deviceId}`,
    topicName: `sppg/${sppgId}/telemetry/${deviceId}/temperature`,
    payload: Buffer.from(`{"ts":${ts},"celsius":${celsius}}`),
    qos: 1,
  };
}

/** In a process of its own, so that its memory is nobody else's, over a copy of the records. */
async function run(filled: string, round: string): Promise<IngestRun> {
  const dataDir = path.join(filled, round);
  await mkdir(dataDir);
  await cp(recordsPath(filled), recordsPath(dataDir));
  const semiSpace = Number(values["semi-space-mb"]);
  const execArgv = semiSpace === 0 ? [] : [`--max-semi-space-size=${semiSpace}`];
  const journalDirectory = path.join(filled, "journal");
  const options: IngestRunOptions = {
    dataDir,
    journalDirectory,
    warmEntries,
    rate,
    entries,
    hasParts: values.parts,
    isPaced: values.paced,
  };
  const child = fork(new URL("./ingest-run.ts", import.meta.url), {
    execArgv: ["--expose-gc", ...execArgv],
    serialization: "advanced",
  });
  children.add(child);
  child.send(options);
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  child.once("message", resolve);
  child.once("exit", (code) => reject(new Error(`A run has ended with ${String(code)}.`)));
  const result = await promise;
  if (child.exitCode === null) await once(child, "exit");
  children.delete(child);
  await rm(dataDir, { recursive: true });
  return result as IngestRun;
}

const children = new Set<ChildProcess>();

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

function report(runs: ReadonlyMap<string, readonly IngestRun[]>): void {
  const names = [...new Set([...runs.values()].flatMap((its) => Object.keys(its[0] ?? {})))];
  const rows = [["", ...runs.keys()]];
  for (const name of names) {
    const cells = [...runs.values()].map((its) => median(its.map((one) => one[name] ?? 0)));
    rows.push([name, ...cells.map((cell) => cell.toFixed(cell < 100 ? 2 : 0))]);
  }
  formatTable(rows).forEach((line) => console.log(line));
  const costs = [...runs.values()].map((its) => its.map((one) => one["µs a reading"] ?? 0));
  const [first = [], ...others] = costs;
  for (const [at, other] of others.entries()) {
    // Of pairs that ran one after the other, since the machine is not the same all the time.
    const ratios = other.map((cost, round) => cost / (first[round] ?? Number.NaN));
    const all = ratios.map((ratio) => ratio.toFixed(2)).join(", ");
    console.log(`${fleets[at + 1]?.name}: ${median(ratios).toFixed(2)} times (${all})`);
  }
}

const dataDir = values.keep ?? (await mkdtemp(path.join(values.folder, "nadi-ingest-bench-")));
try {
  for (const fleet of fleets) {
    const filled = path.join(dataDir, fleet.name);
    if (existsSync(filled)) continue;
    await mkdir(filled, { recursive: true });
    await provision(filled, fleet);
    await fill(filled, fleet);
    console.log(`${fleet.name} is filled`);
  }
  const runs = new Map(fleets.map(({ name }): [string, IngestRun[]] => [name, []]));
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const { name } of fleets) {
      const result = await run(path.join(dataDir, name), `round-${round}`);
      console.log(`${name}: ${result["µs a reading"]?.toFixed(2)} µs a reading`);
      runs.get(name)?.push(result);
    }
  }
  report(runs);
} finally {
  for (const child of children) child.kill();
  if (values.keep === undefined) await rm(dataDir, { recursive: true, force: true });
}
