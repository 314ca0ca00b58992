import { useEffect, useState } from "react";
import { describeAlert } from "../alerts/describe-alert.ts";
import { pagePaths } from "../../contract/index.ts";
import { alertTexts } from "../i18n/alert-words.ts";
import { useFormat, useLanguage, useTexts, useWords } from "../i18n/LanguageProvider.tsx";
import { kitchensShownMax, useKitchenList } from "../kitchens/useKitchens.ts";
import { useRealtimeSource } from "../realtime/useRealtimeSource.ts";
import { type AlertNotice, showNotices } from "./notifications.ts";
import { pageAlarm } from "./page-alarm.ts";
import { ringingOf, type WatchedAlert } from "./ringing.ts";
import { watchAlerts } from "./watch-alerts.ts";

const nothing: readonly WatchedAlert[] = [];

/** Listens to every kitchen of the person, for what can be heard and notified. */
export function AlarmWatch({ isNotifying }: { isNotifying: boolean }) {
  const source = useRealtimeSource();
  const list = useKitchenList();
  // By their ids: the list is another object at each answer.
  const ids = (list.data?.kitchens ?? [])
    .slice(0, kitchensShownMax)
    .map(({ sppgId }) => sppgId)
    .join(" ");
  const [watched, setWatched] = useState(nothing);
  useEffect(() => {
    if (ids === "") return undefined;
    const stop = watchAlerts(source, ids.split(" "), (alerts) => {
      pageAlarm.setRinging(ringingOf(alerts));
      setWatched(alerts);
    });
    return () => {
      stop();
      pageAlarm.setRinging([]);
    };
  }, [source, ids]);
  useNotices(watched, isNotifying);
  return null;
}

function useNotices(watched: readonly WatchedAlert[], isNotifying: boolean): void {
  const { language } = useLanguage();
  const words = useWords();
  const texts = useTexts(alertTexts);
  const format = useFormat();
  useEffect(() => {
    if (!isNotifying) return;
    const ringing = new Set(ringingOf(watched).map(({ alertId }) => alertId));
    const notices = watched
      .filter(({ alert }) => alert.severity === "critical" && ringing.has(alert.alertId))
      .map(({ alert, place }): AlertNotice => {
        const said = describeAlert(alert, place, { texts, words, format, ageMs: 0 });
        const title = said.value === null ? said.title : `${said.title}: ${said.value}`;
        const opened = format.zonedTime(alert.openedAtMs, place.timeZone);
        const body = [words.severity.critical, said.limit, opened];
        return {
          alertId: alert.alertId,
          title,
          body: body.filter((part) => part !== null).join(" · "),
          url: `${pagePaths.alerts}?alert=${encodeURIComponent(alert.alertId)}`,
          lang: language,
        };
      });
    showNotices(notices).catch((error: unknown) => {
      // The permission was taken away meanwhile; the page itself shows all the same.
      console.warn("a notification could not be shown", error);
    });
  }, [watched, isNotifying, language, words, texts, format]);
}
