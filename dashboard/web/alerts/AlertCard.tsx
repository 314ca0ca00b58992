import { type ReactNode, useState } from "react";
import { serverClock } from "../api/page-api.ts";
import { Button } from "../components/Button.tsx";
import { ErrorState } from "../components/Notice.tsx";
import { SeverityMark } from "../components/SeverityMark.tsx";
import { useNow } from "../design/clock.ts";
import { alertTexts } from "../i18n/alert-words.ts";
import { useFormat, useTexts, useWords } from "../i18n/LanguageProvider.tsx";
import { useSession } from "../session/SessionProvider.tsx";
import { alertSeverity } from "./alert-kind.ts";
import { type AlertPlace, type AlertRow, describeAlert } from "./describe-alert.ts";
import { ResolveDialog } from "./ResolveDialog.tsx";
import styles from "./AlertCard.module.css";
import { useAlertActions } from "./useAlertActions.ts";

/** An alert in the person's language, its length renewed each minute. */
export function useAlertDescription(alert: AlertRow, place: AlertPlace) {
  const texts = useTexts(alertTexts);
  const words = useWords();
  const format = useFormat();
  const ageMs = useNow() - serverClock.toPageMs(alert.openedAtMs);
  return describeAlert(alert, place, { texts, words, format, ageMs });
}

/** One alert whole: what, since when, by whose limit, who has it, and what to do. */
export function AlertCard({
  alert,
  place,
  kitchenName,
  children,
}: {
  alert: AlertRow;
  place: AlertPlace;
  /** Where alerts of several kitchens stand together. */
  kitchenName?: string;
  /** A further act beside the others, e.g. the way to the kitchen. */
  children?: ReactNode;
}) {
  const t = useTexts(alertTexts);
  const format = useFormat();
  const severity = alertSeverity(alert);
  const { title, value, limit, when, who } = useAlertDescription(alert, place);
  const isCleared = alert.condition === "cleared";
  const isLoud = alert.response === "unacknowledged" && !isCleared;
  const [number = "", unit = ""] = value?.split("\u00a0") ?? [];
  const marks = [
    alert.occurrences > 1 ? t.again(format.number(alert.occurrences)) : null,
    alert.isLate ? t.late : null,
  ].filter((text) => text !== null);
  return (
    <article className={`${styles["card"]} ${styles[severity]} ${isLoud ? styles["loud"] : ""}`}>
      <header className={styles["head"]}>
        <SeverityMark severity={severity} label="shown" />
        <span className={styles["when"]}>
          {[kitchenName, when, ...marks].filter(Boolean).join(" · ")}
        </span>
      </header>
      <div className={styles["what"]}>
        <h2>{title}</h2>
        {value !== null && (
          <p className={styles["value"]}>
            {number} <small>{unit}</small>
          </p>
        )}
      </div>
      {limit !== null && <p className={styles["limit"]}>{limit}</p>}
      {isCleared && !alert.isResolved && <p className={styles["limit"]}>{t.clearedWaits}</p>}
      {alert.correctiveAction !== null && (
        <p className={styles["action"]}>{t.action(alert.correctiveAction)}</p>
      )}
      <p className={styles["who"]}>{alert.isResolved ? `${who} · ${t.resolved}` : who}</p>
      <Acts alert={alert} isCritical={isLoud && severity === "critical"}>
        {children}
      </Acts>
    </article>
  );
}

function Acts({
  alert,
  isCritical,
  children,
}: {
  alert: AlertRow;
  isCritical: boolean;
  children: ReactNode;
}) {
  const t = useTexts(alertTexts);
  const { may } = useSession();
  const { acknowledge, resolve } = useAlertActions(alert);
  const [isResolving, setIsResolving] = useState(false);
  const mayAcknowledge = may("acknowledgeAlert") && alert.response === "unacknowledged";
  const mayResolve = may("resolveAlert") && !alert.isResolved;
  const tone = isCritical ? "critical" : "usual";
  return (
    <>
      {acknowledge.error !== null && <ErrorState error={acknowledge.error} />}
      <div className={styles["acts"]}>
        {mayAcknowledge && (
          <Button
            look="primary"
            size="wet"
            tone={tone}
            disabled={acknowledge.isPending}
            onClick={() => acknowledge.mutate()}
          >
            {t.acknowledge}
          </Button>
        )}
        {mayResolve && (
          <Button
            look={mayAcknowledge ? "plain" : "primary"}
            size="wet"
            tone={tone}
            onClick={() => setIsResolving(true)}
          >
            {t.resolve}
          </Button>
        )}
        {children}
      </div>
      {isResolving && (
        <ResolveDialog
          alert={alert}
          resolve={resolve.mutateAsync}
          onClose={() => setIsResolving(false)}
        />
      )}
    </>
  );
}
