import { nameSensor } from "../../alerts/describe-alert.ts";
import { ErrorState } from "../../components/Notice.tsx";
import type { Format } from "../../i18n/format.ts";
import { useFormat, useTexts, useWords } from "../../i18n/LanguageProvider.tsx";
import { type RulesTexts, rulesTexts } from "../../i18n/rules.ts";
import { measure, unitOf } from "./describe-rule.ts";
import { RuleChart } from "./RuleChart.tsx";
import type { Rule, RulePlace, RulePreview } from "./rule-types.ts";
import styles from "./RulesPage.module.css";
import { useRulePreview } from "./useRuleBook.ts";

type Firing = RulePreview["firings"][number];

/** Before somebody switches it on: how often it would have fired, where, and when. */
export function PreviewPanel({ place, rule }: { place: RulePlace; rule: Rule | null }) {
  const t = useTexts(rulesTexts).preview;
  const { data, error, isBehind, refetch } = useRulePreview(place.kitchen.sppgId, rule);
  return (
    <section className={styles["preview"]} aria-label={t.label} aria-busy={isBehind}>
      {rule === null && <p className={styles["hint"]}>{t.invalid}</p>}
      {error !== null && (
        <ErrorState error={error} text={t.failed} onRetry={() => void refetch()} />
      )}
      {rule !== null && error === null && data === undefined && (
        <p className={styles["hint"]}>{t.counting}</p>
      )}
      {data !== undefined && rule !== null && (
        <div className={isBehind ? styles["behind"] : undefined}>
          <Found {...{ place, rule, isBehind }} preview={data} />
        </div>
      )}
    </section>
  );
}

function Found(props: { place: RulePlace; rule: Rule; preview: RulePreview; isBehind: boolean }) {
  const { place, rule, preview, isBehind } = props;
  const { preview: t } = useTexts(rulesTexts);
  const format = useFormat();
  const words = useWords();
  const { devices, firings, isPartial, isDegraded, fromMs, toMs } = preview;
  const count = devices.reduce((sum, device) => sum + device.count, 0);
  const name = (deviceId: string): string => nameSensor({ deviceId, subject: null }, place, words);
  const busy = devices.filter((device) => device.count > 0).toSorted((a, b) => b.count - a.count);
  const worst = busy[0]?.deviceId ?? firings[0]?.deviceId ?? devices[0]?.deviceId;
  const period = isPartial ? t.inLast(format.duration(toMs - fromMs)) : t.in24h;
  return (
    <>
      <p className={styles["count"]} role="status">
        <b>{count === 0 ? t.never : t.would(format.number(count))}</b> {period}
        {isBehind && ` · ${t.counting}`}
      </p>
      {devices.length === 0 && <p className={styles["hint"]}>{t.overruled}</p>}
      {busy.length > 1 && (
        <ul className={styles["busy"]}>
          {busy.map((device) => (
            <li key={device.deviceId}>
              {t.perDevice(name(device.deviceId), format.number(device.count))}
            </li>
          ))}
        </ul>
      )}
      {worst !== undefined && (
        <RuleChart
          {...{ place, rule, preview }}
          deviceId={worst}
          label={t.chart(name(worst))}
          name={name(worst)}
        />
      )}
      <Spans {...{ firings, place, rule }} name={name} />
      {isDegraded && <p className={styles["hint"]}>{t.degraded}</p>}
      <p className={styles["hint"]}>{rule.kind === "noData" ? t.toldSilence : t.told}</p>
    </>
  );
}

/** The newest; more of them nobody reads one by one. */
const spansShown = 4;

function Spans(props: {
  firings: readonly Firing[];
  place: RulePlace;
  rule: Rule;
  name: (deviceId: string) => string;
}) {
  const { firings, place, rule, name } = props;
  const t = useTexts(rulesTexts);
  const format = useFormat();
  if (firings.length === 0) return null;
  const shown = firings.toReversed().slice(0, spansShown);
  const left = firings.length - shown.length;
  return (
    <ul className={styles["spans"]} aria-label={t.preview.spans}>
      {shown.map((firing) => (
        <li key={`${firing.deviceId} ${firing.channel} ${firing.openedAtMs}`}>
          <span>{describeSpan(firing, place, { t, format })}</span>
          <span>
            {[name(firing.deviceId), describeWorst(firing, rule, { t, format })]
              .filter((part) => part !== null)
              .join(" · ")}
          </span>
        </li>
      ))}
      {left > 0 && <li>{t.preview.more(format.number(left))}</li>}
    </ul>
  );
}

interface Said {
  t: RulesTexts;
  format: Format;
}

function describeSpan(firing: Firing, { kitchen }: RulePlace, { t, format }: Said): string {
  const { openedAtMs, resolvedAtMs, isFromBefore } = firing;
  const from = format.dateTime(openedAtMs, kitchen.timeZone);
  const when =
    resolvedAtMs === null
      ? t.preview.spanOpen(from)
      : t.preview.span(from, format.zonedTime(resolvedAtMs, kitchen.timeZone));
  const state = isFromBefore ? t.preview.before : resolvedAtMs === null ? t.preview.ongoing : null;
  return [when, state].filter((part) => part !== null).join(" · ");
}

function describeWorst({ worstValue }: Firing, rule: Rule, said: Said): string | null {
  const { t, format } = said;
  if (worstValue === null) return null;
  if (rule.kind === "threshold" && rule.reading !== "door") {
    return t.preview.worst(measure(round(worstValue), unitOf(rule), format));
  }
  if (rule.kind !== "rateOfChange") return null;
  const rate = measure(round(worstValue), unitOf(rule), format);
  return t.preview.worst(t.sentence.perMinute(rate));
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
