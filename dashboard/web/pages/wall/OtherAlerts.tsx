import { useAlertDescription } from "../../alerts/AlertCard.tsx";
import { alertSeverity } from "../../alerts/alert-kind.ts";
import type { AlertPlace, AlertRow } from "../../alerts/describe-alert.ts";
import { SeverityMark } from "../../components/SeverityMark.tsx";
import { useFormat, useTexts } from "../../i18n/LanguageProvider.tsx";
import { wallTexts } from "../../i18n/wall.ts";
import { ResponseLine } from "./HeroCard.tsx";
import styles from "./OtherAlerts.module.css";

/** Beside what is critical. */
const shownMax = 3;

export function OtherAlerts(props: { alerts: readonly AlertRow[]; place: AlertPlace }) {
  const { alerts, place } = props;
  const texts = useTexts(wallTexts);
  const format = useFormat();
  return (
    <section className={styles["others"]}>
      <h2>{texts.others}</h2>
      <ul>
        {alerts.slice(0, shownMax).map((alert) => (
          <OtherAlert key={alert.alertId} alert={alert} place={place} />
        ))}
      </ul>
      {alerts.length > shownMax && <p>{texts.more(format.number(alerts.length - shownMax))}</p>}
    </section>
  );
}

function OtherAlert({ alert, place }: { alert: AlertRow; place: AlertPlace }) {
  const { title, value } = useAlertDescription(alert, place);
  return (
    <li>
      <SeverityMark severity={alertSeverity(alert)} size="large" />
      <span className={styles["what"]}>
        <b>{title}</b>
        <ResponseLine alert={alert} place={place} />
      </span>
      {value !== null && <b className={styles["value"]}>{value}</b>}
    </li>
  );
}
