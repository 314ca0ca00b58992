import { useState } from "react";
import { serverClock } from "../../api/page-api.ts";
import { useNow } from "../../design/clock.ts";
import { useKitchenSnapshots } from "../../kitchens/useKitchens.ts";
import type { Kitchen } from "../../realtime/kitchen-state.ts";
import { useRealtimeDistribution } from "../../realtime/useRealtimeDistribution.ts";
import { useRealtimeSource } from "../../realtime/useRealtimeSource.ts";
import { FixMemory, fleetOf, type FleetVehicle, type TrackerValues } from "./fleet.ts";

/** What the page shows. */
export interface Fleet {
  vehicles: readonly FleetVehicle[];
  kitchens: readonly Kitchen[];
  /** The screen is offline: what is shown is not the present. */
  isStale: boolean;
  /** Kitchens beyond what one page asks for. */
  leftOut: number;
}

export type FleetAnswer =
  | { state: "loading" }
  | { state: "failed"; code: "signedOut" | "notFound" | "unavailable" }
  | { state: "ready"; fleet: Fleet };

/** The vehicles of one kitchen, live. */
export function useKitchenFleet(sppgId: string): FleetAnswer {
  const nowMs = useNow();
  const [memory] = useState(() => new FixMemory());
  const store = useRealtimeSource().kitchen(sppgId);
  const distribution = useRealtimeDistribution({ sppgId });
  if (distribution.state === "failed") return { state: "failed", code: distribution.error.code };
  if (distribution.data === null) return { state: "loading" };
  const { kitchen, sensors } = distribution.data;
  const valuesOf = (deviceId: string): TrackerValues | null =>
    sensors.find((sensor) => sensor.deviceId === deviceId && sensor.reading === "position")
      ?.values ?? null;
  const vehicles = fleetOf({ kitchen, devices: store.state.devices, valuesOf }, memory, nowMs);
  const isStale = distribution.state === "stale";
  return { state: "ready", fleet: { vehicles, kitchens: [kitchen], isStale, leftOut: 0 } };
}

/** The vehicles of every kitchen that the person may see, as their snapshots say. */
export function useAllFleets(): FleetAnswer {
  const nowMs = useNow();
  const [memory] = useState(() => new FixMemory());
  const { found, leftOut, isLoading, isFailed } = useKitchenSnapshots();
  if (found.length === 0 && isFailed) return { state: "failed", code: "unavailable" };
  if (found.length === 0 && isLoading) return { state: "loading" };
  const vehicles = found.flatMap(({ kitchen, devices, latest }) => {
    const valuesOf = (deviceId: string): TrackerValues | null => {
      const reading = latest.find(
        (one) => one.deviceId === deviceId && one.reading === "position" && one.flags.length === 0,
      );
      if (reading === undefined) return null;
      const receivedTimeMs = serverClock.toPageMs(reading.receivedTimeMs);
      return { ...reading, receivedTimeMs, batteryPct: reading.batteryPct ?? null };
    };
    return fleetOf({ kitchen, devices, valuesOf }, memory, nowMs);
  });
  const kitchens = found.map(({ kitchen }) => kitchen);
  return {
    state: "ready",
    fleet: { vehicles, kitchens, isStale: isFailed, leftOut: leftOut.count },
  };
}
