import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { call } from "../../api/page-api.ts";
import type { Trail } from "../../map/map-port.ts";
import { useRealtimeSource } from "../../realtime/useRealtimeSource.ts";
import { type Fix, fixOf, type FleetVehicle, trailOf } from "./fleet.ts";

/** A round of deliveries takes less. */
export const trailHours = 3;
/** One each second of it, and some: an answer that is cut has the oldest, and not where it is. */
const limit = 12_000;
/** As silence is: beyond it nobody knows where the vehicle was. */
const gapIntervals = 10;
/** What the screen did not hear during an outage is in the history within this time. */
const refetchMs = 60_000;

export interface TrailAnswer {
  trail: Trail;
  pointCount: number;
  state: "none" | "loading" | "ready" | "failed";
}

const noTrail: Trail = [];

/** Where a vehicle has been in the last hours, with what comes live meanwhile. */
export function useTrail(vehicle: FleetVehicle | null): TrailAnswer {
  const source = useRealtimeSource();
  const sppgId = vehicle?.kitchen.sppgId ?? "";
  const deviceId = vehicle?.deviceId ?? "";
  const query = useQuery({
    queryKey: ["track", sppgId, deviceId],
    enabled: vehicle !== null,
    refetchInterval: refetchMs,
    staleTime: refetchMs,
    queryFn: ({ signal }) => {
      const from = Math.floor(source.serverNowMs() - trailHours * 3_600_000);
      return call("readTrack", {
        params: { sppgId },
        query: { device: deviceId, from, limit },
        signal,
      });
    },
  });
  const live = useLiveFixes(sppgId, deviceId);
  const stored = query.data?.fixes;
  const gapMs = (vehicle?.expectedIntervalSeconds ?? 0) * gapIntervals * 1_000;
  return useMemo((): TrailAnswer => {
    const none = { trail: noTrail, pointCount: 0 };
    if (deviceId === "") return { ...none, state: "none" };
    if (stored === undefined) return { ...none, state: query.isError ? "failed" : "loading" };
    const known = stored.map(({ t, ...fix }): Fix => ({ ...fix, eventTimeMs: t }));
    const lastMs = known.at(-1)?.eventTimeMs ?? 0;
    const fixes = [...known, ...live.filter(({ eventTimeMs }) => eventTimeMs > lastMs)];
    return { trail: trailOf(fixes, gapMs), pointCount: fixes.length, state: "ready" };
  }, [deviceId, stored, live, gapMs, query.isError]);
}

/** A minute of them is enough: then they are in the history. */
const liveMax = 1_000;

function useLiveFixes(sppgId: string, deviceId: string): readonly Fix[] {
  const source = useRealtimeSource();
  const [heard, setHeard] = useState<{ of: string; fixes: readonly Fix[] }>({ of: "", fixes: [] });
  const of = `${sppgId}/${deviceId}`;
  useEffect(() => {
    if (deviceId === "") return undefined;
    return source.kitchen(sppgId).onReading.add(({ data }) => {
      if (data.deviceId !== deviceId || data.reading !== "position" || data.flags.length > 0)
        return;
      const fix = fixOf({ ...data, batteryPct: null });
      if (fix === null) return;
      setHeard((before) => ({
        of,
        fixes: [...(before.of === of ? before.fixes : []), fix].slice(-liveMax),
      }));
    });
  }, [source, sppgId, deviceId, of]);
  return heard.of === of ? heard.fixes : noFixes;
}

const noFixes: readonly Fix[] = [];
