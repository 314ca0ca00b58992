import { type ReactNode, useState } from "react";
import { chartImage } from "../../charts/chart-image.ts";
import { chartCsv, type ChartRow, chartRows } from "../../charts/csv.ts";
import { DataTable } from "../../charts/DataTable.tsx";
import type { LiveChart } from "../../charts/live-chart.ts";
import type { PlotWords } from "../../charts/plot-tooltip.ts";
import { saveFile } from "../../charts/save-file.ts";
import { Button } from "../../components/Button.tsx";
import { Icon } from "../../components/Icon.tsx";
import { kitchenTexts } from "../../i18n/kitchen.ts";
import { useFormat, useLanguage, useTexts } from "../../i18n/LanguageProvider.tsx";
import type { Sensor } from "../../realtime/domain-view.ts";
import type { Kitchen } from "../../realtime/kitchen-state.ts";
import styles from "./ChartCard.module.css";

const shortMs = 6 * 3_600_000;

/** Below the canvas: the limit's source, the table, and what is shown as image or sheet. */
export function ChartTools(props: {
  chart: LiveChart;
  canvas: HTMLCanvasElement | null;
  words: PlotWords;
  name: string;
  kitchen: Kitchen;
  sensor: Sensor;
  rangeText: string;
  children: ReactNode;
}) {
  const { chart, canvas, words, name, kitchen, sensor, rangeText, children } = props;
  const { timeZone: zone } = kitchen;
  const texts = useTexts(kitchenTexts).chart;
  const format = useFormat();
  const { language } = useLanguage();
  // As it was when it was opened: a table that moves can't be read.
  const [rows, setRows] = useState<readonly ChartRow[] | null>(null);
  const fileName = `${kitchen.sppgId}-${sensor.key.replaceAll("/", "-")}`;

  const saveSheet = (): void => {
    const { time, mean, low, high } = texts.columns;
    const headings = [time, mean, low, high] as const;
    const text = chartCsv(chart.aligned, chart.window, { zone, language, headings });
    saveFile(new Blob([text], { type: "text/csv;charset=utf-8" }), `${fileName}.csv`);
  };
  const saveImage = async (): Promise<void> => {
    if (canvas === null) return;
    const { minMs, maxMs } = chart.window;
    const times = [minMs, maxMs].map((atMs) => format.dateTime(atMs, zone)).join(" – ");
    const about = `${kitchen.name} · ${times}`;
    saveFile(await chartImage(canvas, { title: name, about }), `${fileName}.png`);
  };
  // Buckets of seconds need them; those of days need the date.
  const isShort = chart.window.maxMs - chart.window.minMs <= shortMs;
  const clockTime = (atMs: number): string => words.time(atMs / 1_000);
  const showTable = (): void => setRows(chartRows(chart.aligned.columns, chart.window));
  return (
    <>
      <div className={styles["tools"]}>
        <p>{children}</p>
        <div>
          <Button
            look="quiet"
            aria-expanded={rows !== null}
            onClick={() => (rows === null ? showTable() : setRows(null))}
          >
            {rows === null ? texts.table : texts.hideTable}
          </Button>
          <Button look="quiet" title={texts.imageLabel} onClick={() => void saveImage()}>
            <Icon name="download" />
            {texts.image}
          </Button>
          <Button look="quiet" title={texts.sheetLabel} onClick={saveSheet}>
            <Icon name="download" />
            {texts.sheet}
          </Button>
        </div>
      </div>
      {rows !== null && (
        <DataTable
          rows={rows}
          caption={`${name}, ${rangeText}`}
          words={texts}
          formatTime={isShort ? clockTime : (atMs) => format.dateTime(atMs, zone)}
          formatValue={words.value}
        />
      )}
    </>
  );
}
