import { type ReactNode, useCallback, useState } from "react";
import { serverClock } from "../../api/page-api.ts";
import { EmptyState, ErrorState } from "../../components/Notice.tsx";
import { PageHead } from "../../components/PageHead.tsx";
import { freshnessOf } from "../../components/freshness.ts";
import { useNow } from "../../design/clock.ts";
import type { Words } from "../../i18n/id.ts";
import { useFormat, useTexts, useWords } from "../../i18n/LanguageProvider.tsx";
import { stockTexts } from "../../i18n/stock.ts";
import type { Sensor } from "../../realtime/domain-view.ts";
import type { AlertRow, Kitchen } from "../../realtime/kitchen-state.ts";
import { limitsOf, type RuleVersion } from "../kitchen/sensor-limits.ts";
import { isOf } from "../kitchen/sensor-state.ts";
import { useRules } from "../kitchen/useRules.ts";
import { Movements } from "./Movements.tsx";
import { scaleName } from "./scale-name.ts";
import { scaleState } from "./scale-state.ts";
import { coverDaysOf } from "./stock-day.ts";
import { StockCard } from "./StockCard.tsx";
import styles from "./StockPage.module.css";
import { type ScaleHistory, useScales } from "./useScales.ts";

export interface JudgedScale {
  sensor: Sensor;
  name: string;
  history: ScaleHistory;
  state: ReturnType<typeof scaleState>;
  /** `null`: not known from so few days. */
  coverDays: number | null;
  limits: ReturnType<typeof limitsOf>;
  alerts: readonly AlertRow[];
}

/** Every scale as a card, what runs out first in front, and today's movements of all. */
export function StockBoard(props: {
  kitchen: Kitchen;
  scales: readonly Sensor[];
  alerts: readonly AlertRow[];
  isStale: boolean;
  choice: ReactNode;
}) {
  const { kitchen, scales, alerts, isStale, choice } = props;
  const t = useTexts(stockTexts);
  const rules = useRules(kitchen.sppgId);
  const nowMs = useNow();
  const words = useWords();
  const histories = useScales(kitchen, scales);
  const judged = scales.map((sensor, index) =>
    judge(sensor, histories[index], { rules, alerts, nowMs, words }),
  );
  const shown = useSteadyFirst(judged);
  const failed = histories.find(({ error }) => error !== null);
  if (scales.length === 0) {
    return (
      <>
        <PageHead title={t.title.none} about={kitchen.name}>
          {choice}
        </PageHead>
        <EmptyState text={t.empty} />
      </>
    );
  }
  return (
    <>
      <Head {...{ kitchen, judged, choice, nowMs }} />
      {failed !== undefined && (
        <ErrorState error={failed.error} text={t.failed} onRetry={failed.refetch} />
      )}
      <section
        className={`${styles["cards"]} ${isStale ? styles["stale"] : ""}`}
        aria-label={t.scales}
      >
        {shown.map((scale) => (
          <StockCard
            key={scale.sensor.key}
            scale={scale}
            kitchen={kitchen}
            nowMs={serverClock.nowMs()}
          />
        ))}
      </section>
      <Movements scales={judged} kitchen={kitchen} />
    </>
  );
}

function judge(
  sensor: Sensor,
  history: ScaleHistory | undefined,
  facts: {
    rules: readonly RuleVersion[];
    alerts: readonly AlertRow[];
    nowMs: number;
    words: Words;
  },
): JudgedScale {
  const { rules, alerts, nowMs, words } = facts;
  // There is one for each scale.
  if (history === undefined) throw new Error(`no history of ${sensor.key}`);
  const state = scaleState(sensor, history.today, nowMs);
  return {
    sensor,
    name: scaleName(sensor, words),
    history,
    state,
    coverDays: coverDaysOf(state.trustedKg, history.usage),
    limits: limitsOf(rules, { ...sensor, reading: "weight" }, "weightKg"),
    alerts: alerts.filter((alert) => alert.condition === "active" && isOf(alert, sensor)),
  };
}

/**
 * What runs out first, and of what is not known the order of the devices. As it was when all of
 * it was first known: no card moves under a finger.
 */
function useSteadyFirst(judged: readonly JudgedScale[]): readonly JudgedScale[] {
  const [order, setOrder] = useState<readonly string[] | null>(null);
  const compare = useCallback((a: JudgedScale, b: JudgedScale): number => {
    const never = Number.MAX_VALUE;
    return (a.coverDays ?? never) - (b.coverDays ?? never);
  }, []);
  const first = judged.toSorted(compare).map(({ sensor }) => sensor.key);
  const isKnown = judged.length > 0 && judged.every(({ history }) => !history.isLoading);
  if (order === null && isKnown) setOrder(first);
  const rank = (key: string): number => {
    const at = (order ?? first).indexOf(key);
    return at === -1 ? judged.length : at;
  };
  return judged.toSorted((a, b) => rank(a.sensor.key) - rank(b.sensor.key));
}

/** What lasts no longer than this is the page's first line. */
const soonDays = 2;

function Head(props: {
  kitchen: Kitchen;
  judged: readonly JudgedScale[];
  choice: ReactNode;
  nowMs: number;
}) {
  const { kitchen, judged, choice, nowMs } = props;
  const t = useTexts(stockTexts);
  const format = useFormat();
  const [soonest] = judged.toSorted(
    (a, b) => (a.coverDays ?? Number.MAX_VALUE) - (b.coverDays ?? Number.MAX_VALUE),
  );
  const alerted = judged.find(({ alerts }) => alerts.length > 0);
  const doubted = judged.filter(
    ({ state }) => state.doubt !== null && state.doubt !== "missing",
  ).length;
  const titleOf = (): string => {
    const coverDays = soonest?.coverDays ?? null;
    if (soonest !== undefined && coverDays !== null && coverDays <= soonDays) {
      return t.title.soon(soonest.name, describeLeft(coverDays, t, format));
    }
    if (alerted !== undefined) return t.title.alert(alerted.name);
    return doubted > 0 ? t.title.doubt(format.number(doubted)) : t.title.calm;
  };
  const fresh = judged.filter(({ sensor: { values, expectedIntervalSeconds } }) => {
    const lastHeardAtMs = values?.receivedTimeMs ?? null;
    return freshnessOf({ lastHeardAtMs, expectedIntervalSeconds }, nowMs) === "fresh";
  });
  return (
    <PageHead
      title={titleOf()}
      about={t.about(kitchen.name, format.number(judged.length), format.number(fresh.length))}
    >
      {choice}
    </PageHead>
  );
}

const hoursOfDay = 24;

function describeLeft(
  days: number,
  { left }: (typeof stockTexts)["id"],
  format: ReturnType<typeof useFormat>,
): string {
  if (days >= 1) return left.days(format.number(days, days < 10 ? 1 : 0));
  return left.hours(format.number(Math.max(1, Math.round(days * hoursOfDay))));
}
