import { useMemo } from "react";
import type { KitchenTimeZone, Unit } from "../../../../devices/browser.ts";
import type { PlotWords } from "../../charts/plot-tooltip.ts";
import { zoneNames } from "../../i18n/format.ts";
import { kitchenTexts } from "../../i18n/kitchen.ts";
import { locales } from "../../i18n/language.ts";
import { useFormat, useLanguage, useTexts } from "../../i18n/LanguageProvider.tsx";

const daySeconds = 86_400;

/** What a chart of this unit says, in the kitchen's own time. The same until one changes. */
export function useChartWords(unit: Unit, zone: KitchenTimeZone): PlotWords {
  const { language } = useLanguage();
  const format = useFormat();
  const texts = useTexts(kitchenTexts).chart;
  return useMemo(() => {
    const locale = locales[language];
    const clock = new Intl.DateTimeFormat(locale, {
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
      hourCycle: "h23",
      timeZone: zone,
    });
    const day = new Intl.DateTimeFormat(locale, {
      weekday: "short",
      day: "numeric",
      timeZone: zone,
    });
    const measure = (value: number): string => format.measure(value, unit);
    return {
      axisTime: (seconds, spanSeconds) =>
        spanSeconds > 2 * daySeconds
          ? day.format(seconds * 1_000)
          : format.time(seconds * 1_000, zone),
      axisValue: (value) => format.number(value, Number.isInteger(value) ? 0 : 1),
      time: (seconds) => `${clock.format(seconds * 1_000)} ${zoneNames[zone]}`,
      value: measure,
      distance: (beyond, side) => {
        const distance = measure(Math.abs(beyond));
        if (beyond <= 0) return texts.room(distance);
        return side === "above" ? texts.above(distance) : texts.below(distance);
      },
      extremes: (low, high) => texts.extremes(measure(low), measure(high)),
      gap: (ms) => texts.gap(format.duration(ms)),
    };
  }, [language, format, texts, unit, zone]);
}
