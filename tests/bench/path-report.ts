import type { PathReport } from "./path.ts";
import { type CatchUpResult, liveRatePerSecond } from "./path-catch-up.ts";
import type { ChartResult } from "./path-chart.ts";
import { kitchensRatePerSecond, type KitchensResult, sensorsOfDevice } from "./path-kitchens.ts";
import type { RateFigures, RateResult } from "./path-rate.ts";
import {
  type StoredName,
  storedNames,
  type StoredResult,
  type StoredResults,
} from "./path-stored.ts";
import { atLeast, atMost, type Budget, formatBudget, formatFigure, formatTable } from "./table.ts";

/** Tables of the part `path`, each budget beside its figure. */
export function formatPath(report: PathReport): string {
  const { stored, rate, kitchens, chart, catchUp, notMeasured } = report;
  const parts = [
    stored && formatStored(stored),
    rate && formatRate(rate),
    kitchens && formatKitchens(kitchens),
    chart && formatChart(chart),
    catchUp && formatCatchUp(catchUp, stored?.nadi?.storedPerSecond ?? null),
    ...notMeasured.map((text) => [`not measured: ${text}`]),
  ];
  return parts
    .filter((lines) => lines !== undefined)
    .map((lines) => lines.join("\n"))
    .join("\n\n");
}

const storedTitles: Record<StoredName, string> = {
  aedes: "aedes",
  mosquitto: "mosquitto + bridge",
  mosquittoDefaults: "same, its own queue limit",
  nadi: "nadi",
};

const storedRows: readonly { title: string; key: keyof StoredResult; digits: number }[] = [
  { title: "acknowledged/s", key: "ackedPerSecond", digits: 0 },
  { title: "stored/s, until all is stored", key: "storedPerSecond", digits: 0 },
  { title: "lag grows while sending, readings/s", key: "lagGrowthPerSecond", digits: 0 },
  { title: "stored after the sending ended, ms", key: "drainMs", digits: 0 },
  { title: "lost: acknowledged, not stored", key: "lost", digits: 0 },
  { title: "CPU µs a reading, all its processes", key: "cpuUsPerReading", digits: 2 },
  { title: "peak memory MB, all its processes", key: "peakMemoryMb", digits: 0 },
  { title: "faults (must be 0)", key: "faults", digits: 0 },
];

function formatStored(results: StoredResults): string[] {
  const names = storedNames.filter((name) => results[name] !== undefined);
  const stock = results.aedes?.ackedPerSecond ?? null;
  const cell = (name: StoredName, row: (typeof storedRows)[number]): string => {
    const value = results[name]?.[row.key] ?? null;
    const text = formatFigure(value, row.digits);
    if (!row.key.endsWith("PerSecond") || row.key === "lagGrowthPerSecond") return text;
    if (name === "aedes" || stock === null || value === null) return text;
    return `${text} (${(value / stock).toFixed(2)})`;
  };
  const budgets: Partial<Record<keyof StoredResult, Budget>> = {
    storedPerSecond: {
      text: "≥ 0.75 × aedes' acknowledged, ≥ 130000",
      isMet: (value) => value >= 130_000 && (stock === null || value >= 0.75 * stock),
    },
    lost: atMost(0),
  };
  const rows = storedRows.map((row) => [
    row.title,
    ...names.map((name) => cell(name, row)),
    formatBudget(budgets[row.key], results.nadi?.[row.key] ?? null),
  ]);
  const head = ["", ...names.map((name) => storedTitles[name]), "budget of nadi"];
  return [
    "100 devices at full speed; aedes stores nothing; in brackets the ratio to aedes' acknowledged",
    ...formatTable([head, ...rows]),
  ];
}

interface RateRow {
  title: string;
  key: keyof RateFigures;
  digits: number;
  budget?: Budget;
}

const rateRows: readonly RateRow[] = [
  { title: "PUBACK p50 ms", key: "pubackP50Ms", digits: 2 },
  { title: "PUBACK p99 ms", key: "pubackP99Ms", digits: 2, budget: atMost(10) },
  { title: "PUBACK p999 ms", key: "pubackP999Ms", digits: 2 },
  { title: "  of it generator's timer p99 ms", key: "lateP99Ms", digits: 2 },
  { title: "reading → live message p50 ms", key: "liveP50Ms", digits: 2 },
  { title: "reading → live message p99 ms", key: "liveP99Ms", digits: 2, budget: atMost(25) },
  { title: "  messages of the watched kitchen", key: "liveMessages", digits: 0 },
  { title: "  of a sensor at 10 Hz, conflated to 4: p50 ms", key: "conflatedP50Ms", digits: 2 },
  { title: "  the same: p99 ms", key: "conflatedP99Ms", digits: 2 },
  { title: "reading → alert p50 ms", key: "alertP50Ms", digits: 2 },
  { title: "reading → alert p99 ms", key: "alertP99Ms", digits: 2, budget: atMost(25) },
  { title: "  alert messages", key: "alertMessages", digits: 0 },
  { title: "server CPU µs a reading", key: "cpuUsPerReading", digits: 2 },
  { title: "peak memory MB", key: "peakMemoryMb", digits: 0 },
  { title: "faults (must be 0)", key: "faults", digits: 0, budget: atMost(0) },
];

function formatRate({ figures, noDashboard }: RateResult): string[] {
  const rows = rateRows.map(({ title, key, digits, budget }) => [
    title,
    formatFigure(figures[key], digits),
    formatBudget(budget, figures[key]),
  ]);
  return [
    "nadi at 10,000/s: 100 kitchens × 50 devices × 2/s, one person watches one kitchen",
    ...formatTable([["", "nadi", "budget"], ...rows]),
    ...(noDashboard === null ? [] : [`live messages and alerts: not available: ${noDashboard}`]),
  ];
}

const perMessage: Budget = {
  text: "≤ 1.3 × one kitchen",
  isMet: (ratio) => ratio <= 1.3,
};

function formatKitchens(result: KitchensResult): string[] {
  const { live, backlog, provisionedKitchens, provisionMs } = result;
  const seconds = provisionMs / 1000;
  return [
    `nadi, ${kitchensRatePerSecond}/s from one kitchen and from many, until all is stored`,
    ...formatTable([
      ["kitchens", "connections", "CPU µs/message", "ratio", "PUBACK p99 ms", "MB", "faults"],
      ...live.map(({ point, figures }) => [
        String(point.kitchens),
        String(point.connections),
        formatFigure(figures.cpuUsPerMessage, 2),
        ...ratio(figures.cpuUsPerMessage, live[0]?.figures.cpuUsPerMessage ?? null, {
          // The last point says what connections cost, not kitchens.
          budget: point.connections === live[0]?.point.connections ? perMessage : undefined,
        }),
        formatFigure(figures.pubackP99Ms, 2),
        formatFigure(figures.peakMemoryMb, 0),
        formatFigure(figures.faults, 0),
      ]),
    ]),
    "",
    `recorder and monitor alone, a journal of ${result.backlogEntries} readings that wait`,
    ...formatTable([
      ["kitchens", "devices", "series", "CPU µs/reading", "ratio", "readings/s", "MB"],
      ...backlog.map(({ point, figures }) => [
        String(point.kitchens),
        String(point.devices),
        String(point.devices * sensorsOfDevice),
        formatFigure(figures.cpuUsPerMessage, 2),
        ...ratio(figures.cpuUsPerMessage, backlog[0]?.figures.cpuUsPerMessage ?? null, {
          budget: perMessage,
        }),
        formatFigure(figures.perSecond, 0),
        formatFigure(figures.peakMemoryMb, 0),
      ]),
    ]),
    `${provisionedKitchens} kitchens registered in ${seconds.toFixed(1)} s ` +
      `(budget ${formatBudget(atMost(60), seconds)})`,
  ];
}

function ratio(
  value: number | null,
  base: number | null,
  { budget }: { budget: Budget | undefined },
): [string] {
  if (value === null || base === null) return ["–"];
  const times = value / base;
  const verdict = times === 1 ? "" : formatBudget(budget, times);
  return [`${times.toFixed(2)}${verdict === "" ? "" : ` (${verdict})`}`];
}

function formatChart(chart: ChartResult): string[] {
  const { days, readings, buckets, counted } = chart;
  return [
    `chart: ${days} days of a probe at 1 Hz over HTTP, at most 1,000 points: ${buckets} buckets`,
    ...formatTable([
      ["first after the start, ms", formatFigure(chart.firstMs, 1), ""],
      ["p50 ms", formatFigure(chart.p50Ms, 1), formatBudget(atMost(50), chart.p50Ms)],
      ["worst ms", formatFigure(chart.worstMs, 1), formatBudget(atMost(50), chart.worstMs)],
      ["readings stored, in the answer", `${readings}, ${counted}`, ""],
      ["stored/s while filling", formatFigure(chart.fillPerSecond, 0), ""],
    ]),
  ];
}

function formatCatchUp(result: CatchUpResult, storedPerSecond: number | null): string[] {
  const { entries, journalMb, recordedPerSecond: recorded } = result;
  const live = recorded === null ? null : recorded / liveRatePerSecond;
  const saturated =
    recorded === null || storedPerSecond === null ? null : recorded / storedPerSecond;
  const extent = result.isAll
    ? "to the end"
    : `its first ${Math.round(result.measuredMs / 1000)} s`;
  return [
    `after kill -9 with ${entries} readings waiting (${journalMb.toFixed(0)} MB), ${extent}`,
    ...formatTable([
      [
        "accepts after, ms",
        formatFigure(result.acceptMs, 0),
        formatBudget(atMost(1_000), result.acceptMs),
      ],
      ["recorder: entries/s", formatFigure(recorded, 0), ""],
      [
        `  by the live rate of ${liveRatePerSecond}/s`,
        formatFigure(live, 1),
        formatBudget(atLeast(3), live),
      ],
      ["  by stored/s at full speed, above", formatFigure(saturated, 2), ""],
      ["monitor: entries/s", formatFigure(result.monitoredPerSecond, 0), ""],
      ["peak memory MB", formatFigure(result.peakMemoryMb, 0), ""],
    ]),
  ];
}
