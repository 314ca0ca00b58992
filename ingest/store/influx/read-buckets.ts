import { createBuckets } from "../bucket-plan.ts";
import { dayMs, hourMs, minuteMs } from "../files.ts";
import type { BucketAnswer, BucketQuery } from "../store.ts";
import { addSums } from "../sums.ts";
import type { InfluxHistoryOptions, LevelName } from "./influx-config.ts";
import type { InfluxHttp } from "./influx-http.ts";
import { byName, numberAt, type Rows, runQueries, whereSeries, whereTime } from "./influx-query.ts";
import { encodeName } from "./names.ts";
import { selectSums, sumsAt } from "./rollup-level.ts";
import { readStates, rolledBefore, type RolledState, stateStatement } from "./rolled-state.ts";

/** A kitchen's own part may have come further than others, or stand where nobody sends any more. */
async function rolledOf(states: readonly RolledState[], sppgId: string): Promise<number> {
  // Its code is loaded only where the journal has partitions.
  const isParted = states.some(({ part }) => part !== null);
  const { partitionOf } = isParted ? await import("../../../broker/index.ts") : noPartitions;
  const rolledMs = rolledBefore(
    states,
    ({ partition, partitions }) => partitionOf(sppgId, partitions) === partition,
  );
  return rolledMs ?? 0;
}

const noPartitions = { partitionOf: (): number => 0 };

/** A stretch of time and the coarsest rows that give it exactly. */
interface Part {
  level: LevelName;
  fromMs: number;
  toMs: number;
}

/** Sums that are complete stay so: an older limit only leaves more to raw rows. */
const stateAgeMsMax = 10_000;

export function createBucketReader(
  http: InfluxHttp,
  { keep, nowMs = Date.now }: Pick<InfluxHistoryOptions, "keep" | "nowMs">,
): (query: BucketQuery) => Promise<BucketAnswer> {
  let states: readonly RolledState[] = [];
  let readAtMs = Number.NEGATIVE_INFINITY;
  const readRolled = async (sppgId: string): Promise<number> => {
    if (performance.now() - readAtMs >= stateAgeMsMax) {
      const [rows = []] = await runQueries(http, [stateStatement], { level: "hour", isMs: true });
      states = readStates(rows);
      readAtMs = performance.now();
    }
    return rolledOf(states, sppgId);
  };
  return async (query) => {
    const buckets = createBuckets(query);
    const { resolution, widthMs } = buckets;
    const rolledMs = await readRolled(query.sppgId);
    const now = nowMs();
    const limits = {
      rolledMs,
      rawFromMs: Math.ceil((now - keep.rawDays * dayMs) / minuteMs) * minuteMs,
      minutesFromMs: Math.ceil((now - keep.minuteDays * dayMs) / hourMs) * hourMs,
    };
    const parts = planParts(query, { resolution, ...limits });
    const widths = { widthMs: query.pointsMax === 1 ? null : widthMs };
    const answers = await Promise.all(
      parts.map((part) =>
        runQueries(http, [statementOf(query, part, widths.widthMs)], {
          level: part.level,
          isMs: true,
        }),
      ),
    );
    for (const [at, part] of parts.entries()) {
      addRows(answers[at]?.[0] ?? [], part, (timeMs) => buckets.at(timeMs));
    }
    return { widthMs, buckets: buckets.list() };
  };
}

export interface PlanLimits {
  resolution: "hour" | "minute" | "raw";
  /** Minutes before it are complete. */
  rolledMs: number;
  /** Older raw rows, and older minutes, are gone. */
  rawFromMs: number;
  minutesFromMs: number;
}

/** In the order of time: hours within minutes within raw rows, without a gap or an overlap. */
export function planParts(
  { fromMs, toMs }: Pick<BucketQuery, "fromMs" | "toMs">,
  { resolution, rolledMs, rawFromMs, minutesFromMs }: PlanLimits,
): Part[] {
  // Where raw rows are gone, minutes at the edges count whole.
  const hasRaw = fromMs >= rawFromMs;
  const minutesMs = hasRaw ? Math.ceil(fromMs / minuteMs) * minuteMs : floorTo(fromMs, minuteMs);
  const wishedEnd = resolution === "raw" ? Math.min(toMs, rawFromMs) : toMs;
  const isEndGone = toMs <= rawFromMs;
  const minutesToMs = Math.min(
    isEndGone ? Math.ceil(wishedEnd / minuteMs) * minuteMs : floorTo(wishedEnd, minuteMs),
    rolledMs,
  );
  if (minutesMs >= minutesToMs) return [{ level: "raw", fromMs, toMs }];
  return [
    ...some("raw", fromMs, minutesMs),
    ...planHours({ fromMs: minutesMs, toMs: minutesToMs }, { resolution, rolledMs, minutesFromMs }),
    ...some("raw", minutesToMs, toMs),
  ];
}

function planHours(
  { fromMs, toMs }: Pick<Part, "fromMs" | "toMs">,
  { resolution, rolledMs, minutesFromMs }: Omit<PlanLimits, "rawFromMs">,
): Part[] {
  const isMinutesGone = fromMs < minutesFromMs;
  if (resolution !== "hour" && !isMinutesGone) return [{ level: "minute", fromMs, toMs }];
  const hoursMs = isMinutesGone ? floorTo(fromMs, hourMs) : Math.ceil(fromMs / hourMs) * hourMs;
  const wishedEnd = resolution === "hour" ? toMs : Math.min(toMs, minutesFromMs);
  const isEndGone = toMs <= minutesFromMs;
  const wholeEnd = isEndGone ? Math.ceil(wishedEnd / hourMs) * hourMs : floorTo(wishedEnd, hourMs);
  const hoursToMs = Math.min(wholeEnd, floorTo(rolledMs, hourMs));
  if (hoursMs >= hoursToMs) return [{ level: "minute", fromMs, toMs }];
  return [
    ...some("minute", fromMs, hoursMs),
    { level: "hour", fromMs: hoursMs, toMs: hoursToMs },
    ...some("minute", hoursToMs, toMs),
  ];
}

function some(level: LevelName, fromMs: number, toMs: number): Part[] {
  return fromMs < toMs ? [{ level, fromMs, toMs }] : [];
}

function floorTo(ms: number, unitMs: number): number {
  return Math.floor(ms / unitMs) * unitMs;
}

function statementOf(query: BucketQuery, part: Part, widthMs: number | null): string {
  const sums = selectSums(encodeName(query.field), part.level);
  const from = byName(encodeName(query.reading));
  const where = `${whereSeries(query)} AND ${whereTime(part.fromMs, part.toMs)}`;
  const group = widthMs === null ? "" : ` GROUP BY time(${widthMs}ms) fill(none)`;
  return `SELECT ${sums} FROM ${from} WHERE ${where}${group}`;
}

function addRows(
  rows: readonly Rows[],
  part: Part,
  at: (timeMs: number) => Parameters<typeof addSums>[0],
): void {
  for (const { values } of rows) {
    for (const row of values) {
      // Parts follow one another, so that the start of a row's stretch orders what is last.
      const lastTimeMs = Math.max(numberAt(row, 0) ?? 0, part.fromMs);
      const sums = sumsAt(row, 1);
      if (sums.count === 0 && sums.flagged === 0) continue;
      addSums(at(lastTimeMs), { ...sums, lastTimeMs, lastSeq: 0, lastIndex: 0 });
    }
  }
}
