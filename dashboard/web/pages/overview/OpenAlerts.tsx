import { Link } from "wouter";
import { AlertCard } from "../../alerts/AlertCard.tsx";
import { compareAlerts } from "../../alerts/alert-kind.ts";
import { pagePaths } from "../../../contract/index.ts";
import { EmptyState } from "../../components/Notice.tsx";
import { useFormat, useTexts } from "../../i18n/LanguageProvider.tsx";
import { overviewTexts } from "../../i18n/overview.ts";
import type { Standing } from "../../kitchens/standing.ts";
import { sayTime } from "../../app/say-time.ts";
import styles from "./OverviewPage.module.css";

/** More than this is the inbox's to show. */
const alertsShownMax = 4;

/** What is open in any kitchen, worst first, to be acknowledged at once. */
export function OpenAlerts({
  standings,
  checkedAtMs,
}: {
  standings: readonly Standing[];
  checkedAtMs: number | null;
}) {
  const t = useTexts(overviewTexts);
  const format = useFormat();
  const open = standings
    .flatMap(({ alerts, snapshot }) => alerts.map((alert) => ({ alert, snapshot })))
    .toSorted((a, b) => compareAlerts(a.alert, b.alert));
  const leftOut = open.length - alertsShownMax;
  return (
    <section className={styles["alerts"]} aria-label={t.alerts}>
      <div className={styles["sectionHead"]}>
        <span className={styles["sectionTitle"]}>{t.alerts}</span>
        <Link href={pagePaths.alerts}>
          {leftOut > 0 ? t.moreAlerts(format.number(leftOut)) : t.allAlerts}
        </Link>
      </div>
      {open.length === 0 && (
        <EmptyState good text={t.noOpenAlerts(sayTime(format, checkedAtMs ?? Date.now()))} />
      )}
      {open.slice(0, alertsShownMax).map(({ alert, snapshot: { kitchen, devices } }) => (
        <AlertCard
          key={`${alert.sppgId}/${alert.alertId}`}
          alert={alert}
          place={{ timeZone: kitchen.timeZone, devices }}
          {...(standings.length > 1 ? { kitchenName: kitchen.name } : {})}
        />
      ))}
    </section>
  );
}
