import { useCallback, useEffect, useRef } from "react";
import { Link, useSearch } from "wouter";
import { serverClock } from "../../api/page-api.ts";
import { AlertCard } from "../../alerts/AlertCard.tsx";
import { Button, buttonClass } from "../../components/Button.tsx";
import { EmptyState, Skeleton } from "../../components/Notice.tsx";
import { PageHead } from "../../components/PageHead.tsx";
import { pagePaths } from "../../../contract/index.ts";
import { useNow } from "../../design/clock.ts";
import { kitchenTexts } from "../../i18n/kitchen.ts";
import { useFormat, useTexts } from "../../i18n/LanguageProvider.tsx";
import type { Sensor } from "../../realtime/domain-view.ts";
import type { AlertRow, HeardDevice, Kitchen } from "../../realtime/kitchen-state.ts";
import { RealtimeProvider } from "../../realtime/RealtimeProvider.tsx";
import { useRealtimeDistribution } from "../../realtime/useRealtimeDistribution.ts";
import { useRealtimeNotifications } from "../../realtime/useRealtimeNotifications.ts";
import { useRealtimeProduction } from "../../realtime/useRealtimeProduction.ts";
import { useRealtimeSource } from "../../realtime/useRealtimeSource.ts";
import { KitchenCharts } from "./KitchenCharts.tsx";
import styles from "./KitchenPage.module.css";
import { ProbeTile } from "./ProbeTile.tsx";
import { SilenceBanner } from "./SilenceBanner.tsx";
import { type JudgedSensor, useJudgedSensors, useSteadyOrder } from "./useKitchenSensors.ts";
import { useReadingRate } from "./useReadingRate.ts";
import { useRefillAfterOutage } from "./useReadings.ts";
import { useRules } from "./useRules.ts";

/** One kitchen; mounted anew for another one. */
export function KitchenPage({ sppgId }: { sppgId: string }) {
  return (
    <RealtimeProvider>
      <LiveKitchen sppgId={sppgId} />
    </RealtimeProvider>
  );
}

function LiveKitchen({ sppgId }: { sppgId: string }) {
  const texts = useTexts(kitchenTexts);
  const production = useRealtimeProduction({ sppgId });
  const distribution = useRealtimeDistribution({ sppgId });
  const notifications = useRealtimeNotifications({ sppgId });
  const source = useRealtimeSource();
  useRefillAfterOutage(sppgId, production.state);
  if (production.state === "failed")
    return <EmptyState text={texts.failed[production.error.code]} />;
  if (production.data === null) return <Skeleton lines={4} />;
  const boxes =
    distribution.state === "failed" || distribution.data === null
      ? []
      : distribution.data.sensors.filter(({ place }) => place === "deliveryBox");
  const alerts =
    notifications.state === "failed" || notifications.data === null
      ? production.data.alerts
      : notifications.data.alerts;
  return (
    <KitchenView
      kitchen={production.data.kitchen}
      isStale={production.state === "stale"}
      sensors={[...production.data.sensors, ...boxes]}
      alerts={alerts}
      devices={source.kitchen(sppgId).state.devices}
    />
  );
}

function KitchenView(props: {
  kitchen: Kitchen;
  isStale: boolean;
  sensors: readonly Sensor[];
  alerts: readonly AlertRow[];
  devices: readonly HeardDevice[];
}) {
  const { kitchen, sensors, alerts, devices } = props;
  const { sppgId } = kitchen;
  const texts = useTexts(kitchenTexts);
  const nowMs = useNow();
  const judged = useJudgedSensors(sensors, { rules: useRules(sppgId), alerts, nowMs });
  const { shown, isOther, reorder } = useSteadyOrder(judged);
  const chosen = useChosen(shown);
  const chartable = shown.filter(isChartable);
  return (
    <>
      <KitchenHead kitchen={kitchen} judged={judged} />
      <div className={styles["urgent"]}>
        <Alerts alerts={alerts} kitchen={kitchen} devices={devices} />
        <SilenceBanner kitchen={kitchen} judged={judged} />
      </div>
      {judged.length === 0 ? (
        <EmptyState text={texts.empty} />
      ) : (
        <div className={`${styles["board"]} ${props.isStale ? styles["stale"] : ""}`}>
          <section className={styles["probes"]} aria-label={texts.probes}>
            {isOther && <Button onClick={reorder}>{texts.orderChanged}</Button>}
            <div className={styles["tiles"]}>
              {shown.map(({ sensor, state, limits }) => (
                <ProbeTile
                  key={sensor.key}
                  sppgId={sppgId}
                  sensor={sensor}
                  state={state}
                  limits={limits}
                  isChosen={sensor.key === chosen?.sensor.key}
                  nowMs={serverClock.nowMs()}
                />
              ))}
            </div>
            <Rate sppgId={sppgId} />
          </section>
          {chosen !== null && (
            <KitchenCharts
              kitchen={kitchen}
              chosen={chosen}
              others={chartable.filter(({ sensor }) => sensor.key !== chosen.sensor.key)}
            />
          )}
        </div>
      )}
    </>
  );
}

/** A switch has no curve, and what has never sent has none either. */
function isChartable({ sensor }: JudgedSensor): boolean {
  return sensor.values !== null && sensor.reading !== "door";
}

/** The one of the address, or else the worst; on a small screen its chart comes into view. */
function useChosen(shown: readonly JudgedSensor[]): JudgedSensor | null {
  const asked = new URLSearchParams(useSearch()).get("sensor");
  const seen = useRef(asked);
  const bring = useCallback(() => {
    const charts = document.getElementById("charts");
    const isReduced = matchMedia("(prefers-reduced-motion: reduce)").matches;
    charts?.scrollIntoView({ block: "nearest", behavior: isReduced ? "instant" : "smooth" });
  }, []);
  useEffect(() => {
    if (seen.current !== asked) bring();
    seen.current = asked;
  }, [asked, bring]);
  const chartable = shown.filter(isChartable);
  return chartable.find(({ sensor }) => sensor.key === asked) ?? chartable[0] ?? null;
}

function KitchenHead({ kitchen, judged }: { kitchen: Kitchen; judged: readonly JudgedSensor[] }) {
  const texts = useTexts(kitchenTexts);
  const format = useFormat();
  const count = (name: JudgedSensor["state"]["severity"]): number =>
    judged.filter(({ state }) => state.severity === name).length;
  const worst = (["critical", "silent", "warning", "late"] as const).find(
    (name) => count(name) > 0,
  );
  const safe = judged.length === 0 ? texts.title.none : texts.title.safe;
  const fresh = judged.length - count("silent") - count("late");
  return (
    <PageHead
      title={worst === undefined ? safe : texts.title[worst](count(worst))}
      about={
        <>
          {kitchen.name} · <span className="mono">{kitchen.sppgId}</span> ·{" "}
          {texts.fresh(format.number(fresh), format.number(judged.length))}
        </>
      }
    />
  );
}

/** The worst ones whole, so that they can be answered here; the rest has its own page. */
const alertsShown = 2;

function Alerts(props: {
  alerts: readonly AlertRow[];
  kitchen: Kitchen;
  devices: readonly HeardDevice[];
}) {
  const { alerts, kitchen, devices } = props;
  const texts = useTexts(kitchenTexts).alerts;
  const format = useFormat();
  if (alerts.length === 0) return null;
  const place = { timeZone: kitchen.timeZone, devices };
  return (
    <section className={styles["alerts"]} aria-label={texts.label}>
      {alerts.slice(0, alertsShown).map((alert) => (
        <AlertCard key={alert.alertId} alert={alert} place={place} />
      ))}
      {alerts.length > alertsShown && (
        <Link
          href={`${pagePaths.alerts}?${new URLSearchParams({ kitchen: kitchen.sppgId })}`}
          className={buttonClass({ look: "quiet" })}
        >
          {texts.all(format.number(alerts.length))}
        </Link>
      )}
    </section>
  );
}

function Rate({ sppgId }: { sppgId: string }) {
  const texts = useTexts(kitchenTexts).rate;
  const format = useFormat();
  const rate = useReadingRate(sppgId);
  return (
    <div className={styles["rate"]}>
      <h2>{texts.heading}</h2>
      <p className={rate === null ? undefined : styles["rateValue"]}>
        {rate === null ? texts.counting : format.number(rate)}
      </p>
      <p>{texts.about}</p>
    </div>
  );
}
