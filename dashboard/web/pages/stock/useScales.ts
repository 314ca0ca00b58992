import { useQueries, type UseQueryResult } from "@tanstack/react-query";
import type { RouteAnswer } from "../../../contract/index.ts";
import { call, serverClock } from "../../api/page-api.ts";
import { useMinute } from "../../design/clock.ts";
import type { Sensor } from "../../realtime/domain-view.ts";
import type { Kitchen } from "../../realtime/kitchen-state.ts";
import { courseOf, type StockCourse } from "./movements.ts";
import type { WeightPoint } from "./plateaus.ts";
import { midnightOf, type Usage, usageOf } from "./stock-day.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const weekDays = 7;

interface Reach {
  name: string;
  beforeMidnightMs: number;
  points: number;
  staleMs: number;
}

/** Five minutes each: fine enough for what a day takes. */
const week: Reach = {
  name: "stock-week",
  beforeMidnightMs: weekDays * dayMs,
  points: 2_400,
  staleMs: 10 * 60_000,
};
/** A minute each, and some hours of the evening before: what lay there at midnight. */
const today: Reach = {
  name: "stock-day",
  beforeMidnightMs: 4 * hourMs,
  points: 1_800,
  staleMs: 20_000,
};

type Readings = RouteAnswer<"readReadings">;

export interface ScaleHistory {
  /** Of the last seven days, oldest first. */
  week: readonly WeightPoint[];
  weekWidthMs: number;
  /** Since the evening before. */
  today: StockCourse;
  usage: Usage | null;
  midnightMs: number;
  isLoading: boolean;
  error: unknown;
  refetch: () => void;
}

/** What each scale has carried: a week roughly, today in detail. In the order of `scales`. */
export function useScales(kitchen: Kitchen, scales: readonly Sensor[]): readonly ScaleHistory[] {
  // Only so that the day ends with the page open.
  useMinute();
  const midnightMs = midnightOf(serverClock.nowMs(), kitchen.timeZone);
  const ask = (reach: Reach) =>
    scales.map((scale) => readingsQuery(kitchen.sppgId, scale, { ...reach, midnightMs }));
  const weeks = useQueries({ queries: ask(week) });
  const days = useQueries({ queries: ask(today) });
  return scales.map((_scale, index) => historyOf(weeks[index], days[index], midnightMs));
}

type Answer = UseQueryResult<Readings> | undefined;

function historyOf(ofWeek: Answer, ofDay: Answer, midnightMs: number): ScaleHistory {
  const course = courseOnce(ofWeek?.data);
  return {
    week: pointsOnce(ofWeek?.data),
    weekWidthMs: ofWeek?.data?.widthMs ?? 0,
    today: courseOnce(ofDay?.data),
    usage: usageOf(course, midnightMs, weekDays),
    midnightMs,
    isLoading: ofDay?.isLoading === true || ofWeek?.isLoading === true,
    error: ofDay?.error ?? ofWeek?.error ?? null,
    refetch: () => {
      void ofDay?.refetch();
      void ofWeek?.refetch();
    },
  };
}

function readingsQuery(
  sppgId: string,
  { key, deviceId: device, channel, reading }: Sensor,
  { name, points, staleMs, beforeMidnightMs, midnightMs }: Reach & { midnightMs: number },
) {
  const from = midnightMs - beforeMidnightMs;
  return {
    queryKey: ["readings", sppgId, key, name, from],
    enabled: reading === "weight",
    staleTime: staleMs,
    refetchInterval: staleMs,
    queryFn: ({ signal }: { signal: AbortSignal }) => {
      const range = { from, to: Math.ceil(serverClock.nowMs()), points };
      const query = { device, channel, reading: "weight", ...range } as const;
      return call("readReadings", { params: { sppgId }, query, signal });
    },
  };
}

/** By the answer: the page draws each second, an answer comes each 20 s. */
const coursesOf = new WeakMap<Readings, StockCourse>();
const pointsOf = new WeakMap<Readings, readonly WeightPoint[]>();
const nothing: StockCourse = { movements: [], levels: [], liftedSinceMs: null };
const noPoints: readonly WeightPoint[] = [];

function courseOnce(data: Readings | undefined): StockCourse {
  if (data === undefined) return nothing;
  const known = coursesOf.get(data) ?? courseOf(pointsOnce(data));
  coursesOf.set(data, known);
  return known;
}

/** What the scale said last in each bucket: a mean of two weights is neither of them. */
function pointsOnce(data: Readings | undefined): readonly WeightPoint[] {
  if (data === undefined) return noPoints;
  const known =
    pointsOf.get(data) ??
    data.buckets.flatMap(({ t, last }) => (last === null ? [] : [{ atMs: t, kg: last }]));
  pointsOf.set(data, known);
  return known;
}
