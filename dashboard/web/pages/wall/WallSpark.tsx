import { gapMsOf } from "../../charts/align.ts";
import { Sparkline } from "../../charts/Sparkline.tsx";
import type { JudgedSensor } from "../kitchen/useKitchenSensors.ts";
import { sparkWindowMs, useSparkReadings } from "../kitchen/useReadings.ts";
import styles from "./WallSpark.module.css";

/** The last two hours, as tall as there is room. */
export function WallSpark(props: {
  sppgId: string;
  judged: JudgedSensor;
  /** The server's clock. */
  nowMs: number;
}) {
  const { sppgId, judged, nowMs } = props;
  const { sensor, state, limits } = judged;
  const { data } = useSparkReadings({ sppgId, sensor });
  if (sensor.values === null || sensor.reading === "door") return null;
  const points = (data?.buckets ?? []).flatMap(({ t, mean }) =>
    mean === null ? [] : [{ atMs: t + (data?.widthMs ?? 0) / 2, value: mean }],
  );
  const { eventTimeMs } = sensor.values;
  const isNewer = eventTimeMs > (points.at(-1)?.atMs ?? 0);
  if (state.value !== null && isNewer) points.push({ atMs: eventTimeMs, value: state.value });
  const { severity } = state;
  const isLoud = severity === "critical" || severity === "warning" || severity === "silent";
  return (
    <div className={styles["spark"]}>
      <Sparkline
        points={points}
        fromMs={nowMs - sparkWindowMs}
        toMs={nowMs}
        // A point stands for a bucket: the one beside it is a whole width away.
        gapMs={gapMsOf(sensor.expectedIntervalSeconds) + (data?.widthMs ?? 0)}
        limit={
          state.isIdle ? null : (limits.find((limit) => limit.severity === "critical") ?? null)
        }
        look={isLoud ? severity : "safe"}
      />
    </div>
  );
}
