import { lazy, Suspense, useEffect } from "react";
import { followAlarm } from "./page-alarm.ts";
import { useAlarm, useNotificationChoice } from "./useAlarm.ts";

const AlarmWatch = lazy(async () => {
  const { AlarmWatch: watch } = await import("./AlarmWatch.tsx");
  return { default: watch };
});

/** Stands on every page: rings and notifies, wherever the person is. Costs nothing while off. */
export function AlarmKeeper() {
  const { isOn } = useAlarm();
  const isNotifying = useNotificationChoice() === "on";
  useEffect(followAlarm, []);
  if (!isOn && !isNotifying) return null;
  return (
    <Suspense fallback={null}>
      <AlarmWatch isNotifying={isNotifying} />
    </Suspense>
  );
}
