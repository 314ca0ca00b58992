import { useId, useState } from "react";
import { useSearch } from "wouter";
import { AlertCard, useAlertDescription } from "../../alerts/AlertCard.tsx";
import { alertSeverity } from "../../alerts/alert-kind.ts";
import type { AlertPlace, AlertRow } from "../../alerts/describe-alert.ts";
import { SeverityMark } from "../../components/SeverityMark.tsx";
import { alertsTexts } from "../../i18n/alerts.ts";
import { useFormat, useTexts } from "../../i18n/LanguageProvider.tsx";
import styles from "./AlertsPage.module.css";
import { useIsWide } from "./useIsWide.ts";

export interface InboxEntry {
  alert: AlertRow;
  place: AlertPlace;
  kitchenName?: string;
}

/** Alerts as a list, and the chosen one whole: beside it, or on a narrow screen below its row. */
export function Inbox({ entries }: { entries: readonly InboxEntry[] }) {
  const t = useTexts(alertsTexts);
  const isWide = useIsWide();
  const [chosenId, setChosenId] = useState(useAskedAlert());
  // A wide screen has the place anyway: it begins with the worst.
  const chosen =
    entries.find(({ alert }) => alert.alertId === chosenId) ?? (isWide ? entries[0] : undefined);
  const toggle = (alertId: string): void => {
    setChosenId(!isWide && alertId === chosenId ? null : alertId);
  };
  return (
    <div className={styles["columns"]}>
      <ul className={styles["list"]} aria-label={t.list}>
        {entries.map((entry) => (
          <Entry
            key={`${entry.alert.sppgId}/${entry.alert.alertId}`}
            entry={entry}
            isChosen={entry === chosen}
            isInline={!isWide}
            onPress={() => toggle(entry.alert.alertId)}
          />
        ))}
      </ul>
      {isWide && chosen !== undefined && (
        <section className={styles["detail"]} aria-label={t.detail}>
          <AlertCard key={chosen.alert.alertId} {...chosen} />
        </section>
      )}
    </div>
  );
}

/** The one that a notification leads to. */
function useAskedAlert(): string | null {
  return new URLSearchParams(useSearch()).get("alert");
}

function Entry({
  entry,
  isChosen,
  isInline,
  onPress,
}: {
  entry: InboxEntry;
  isChosen: boolean;
  isInline: boolean;
  onPress: () => void;
}) {
  const format = useFormat();
  const detailId = useId();
  const { alert, place, kitchenName } = entry;
  const { title, value, when, who } = useAlertDescription(alert, place);
  const opened = format.dateTime(alert.openedAtMs, place.timeZone);
  return (
    <li className={isChosen ? styles["chosen"] : undefined}>
      <button
        type="button"
        className={styles["row"]}
        aria-expanded={isInline ? isChosen : undefined}
        aria-pressed={isInline ? undefined : isChosen}
        aria-controls={isInline && isChosen ? detailId : undefined}
        onClick={onPress}
      >
        <SeverityMark severity={alert.isResolved ? "safe" : alertSeverity(alert)} size="large" />
        <span className={styles["what"]}>
          <b>{value === null ? title : `${title}: ${value}`}</b>
          <span>
            {[kitchenName, when].filter(Boolean).join(" · ")} ·{" "}
            <span className={alert.response === "unacknowledged" ? styles["due"] : undefined}>
              {who}
            </span>
          </span>
        </span>
        <time className={styles["opened"]}>{opened}</time>
      </button>
      {isInline && isChosen && (
        <div id={detailId} className={styles["inline"]}>
          <AlertCard {...entry} />
        </div>
      )}
    </li>
  );
}
