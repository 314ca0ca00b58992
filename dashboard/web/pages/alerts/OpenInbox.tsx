import { compareAlerts } from "../../alerts/alert-kind.ts";
import { EmptyState } from "../../components/Notice.tsx";
import { sayTime } from "../../app/say-time.ts";
import { alertsTexts } from "../../i18n/alerts.ts";
import { useFormat, useTexts } from "../../i18n/LanguageProvider.tsx";
import type { Standing } from "../../kitchens/standing.ts";
import { type AlertFilter, fitsFilter } from "./alert-filter.ts";
import styles from "./AlertsPage.module.css";
import { Inbox } from "./Inbox.tsx";

export function OpenInbox({
  standings,
  filter,
  isOneOfMany,
  checkedAtMs,
}: {
  standings: readonly Standing[];
  filter: AlertFilter;
  isOneOfMany: boolean;
  checkedAtMs: number | null;
}) {
  const t = useTexts(alertsTexts);
  const format = useFormat();
  const open = standings.flatMap(({ alerts, snapshot: { kitchen, devices } }) =>
    alerts.map((alert) => ({
      alert,
      place: { timeZone: kitchen.timeZone, devices },
      ...(isOneOfMany ? { kitchenName: kitchen.name } : {}),
    })),
  );
  const entries = open
    .filter(({ alert }) => fitsFilter(alert, filter))
    .toSorted((a, b) => compareAlerts(a.alert, b.alert));
  const hasMore = standings.some(({ snapshot }) => snapshot.hasMoreAlerts);
  if (open.length === 0) {
    return <EmptyState good text={t.emptyOpen(sayTime(format, checkedAtMs ?? Date.now()))} />;
  }
  if (entries.length === 0) return <EmptyState text={t.emptyFiltered} />;
  return (
    <>
      <Inbox entries={entries} />
      {hasMore && <p className={styles["foot"]}>{t.moreOpen}</p>}
    </>
  );
}
