import { Link } from "wouter";
import { findReadingType, type Unit } from "../../../../devices/browser.ts";
import { gapMsOf } from "../../charts/align.ts";
import { Sparkline } from "../../charts/Sparkline.tsx";
import { Age } from "../../components/Age.tsx";
import type { Severity } from "../../components/severity.ts";
import { SeverityMark } from "../../components/SeverityMark.tsx";
import { kitchenTexts } from "../../i18n/kitchen.ts";
import { useFormat, useTexts, useWords } from "../../i18n/LanguageProvider.tsx";
import type { Sensor } from "../../realtime/domain-view.ts";
import type { SensorLimit } from "./sensor-limits.ts";
import { sensorName } from "./sensor-name.ts";
import { type SensorState, shownField } from "./sensor-state.ts";
import styles from "./ProbeTile.module.css";
import { sparkWindowMs, useSparkReadings } from "./useReadings.ts";

/** One sensor: what it is, value, last hours, limit and age. A link to its chart. */
export function ProbeTile(props: {
  sppgId: string;
  sensor: Sensor;
  state: SensorState;
  limits: readonly SensorLimit[];
  isChosen: boolean;
  /** The server's clock, at the right edge of the sparkline. */
  nowMs: number;
}) {
  const { sensor, state, limits, isChosen } = props;
  const words = useWords();
  const texts = useTexts(kitchenTexts);
  const { values } = sensor;
  const isFaulty = (values?.flags.length ?? 0) > 0;
  return (
    <Link
      href={`?sensor=${encodeURIComponent(sensor.key)}`}
      replace
      className={`${styles["tile"]} ${styles[state.severity]} ${isChosen ? styles["chosen"] : ""}`}
      aria-current={isChosen ? "true" : undefined}
    >
      <span className={styles["head"]}>
        <b>{sensorName(sensor, words, texts)}</b>
        {values !== null && (
          <SeverityMark
            severity={state.severity}
            label={state.severity === "safe" ? "hidden" : "shown"}
          />
        )}
      </span>
      <span className={styles["body"]}>
        <Value sensor={sensor} value={state.value} />
        <Spark {...props} />
      </span>
      <span className={styles["foot"]}>
        <span>{isFaulty ? texts.fault : <LimitText {...{ sensor, state, limits }} />}</span>
        <Age
          lastHeardAtMs={values?.receivedTimeMs ?? null}
          expectedIntervalSeconds={sensor.expectedIntervalSeconds}
        />
      </span>
    </Link>
  );
}

function Value({ sensor, value }: { sensor: Sensor; value: number | null }) {
  const format = useFormat();
  const texts = useTexts(kitchenTexts);
  const words = useWords();
  if (sensor.values === null) return null;
  if (value === null) return <span className={styles["unknown"]}>{words.unknown}</span>;
  const unit = unitOf(sensor);
  if (unit === "switch") {
    return (
      <span className={styles["word"]}>{value > 0 ? texts.door.open : texts.door.closed}</span>
    );
  }
  const quantity = format.quantity(value, unit);
  return (
    <span className={styles["value"]}>
      {quantity.number}
      <small> {quantity.unit}</small>
    </span>
  );
}

function LimitText(props: { sensor: Sensor; state: SensorState; limits: readonly SensorLimit[] }) {
  const { sensor, state, limits } = props;
  const format = useFormat();
  const texts = useTexts(kitchenTexts);
  const [limit] = limits;
  if (state.isIdle) return texts.idle;
  // A door is open or shut; its rule's limit is a length of time.
  if (sensor.reading === "door") return null;
  if (limit === undefined) return texts.noLimit;
  const { number } = format.quantity(limit.value, unitOf(sensor));
  return texts.limitText(texts.limit[limit.side], number);
}

function Spark(props: {
  sppgId: string;
  sensor: Sensor;
  state: SensorState;
  limits: readonly SensorLimit[];
  nowMs: number;
}) {
  const { sppgId, sensor, state, limits, nowMs } = props;
  const { data } = useSparkReadings({ sppgId, sensor });
  if (sensor.values === null || sensor.reading === "door") return null;
  const points = (data?.buckets ?? []).flatMap(({ t, mean }) =>
    mean === null ? [] : [{ atMs: t + (data?.widthMs ?? 0) / 2, value: mean }],
  );
  const { eventTimeMs } = sensor.values;
  const isNewer = eventTimeMs > (points.at(-1)?.atMs ?? 0);
  if (state.value !== null && isNewer) points.push({ atMs: eventTimeMs, value: state.value });
  const limit = limits.find(({ severity }) => severity === "critical") ?? null;
  return (
    <Sparkline
      points={points}
      fromMs={nowMs - sparkWindowMs}
      toMs={nowMs}
      // A point stands for a bucket: the one beside it is a whole width away.
      gapMs={gapMsOf(sensor.expectedIntervalSeconds) + (data?.widthMs ?? 0)}
      limit={state.isIdle ? null : limit}
      look={lookOf(state.severity)}
    />
  );
}

function lookOf(severity: Severity): "safe" | "warning" | "critical" | "silent" {
  if (severity === "critical" || severity === "warning" || severity === "silent") return severity;
  return "safe";
}

/** Of the field that is shown; a device that has sent nothing has none. */
export function unitOf(sensor: Sensor): Unit {
  const field = shownField(sensor);
  if (sensor.reading === null || field === null) return "count";
  return findReadingType(sensor.reading)?.fields[field]?.unit ?? "count";
}
