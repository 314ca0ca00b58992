import { useEffect, useState } from "react";
import { useNow } from "../../design/clock.ts";
import { useRealtimeSource } from "../../realtime/useRealtimeSource.ts";
import { ReadingRate } from "./reading-rate.ts";

/** Readings of the kitchen that reached this screen in the last minute; `null`: still counting. */
export function useReadingRate(sppgId: string): number | null {
  const source = useRealtimeSource();
  const [rate] = useState(() => new ReadingRate(Date.now()));
  useEffect(
    () => source.kitchen(sppgId).onReading.add(() => rate.count(Date.now())),
    [source, sppgId, rate],
  );
  return rate.perMinute(useNow());
}
