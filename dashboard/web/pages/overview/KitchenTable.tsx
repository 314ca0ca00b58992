import { Link } from "wouter";
import { pagePaths } from "../../../contract/index.ts";
import { Age } from "../../components/Age.tsx";
import { SeverityMark } from "../../components/SeverityMark.tsx";
import { useFormat, useTexts } from "../../i18n/LanguageProvider.tsx";
import { overviewTexts } from "../../i18n/overview.ts";
import type { Standing } from "../../kitchens/standing.ts";
import styles from "./KitchenTable.module.css";
import { Reason } from "./Reason.tsx";

/** The kitchens in the order given. On a phone each row is a card. */
export function KitchenTable({ standings }: { standings: readonly Standing[] }) {
  const t = useTexts(overviewTexts);
  return (
    <table className={styles["table"]}>
      <thead>
        <tr>
          <th scope="col">{t.list}</th>
          <th scope="col">{t.columns.alerts}</th>
          <th scope="col">{t.columns.fresh}</th>
          <th scope="col">{t.columns.last}</th>
        </tr>
      </thead>
      <tbody>
        {standings.map((standing) => (
          <Row key={standing.snapshot.kitchen.sppgId} standing={standing} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ standing }: { standing: Standing }) {
  const t = useTexts(overviewTexts);
  const format = useFormat();
  const { snapshot, severity, alerts, unacknowledgedCount, sensors } = standing;
  const { kitchen } = snapshot;
  const fresh = format.number(sensors.fresh);
  const total = format.number(sensors.total);
  return (
    <tr className={styles[severity]}>
      <th scope="row">
        <div className={styles["kitchen"]}>
          <SeverityMark severity={severity} size="large" />
          <div>
            <Link
              href={pagePaths.kitchen.replace(":sppgId", kitchen.sppgId)}
              className={styles["name"]}
            >
              {kitchen.name}
            </Link>
            <p className={styles["reason"]}>
              <Reason standing={standing} />
            </p>
          </div>
        </div>
      </th>
      <td data-label={t.columns.alerts}>
        {alerts.length === 0 ? (
          <span className={styles["quiet"]}>{t.noAlerts}</span>
        ) : (
          <span>{t.openAlerts(format.number(alerts.length))}</span>
        )}
        {unacknowledgedCount > 0 && (
          <span className={styles["second"]}>
            {t.unacknowledged(format.number(unacknowledgedCount))}
          </span>
        )}
      </td>
      <td data-label={t.columns.fresh}>
        <span aria-hidden="true">{t.sensors(fresh, total)}</span>
        <span className="visually-hidden">{t.sensorsLabel(fresh, total)}</span>
      </td>
      <td data-label={t.columns.last}>
        <Age
          lastHeardAtMs={standing.lastHeardAtMs}
          expectedIntervalSeconds={standing.expectedIntervalSeconds}
        />
      </td>
    </tr>
  );
}
