import { useState } from "react";
import { type ChartRange, chartRangeNames } from "../../charts/ranges.ts";
import { Button } from "../../components/Button.tsx";
import { kitchenTexts } from "../../i18n/kitchen.ts";
import { useTexts } from "../../i18n/LanguageProvider.tsx";
import type { Sensor } from "../../realtime/domain-view.ts";
import type { Kitchen } from "../../realtime/kitchen-state.ts";
import { ChartCard } from "./ChartCard.tsx";
import styles from "./KitchenPage.module.css";
import type { SensorLimit } from "./sensor-limits.ts";

export interface ChartedSensor {
  sensor: Sensor;
  limits: readonly SensorLimit[];
}

/** The chosen sensor large, the others below on demand: one range and one crosshair for all. */
export function KitchenCharts(props: {
  kitchen: Kitchen;
  chosen: ChartedSensor;
  others: readonly ChartedSensor[];
}) {
  const { kitchen, chosen, others } = props;
  const texts = useTexts(kitchenTexts).chart;
  const [range, setRange] = useState<ChartRange>("1h");
  const [isAll, setIsAll] = useState(false);
  return (
    <div className={styles["charts"]} id="charts">
      <div className={styles["ranges"]} role="group" aria-label={texts.range}>
        {chartRangeNames.map((name) => (
          <button
            key={name}
            type="button"
            aria-pressed={name === range}
            onClick={() => setRange(name)}
          >
            {texts.ranges[name]}
          </button>
        ))}
      </div>
      <ChartCard key={chosen.sensor.key} kitchen={kitchen} range={range} size="large" {...chosen} />
      {isAll &&
        others.map((other) => (
          <ChartCard
            key={other.sensor.key}
            kitchen={kitchen}
            range={range}
            size="small"
            {...other}
          />
        ))}
      {others.length > 0 && (
        <Button onClick={() => setIsAll(!isAll)}>{isAll ? texts.fewer : texts.all}</Button>
      )}
    </div>
  );
}
