import { availableParallelism, cpus } from "node:os";
import type { DiskFacts } from "./disk.ts";
import type { EdgeResult, EdgeResults } from "./edge.ts";
import { formatNeighbours, type NeighboursResults } from "./neighbours.ts";
import type { PathReport } from "./path.ts";
import { formatPath } from "./path-report.ts";
import { serverNames, type ServerName } from "./servers.ts";
import { formatTable } from "./table.ts";

export interface BenchReport {
  date: string;
  nodeVersion: string;
  cpuCount: number;
  cpuModel: string;
  plan: string;
  disk: DiskFacts;
  /** How many devices `idleKbPerDevice` was taken over: fixed costs weigh more in a few. */
  idleDevices: number;
  edge: EdgeResults;
  neighbours: NeighboursResults;
  path: PathReport | null;
  /** Servers that could not be measured, and why. */
  missing: Partial<Record<ServerName, string>>;
}

export function describeMachine(): Pick<
  BenchReport,
  "date" | "nodeVersion" | "cpuCount" | "cpuModel"
> {
  return {
    date: new Date().toISOString(),
    nodeVersion: process.version,
    cpuCount: availableParallelism(),
    cpuModel: cpus()[0]?.model ?? "unknown",
  };
}

interface Row {
  title: string;
  key: keyof EdgeResult;
  digits: number;
  /** What Nadi must reach, in words. */
  budget?: string;
}

const rows: readonly Row[] = [
  {
    title: "acknowledged/s, 100 connections, window 32",
    key: "ackedPerSecond",
    digits: 0,
    budget: "≥ 0.9 × aedes",
  },
  {
    title: "one connection/s, window 32",
    key: "oneConnectionWindow32PerSecond",
    digits: 0,
  },
  {
    title: "one connection/s, window 128",
    key: "oneConnectionWindow128PerSecond",
    digits: 0,
    budget: "≥ 100000",
  },
  { title: "PUBACK p50 ms at 10,000/s", key: "pubackP50Ms", digits: 2 },
  { title: "PUBACK p99 ms at 10,000/s", key: "pubackP99Ms", digits: 2, budget: "≤ 10" },
  { title: "PUBACK p999 ms at 10,000/s", key: "pubackP999Ms", digits: 2 },
  { title: "  of it generator's timer p50 ms", key: "lateP50Ms", digits: 2 },
  { title: "  of it generator's timer p99 ms", key: "lateP99Ms", digits: 2 },
  { title: "server CPU µs a message, full speed", key: "cpuUsPerMessage", digits: 2 },
  { title: "server CPU µs a message at 10,000/s", key: "cpuUsPerMessageAtRate", digits: 2 },
  { title: "generator CPU µs a message", key: "generatorCpuUsPerMessage", digits: 2 },
  { title: "peak memory MB", key: "peakMemoryMb", digits: 0 },
  { title: "idle device KB, of IDLE devices", key: "idleKbPerDevice", digits: 1, budget: "≤ 30" },
  { title: "faults (must be 0)", key: "faults", digits: 0 },
];

/** A table with each server's value and, in brackets, its ratio to stock Aedes of the same run. */
export function formatReport(report: BenchReport): string {
  const measured = serverNames.filter((name) => report.edge[name] !== undefined);
  const body = rows.map((row) => [
    row.title.replace("IDLE", String(report.idleDevices)),
    ...measured.map((name) => cell(report.edge, { name, row })),
    row.budget ?? "",
  ]);
  const table = [["", ...measured, "budget of nadi"], ...body];
  const lines = measured.length === 0 ? [] : ["", ...formatTable(table)];
  const absent = Object.entries(report.missing).map(([name, why]) => `not run: ${name}: ${why}`);
  const { date, nodeVersion, cpuCount, cpuModel, plan, disk } = report;
  return [
    `${date}, Node ${nodeVersion}, ${cpuCount} CPUs (${cpuModel}), ${plan}, generator included`,
    `fdatasync of 4 KB: p50 ${disk.fdatasyncP50Ms.toFixed(2)} ms, ` +
      `p99 ${disk.fdatasyncP99Ms.toFixed(2)} ms`,
    ...lines,
    ...(Object.keys(report.neighbours).length > 0 ? ["", formatNeighbours(report.neighbours)] : []),
    ...(report.path === null ? [] : ["", formatPath(report.path)]),
    ...absent,
  ].join("\n");
}

function cell(edge: EdgeResults, { name, row }: { name: ServerName; row: Row }): string {
  const value = edge[name]?.[row.key] ?? Number.NaN;
  const stock = edge.aedes?.[row.key];
  const text = value.toFixed(row.digits);
  if (name === "aedes" || stock === undefined || stock === 0) return text;
  return `${text} (${(value / stock).toFixed(2)})`;
}
