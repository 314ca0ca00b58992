import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { call } from "../../api/page-api.ts";
import type { Window } from "../../charts/live-chart.ts";
import { type ChartRange, chartRanges } from "../../charts/ranges.ts";
import type { RouteAnswer } from "../../../contract/index.ts";
import type { Sensor } from "../../realtime/domain-view.ts";
import { useRealtimeSource } from "../../realtime/useRealtimeSource.ts";

export type Readings = RouteAnswer<"readReadings">;

/** A zoom shows so much more on both sides that its edges are no gaps. */
const zoomPoints = 720;
const sparkMs = 2 * 3_600_000;
const sparkPoints = 60;
const sparkStaleMs = 120_000;

interface Asked {
  sppgId: string;
  sensor: Sensor;
}

/** The history of one sensor over a range up to now, or over a window that somebody looks at. */
export function useReadings(asked: Asked, range: ChartRange, zoom: Window | null) {
  const { serverNowMs } = useRealtimeSource();
  const { ms, points, staleMs } = chartRanges[range];
  const isLive = zoom === null;
  return useReadingsQuery(asked, {
    // Of the same sensor the last one stays until the next is there; never another sensor's.
    name: isLive ? range : `${Math.round(zoom.minMs)}-${Math.round(zoom.maxMs)}`,
    staleMs: isLive ? staleMs : Number.POSITIVE_INFINITY,
    points: isLive ? points : zoomPoints,
    window: () => {
      const nowMs = serverNowMs();
      return isLive ? { minMs: nowMs - ms, maxMs: nowMs } : zoom;
    },
  });
}

/** The last two hours in few points, for a tile. */
export function useSparkReadings(asked: Asked) {
  const { serverNowMs } = useRealtimeSource();
  return useReadingsQuery(asked, {
    name: "spark",
    staleMs: sparkStaleMs,
    points: sparkPoints,
    window: () => ({ minMs: serverNowMs() - sparkMs, maxMs: serverNowMs() }),
  });
}

export const sparkWindowMs = sparkMs;

function useReadingsQuery(
  { sppgId, sensor }: Asked,
  read: { name: string; staleMs: number; points: number; window: () => Window },
) {
  const { key, deviceId, channel, reading } = sensor;
  return useQuery<Readings>({
    queryKey: ["readings", sppgId, key, read.name],
    enabled: reading !== null,
    staleTime: read.staleMs,
    refetchInterval: Number.isFinite(read.staleMs) ? read.staleMs : false,
    placeholderData: (before) =>
      before?.deviceId === deviceId && before.channel === channel && before.reading === reading
        ? before
        : undefined,
    queryFn: ({ signal }) => {
      const { minMs, maxMs } = read.window();
      const query = { device: deviceId, channel, reading: reading ?? "temperature" };
      const range = { from: Math.floor(minMs), to: Math.ceil(maxMs), points: read.points };
      return call("readReadings", { params: { sppgId }, query: { ...query, ...range }, signal });
    },
  });
}

/** After an outage the history has what the screen did not hear. */
export function useRefillAfterOutage(sppgId: string, state: string): void {
  const queries = useQueryClient();
  useEffect(() => {
    if (state !== "live") return undefined;
    return () => {
      // Left `live`: what is read from now on may have a hole until it is read again.
      void queries.invalidateQueries({ queryKey: ["readings", sppgId], refetchType: "none" });
    };
  }, [queries, sppgId, state]);
  useEffect(() => {
    if (state !== "live") return;
    const isStale = (query: { state: { isInvalidated: boolean } }): boolean =>
      query.state.isInvalidated;
    void queries.refetchQueries({ queryKey: ["readings", sppgId], predicate: isStale });
  }, [queries, sppgId, state]);
}
