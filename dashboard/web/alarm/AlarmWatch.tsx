import { useEffect, useMemo, useState } from "react";
import { describeAlert } from "../alerts/describe-alert.ts";
import { pagePaths } from "../../contract/index.ts";
import { alertTexts } from "../i18n/alert-words.ts";
import { useFormat, useLanguage, useTexts, useWords } from "../i18n/LanguageProvider.tsx";
import type { Snapshot } from "../kitchens/sensor-number.ts";
import { useKitchenSnapshots } from "../kitchens/useKitchens.ts";
import { useRealtimeSource } from "../realtime/useRealtimeSource.ts";
import { type AlertNotice, showNotices } from "./notifications.ts";
import { pageAlarm } from "./page-alarm.ts";
import { ringingOf, type WatchedAlert } from "./ringing.ts";
import { watchAlerts } from "./watch-alerts.ts";

const nothing = { alerts: [] as readonly WatchedAlert[], isWhole: false };
/**
 * Four topic filters each, of the 64 that the broker grants a session; the page needs some itself.
 * Of further kitchens it rings by the snapshots that the navigation reads every few seconds.
 */
const liveKitchensMax = 10;

/** Listens to every kitchen of the person, for what can be heard and notified. */
export function AlarmWatch({ isNotifying }: { isNotifying: boolean }) {
  const { kitchens, found, isLoading } = useKitchenSnapshots();
  // By their ids: the list is another object at each answer.
  const ids = kitchens
    .slice(0, liveKitchensMax)
    .map(({ sppgId }) => sppgId)
    .join(" ");
  const live = useLiveAlerts(ids);
  const watched = useMemo(() => {
    const known = new Set(ids.split(" "));
    const others = found.filter(({ kitchen }) => !known.has(kitchen.sppgId));
    return [...live.alerts, ...others.flatMap(alertsOf)];
  }, [ids, live.alerts, found]);
  useEffect(() => pageAlarm.setRinging(ringingOf(watched)), [watched]);
  useEffect(() => () => pageAlarm.setRinging([]), []);
  useNotices(watched, { isNotifying, isWhole: live.isWhole && !isLoading });
  return null;
}

function useLiveAlerts(ids: string): typeof nothing {
  const source = useRealtimeSource();
  const [watched, setWatched] = useState(nothing);
  useEffect(
    () =>
      ids === ""
        ? undefined
        : watchAlerts(source, ids.split(" "), (alerts, isWhole) => {
            setWatched({ alerts, isWhole });
          }),
    [source, ids],
  );
  return watched;
}

function alertsOf({ kitchen, devices, alerts }: Snapshot): WatchedAlert[] {
  const place = { timeZone: kitchen.timeZone, devices };
  return alerts.map((alert) => ({ alert, place }));
}

function useNotices(
  watched: readonly WatchedAlert[],
  { isNotifying, isWhole }: { isNotifying: boolean; isWhole: boolean },
): void {
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
    showNotices(notices, isWhole).catch((error: unknown) => {
      // The permission was taken away meanwhile; the page itself shows all the same.
      console.warn("a notification could not be shown", error);
    });
  }, [watched, isNotifying, isWhole, language, words, texts, format]);
}
