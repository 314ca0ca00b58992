import { serverClock } from "../../api/page-api.ts";
import { sayTime } from "../../app/say-time.ts";
import { useNow } from "../../design/clock.ts";
import { kitchenTexts } from "../../i18n/kitchen.ts";
import { useFormat, useTexts } from "../../i18n/LanguageProvider.tsx";
import { wallTexts } from "../../i18n/wall.ts";
import type { Standing } from "../../kitchens/standing.ts";
import type { AlertRow } from "../../realtime/kitchen-state.ts";
import { useRealtimeDistribution } from "../../realtime/useRealtimeDistribution.ts";
import { useRealtimeInventory } from "../../realtime/useRealtimeInventory.ts";
import { useRealtimeProduction } from "../../realtime/useRealtimeProduction.ts";
import { isOf } from "../kitchen/sensor-state.ts";
import {
  type JudgedSensor,
  useJudgedSensors,
  useSteadyOrder,
} from "../kitchen/useKitchenSensors.ts";
import { useRefillAfterOutage } from "../kitchen/useReadings.ts";
import { useRules } from "../kitchen/useRules.ts";
import { onPage } from "./boards.ts";
import { HeroCard } from "./HeroCard.tsx";
import { OtherAlerts } from "./OtherAlerts.tsx";
import { OfflineLine } from "./OfflineLine.tsx";
import styles from "./SensorsBoard.module.css";
import { WallTile } from "./WallTile.tsx";

type MeasuredDomain = "production" | "inventory";

/** The sensors of one kitchen, live. What is critical has half of the screen. */
export function SensorsBoard(props: { standing: Standing; domain: MeasuredDomain; page: number }) {
  const { standing, domain, page } = props;
  const { sppgId, timeZone } = standing.snapshot.kitchen;
  const live = useSensors(sppgId, domain);
  const texts = useTexts(kitchenTexts);
  const nowMs = useNow();
  useRefillAfterOutage(sppgId, live.state);
  const judged = useJudgedSensors(live.sensors, {
    rules: useRules(sppgId),
    alerts: live.alerts,
    nowMs,
  });
  const { shown } = useSteadyOrder(judged);
  if (live.state === "failed") return <p className={styles["note"]}>{texts.failed.unavailable}</p>;
  if (live.data === null) return <p className={styles["note"]} />;
  const critical = live.alerts.filter(isUrgent);
  const [first] = critical;
  const hero = first === undefined ? null : { alert: first, judged: sensorOf(first, shown) };
  const besides = shown.filter(({ sensor }) => sensor.key !== hero?.judged?.sensor.key);
  const tiles = hero === null ? onPage(shown, page) : besides.slice(0, tilesBesideHero);
  const others = standing.alerts.filter(({ alertId }) => alertId !== first?.alertId);
  const place = { timeZone, devices: standing.snapshot.devices };
  const isStale = live.state === "stale";
  return (
    <div className={`${styles["board"]} ${isStale ? styles["stale"] : ""}`}>
      <OfflineLine />
      <Gateway standing={standing} />
      {hero !== null && (
        <div className={styles["urgent"]}>
          <HeroCard {...hero} sppgId={sppgId} place={place} nowMs={serverClock.nowMs()} />
          {others.length > 0 && <OtherAlerts alerts={others} place={place} />}
        </div>
      )}
      {judged.length === 0 && <p className={styles["note"]}>{texts.title.none}</p>}
      <div className={styles["tiles"]} data-count={tiles.length} data-beside={hero !== null}>
        {tiles.map((one) => (
          <WallTile
            key={one.sensor.key}
            sppgId={sppgId}
            judged={one}
            isSmall={hero !== null}
            isStale={isStale}
          />
        ))}
      </div>
    </div>
  );
}

/** Worst first: two rows of three fit below what is critical. */
const tilesBesideHero = 6;

function isUrgent({ severity, condition, response }: AlertRow): boolean {
  return severity === "critical" && (condition === "active" || response === "unacknowledged");
}

function sensorOf(alert: AlertRow, judged: readonly JudgedSensor[]): JudgedSensor | null {
  return judged.find(({ sensor }) => isOf(alert, sensor)) ?? null;
}

function useSensors(sppgId: string, domain: MeasuredDomain) {
  const production = useRealtimeProduction({ sppgId });
  const distribution = useRealtimeDistribution({ sppgId });
  const inventory = useRealtimeInventory({ sppgId });
  const main = domain === "production" ? production : inventory;
  const alerts = [production, distribution, inventory].flatMap((one) =>
    one.state === "failed" ? [] : (one.data?.alerts ?? []),
  );
  const boxes =
    domain === "inventory" || distribution.state === "failed"
      ? []
      : (distribution.data?.sensors ?? []).filter(({ place }) => place === "deliveryBox");
  const data = main.state === "failed" ? null : main.data;
  return { state: main.state, data, sensors: [...(data?.sensors ?? []), ...boxes], alerts };
}

function Gateway({ standing }: { standing: Standing }) {
  const texts = useTexts(wallTexts);
  const format = useFormat();
  const { silentGateway, snapshot } = standing;
  if (silentGateway === null) return null;
  const since = sayTime(format, silentGateway.sinceMs, snapshot.kitchen.timeZone);
  return <p className={styles["gateway"]}>{texts.gateway(since)}</p>;
}
