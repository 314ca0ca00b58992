import { lazy, Suspense, useCallback, useMemo, useState } from "react";
import { gapMsOf } from "../../charts/align.ts";
import type { ChartLimit } from "../../charts/limit.ts";
import type { LiveChart, Window } from "../../charts/live-chart.ts";
import { type ChartRange, chartRanges } from "../../charts/ranges.ts";
import { useChartMode, useLiveChart } from "../../charts/useLiveChart.ts";
import { ErrorState } from "../../components/Notice.tsx";
import { kitchenTexts } from "../../i18n/kitchen.ts";
import { useFormat, useTexts, useWords } from "../../i18n/LanguageProvider.tsx";
import type { Sensor } from "../../realtime/domain-view.ts";
import type { Kitchen } from "../../realtime/kitchen-state.ts";
import { useRealtimeSource } from "../../realtime/useRealtimeSource.ts";
import styles from "./ChartCard.module.css";
import { ChartTools } from "./ChartTools.tsx";
import { unitOf } from "./ProbeTile.tsx";
import type { SensorLimit } from "./sensor-limits.ts";
import { sensorName } from "./sensor-name.ts";
import { shownField } from "./sensor-state.ts";
import { useChartWords } from "./useChartWords.ts";
import { type Readings, useReadings } from "./useReadings.ts";

const Plot = lazy(async () => {
  const { Plot: plot } = await import("../../charts/Plot.tsx");
  return { default: plot };
});

/** Charts of one page have one crosshair. */
const syncKey = "kitchen";

/** One sensor over time: its line and limits, what is wrong with the data, and a table of it. */
export function ChartCard(props: {
  kitchen: Kitchen;
  sensor: Sensor;
  limits: readonly SensorLimit[];
  range: ChartRange;
  size: "large" | "small";
}) {
  const { kitchen, sensor, limits, range, size } = props;
  const { sppgId, timeZone } = kitchen;
  const texts = useTexts(kitchenTexts);
  const says = useWords();
  const name = sensorName(sensor, says, texts);
  const unit = unitOf(sensor);
  const words = useChartWords(unit, timeZone);
  const { chart, readings } = useSensorChart(sppgId, sensor, range);
  const [canvas, setCanvas] = useState<HTMLCanvasElement | null>(null);
  const marks = useChartLimits(limits, words.value);
  const unitText = useFormat().quantity(0, unit).unit;
  const rangeText = texts.chart.ranges[range];
  const { data, error, refetch } = readings;
  const [source] = limits;
  return (
    <section className={styles["card"]} aria-label={name}>
      <header className={styles["head"]}>
        <div>
          <h2>{name}</h2>
          <p>{texts.chart.about(unitText)}</p>
        </div>
        <ResumeChip chart={chart} />
      </header>
      {error !== null && (
        <ErrorState error={error} text={texts.chart.failed} onRetry={() => void refetch()} />
      )}
      <Suspense fallback={<div className={styles[size]} />}>
        <Plot
          chart={chart}
          limits={marks}
          words={words}
          height={size === "large" ? 340 : 190}
          syncKey={syncKey}
          label={texts.chart.label(name, rangeText)}
          onCanvas={setCanvas}
        />
      </Suspense>
      {data?.buckets.length === 0 && <p className={styles["note"]}>{texts.chart.empty}</p>}
      {data?.isDegraded === true && <p className={styles["note"]}>{texts.chart.degraded}</p>}
      <ChartTools {...{ chart, canvas, words, name, kitchen, sensor, rangeText }}>
        {source !== undefined && texts.chart.source(says.limitSource(source.source))}
      </ChartTools>
    </section>
  );
}

/** Paused or zoomed, and the way back. */
function ResumeChip({ chart }: { chart: LiveChart }) {
  const { isPaused, zoom } = useChartMode(chart);
  const texts = useTexts(kitchenTexts).chart;
  if (!isPaused) return null;
  return (
    <button type="button" className={styles["chip"]} onClick={() => chart.resume()}>
      <span>{zoom === null ? texts.paused : texts.zoomed}</span>
      {texts.resume}
    </button>
  );
}

/** Its live values, and the history of what is shown: of a zoom, in finer buckets. */
function useSensorChart(sppgId: string, sensor: Sensor, range: ChartRange) {
  const source = useRealtimeSource();
  const { key, deviceId, channel, reading } = sensor;
  const field = shownField(sensor);
  const subscribe = useCallback(
    (listener: (atMs: number, value: number) => void) =>
      source.kitchen(sppgId).onReading.add(({ data }) => {
        const value = data.fields[field ?? ""];
        const isOurs =
          data.deviceId === deviceId && data.channel === channel && data.reading === reading;
        if (!isOurs || value === undefined || data.flags.length > 0) return;
        listener(data.eventTimeMs, value);
      }),
    [source, sppgId, deviceId, channel, reading, field],
  );
  const [zoom, setZoom] = useState<{ of: string; window: Window } | null>(null);
  const asked = `${key}/${range}`;
  const shownZoom = zoom?.of === asked ? zoom.window : null;
  const readings = useReadings({ sppgId, sensor }, range, shownZoom);
  const { data } = readings;
  const history = useMemo(() => (data === undefined ? null : historyOf(data)), [data]);
  const chart = useLiveChart({
    key,
    subscribe,
    history,
    windowMs: chartRanges[range].ms,
    gapMs: gapMsOf(sensor.expectedIntervalSeconds),
    nowMs: source.serverNowMs,
  });
  const mode = useChartMode(chart);
  if (mode.zoom !== shownZoom) {
    // During drawing, so that the first picture of a zoom asks for its history already.
    setZoom(mode.zoom === null ? null : { of: asked, window: mode.zoom });
  }
  return { chart, readings };
}

function historyOf({ buckets, widthMs }: Readings) {
  return { buckets, widthMs };
}

function useChartLimits(
  limits: readonly SensorLimit[],
  formatValue: (value: number) => string,
): readonly ChartLimit[] {
  const texts = useTexts(kitchenTexts);
  return useMemo(
    () =>
      limits.map((limit) => ({
        ...limit,
        label: `${texts[limit.severity]} ${formatValue(limit.value)}`,
      })),
    [limits, texts, formatValue],
  );
}
