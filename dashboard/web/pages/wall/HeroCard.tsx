import { useAlertDescription } from "../../alerts/AlertCard.tsx";
import { alertSeverity } from "../../alerts/alert-kind.ts";
import type { AlertPlace } from "../../alerts/describe-alert.ts";
import { SeverityMark } from "../../components/SeverityMark.tsx";
import { useFormat, useTexts } from "../../i18n/LanguageProvider.tsx";
import { wallTexts } from "../../i18n/wall.ts";
import type { AlertRow } from "../../realtime/kitchen-state.ts";
import type { JudgedSensor } from "../kitchen/useKitchenSensors.ts";
import styles from "./HeroCard.module.css";
import { WallSpark } from "./WallSpark.tsx";
import { WallValue } from "./WallTile.tsx";

/** What is critical: the one thing on the wall that is filled with colour. */
export function HeroCard(props: {
  alert: AlertRow;
  /** `null`: its sensor is none that has a value here. */
  judged: JudgedSensor | null;
  sppgId: string;
  place: AlertPlace;
  nowMs: number;
}) {
  const { alert, judged, sppgId, place, nowMs } = props;
  const { title, value, limit, when } = useAlertDescription(alert, place);
  const isCleared = alert.condition === "cleared";
  return (
    <section className={`${styles["hero"]} ${isCleared ? styles["cleared"] : ""}`}>
      <div className={styles["head"]}>
        <SeverityMark severity={alertSeverity(alert)} size="large" />
        <h2>{title}</h2>
      </div>
      <div className={styles["body"]}>
        {judged === null ? (
          <b className={styles["plain"]}>{value}</b>
        ) : (
          <WallValue judged={judged} />
        )}
        {judged !== null && <WallSpark sppgId={sppgId} judged={judged} nowMs={nowMs} />}
      </div>
      <p>
        {/* Its source is for who has time to read. */}
        {limit !== null && <span>{limit.split(" · ")[0]}</span>}
        <span>{when}</span>
      </p>
      <ResponseLine alert={alert} place={place} />
    </section>
  );
}

/** Whether somebody acts; on a wall never who. */
export function ResponseLine({ alert, place }: { alert: AlertRow; place: AlertPlace }) {
  const texts = useTexts(wallTexts);
  const format = useFormat();
  const { acknowledgedAtMs, condition } = alert;
  if (acknowledgedAtMs === null) return <b>{texts.unacknowledged}</b>;
  if (condition === "cleared") return <span>{texts.waits}</span>;
  return <span>{texts.acknowledged(format.zonedTime(acknowledgedAtMs, place.timeZone))}</span>;
}
