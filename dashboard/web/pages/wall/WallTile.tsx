import { serverClock } from "../../api/page-api.ts";
import { freshnessOf } from "../../components/freshness.ts";
import { SeverityMark } from "../../components/SeverityMark.tsx";
import { useNow } from "../../design/clock.ts";
import { kitchenTexts } from "../../i18n/kitchen.ts";
import { wallTexts } from "../../i18n/wall.ts";
import { useFormat, useTexts, useWords } from "../../i18n/LanguageProvider.tsx";
import { unitOf } from "../kitchen/ProbeTile.tsx";
import { sensorName } from "../kitchen/sensor-name.ts";
import type { Sensor } from "../../realtime/domain-view.ts";
import type { JudgedSensor } from "../kitchen/useKitchenSensors.ts";
import styles from "./WallTile.module.css";
import { WallSpark } from "./WallSpark.tsx";

/** One sensor, read from five metres: name, value, and what to hold it against. */
export function WallTile(props: {
  sppgId: string;
  judged: JudgedSensor;
  isSmall: boolean;
  /** The link is lost: what was safe then may not be so now. */
  isStale: boolean;
}) {
  const { sppgId, judged, isSmall, isStale } = props;
  const { sensor, state } = judged;
  const isUnproven = isStale && state.severity === "safe";
  return (
    <article
      className={`${styles["tile"]} ${styles[state.severity]} ${isSmall ? styles["small"] : ""}`}
    >
      <div className={styles["head"]}>
        <h2>{useShortName(sensor)}</h2>
        {sensor.values !== null && !isUnproven && (
          <SeverityMark severity={state.severity} size="large" />
        )}
      </div>
      <div className={styles["body"]}>
        <WallValue judged={judged} />
        <Facts judged={judged} />
      </div>
      {!isSmall && <WallSpark sppgId={sppgId} judged={judged} nowMs={serverClock.nowMs()} />}
    </article>
  );
}

/** `Dingin 2`, `Kering · kelembapan`: as long as one reads in passing. */
function useShortName(sensor: Sensor): string {
  const { place } = useTexts(wallTexts);
  const { reading } = useTexts(kitchenTexts);
  // Of a scale there is nothing but its weight.
  const isScale = sensor.reading === "weight";
  const short = { ...sensor, name: null };
  return sensorName(isScale ? { ...short, reading: null } : short, { place }, { reading });
}

/** The number with its unit at half the size; a door is a word. */
export function WallValue({ judged: { sensor, state } }: { judged: JudgedSensor }) {
  const format = useFormat();
  const texts = useTexts(kitchenTexts);
  const words = useWords();
  if (sensor.values === null) return null;
  if (state.value === null) return <span className={styles["word"]}>{words.unknown}</span>;
  const unit = unitOf(sensor);
  if (unit === "switch") {
    const word = state.value > 0 ? texts.door.open : texts.door.closed;
    return <span className={styles["word"]}>{word}</span>;
  }
  const quantity = format.quantity(state.value, unit);
  return (
    <span className={styles["value"]}>
      {quantity.number}
      <small> {quantity.unit}</small>
    </span>
  );
}

/** Beside the value: its limit while it is fresh, its age once it is not. */
function Facts({ judged: { sensor, state, limits } }: { judged: JudgedSensor }) {
  const nowMs = useNow();
  const format = useFormat();
  const texts = useTexts(kitchenTexts);
  const words = useWords();
  const lastHeardAtMs = sensor.values?.receivedTimeMs ?? null;
  const { expectedIntervalSeconds } = sensor;
  const freshness = freshnessOf({ lastHeardAtMs, expectedIntervalSeconds }, nowMs);
  if (lastHeardAtMs === null) return <Lines of={[words.freshness.missing]} />;
  const age = format.age(nowMs - lastHeardAtMs);
  if (freshness !== "fresh") return <Lines of={[words.freshness[freshness], age]} />;
  if ((sensor.values?.flags.length ?? 0) > 0) return <Lines of={[texts.fault, age]} />;
  if (state.isIdle) return <Lines of={[texts.idle, age]} />;
  const [limit] = limits;
  if (limit === undefined || sensor.reading === "door") return <Lines of={[age]} />;
  const { number } = format.quantity(limit.value, unitOf(sensor));
  return <Lines of={[texts.limitText(texts.limit[limit.side], number), age]} />;
}

function Lines({ of }: { of: readonly string[] }) {
  return (
    <span className={styles["facts"]}>
      {of.map((line) => (
        <span key={line}>{line}</span>
      ))}
    </span>
  );
}
