import { useAlertDescription } from "../../alerts/AlertCard.tsx";
import { alertSeverity } from "../../alerts/alert-kind.ts";
import type { AlertPlace, AlertRow } from "../../alerts/describe-alert.ts";
import { SeverityMark } from "../../components/SeverityMark.tsx";
import { useFormat, useTexts } from "../../i18n/LanguageProvider.tsx";
import { wallTexts } from "../../i18n/wall.ts";
import type { Standing } from "../../kitchens/standing.ts";
import { fewRows, rowsMax } from "./boards.ts";
import { ResponseLine } from "./HeroCard.tsx";
import { OfflineLine } from "./OfflineLine.tsx";
import styles from "./Rows.module.css";

/** The open alerts of one kitchen, worst first. */
export function AlertsBoard({ standing }: { standing: Standing }) {
  const { alerts, snapshot } = standing;
  const texts = useTexts(wallTexts);
  const format = useFormat();
  const place = { timeZone: snapshot.kitchen.timeZone, devices: snapshot.devices };
  const left = alerts.length - rowsMax;
  return (
    <section className={styles["board"]}>
      <OfflineLine />
      <h2>
        {texts.alertsOpen(format.number(alerts.length))}
        {left > 0 && <small> {texts.more(format.number(left))}</small>}
      </h2>
      <ul className={alerts.length <= fewRows ? styles["few"] : undefined}>
        {alerts.slice(0, rowsMax).map((alert) => (
          <AlertLine key={alert.alertId} alert={alert} place={place} />
        ))}
      </ul>
    </section>
  );
}

function AlertLine({ alert, place }: { alert: AlertRow; place: AlertPlace }) {
  const severity = alertSeverity(alert);
  const { title, value, when } = useAlertDescription(alert, place);
  return (
    <li className={styles[severity]}>
      <SeverityMark severity={severity} size="large" />
      <span className={styles["what"]}>
        <b>{title}</b>
        <span>
          {when} · <ResponseLine alert={alert} place={place} />
        </span>
      </span>
      {value !== null && <b className={styles["value"]}>{value}</b>}
    </li>
  );
}
