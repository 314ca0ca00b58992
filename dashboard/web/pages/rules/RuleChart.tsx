import { useQuery } from "@tanstack/react-query";
import { findReadingType, type ReadingName } from "../../../../devices/browser.ts";
import { call } from "../../api/page-api.ts";
import { gapMsOf } from "../../charts/align.ts";
import { edge, type SparkPoint, type SparkShape, sparkShape } from "../../charts/sparkline-path.ts";
import { useFormat, useTexts } from "../../i18n/LanguageProvider.tsx";
import { rulesTexts } from "../../i18n/rules.ts";
import { measure, unitOf } from "./describe-rule.ts";
import type { Rule, RulePlace, RulePreview } from "./rule-types.ts";
import styles from "./RuleChart.module.css";

const width = 600;
const height = 150;
const points = 240;
const secondsOfDay = 86_400;
const ticks = [0, 0.25, 0.5, 0.75, 1];

/** The device on which the rule fires most: its day, the limit, and the parts that would fire. */
export function RuleChart(props: {
  place: RulePlace;
  rule: Rule;
  preview: RulePreview;
  deviceId: string;
  name: string;
  label: string;
}) {
  const { place, rule, preview, deviceId, name, label } = props;
  const { fromMs, toMs } = preview;
  const t = useTexts(rulesTexts).preview;
  const format = useFormat();
  const device = place.devices.find((one) => one.deviceId === deviceId);
  const firings = preview.firings.filter((firing) => firing.deviceId === deviceId);
  const channel = firings.find((firing) => firing.channel !== null)?.channel ?? "0";
  const { data } = useDay(place, { deviceId, channel, rule, fromMs, toMs });
  const widthMs = data?.widthMs ?? 0;
  const line = (data?.buckets ?? []).flatMap(({ t: atMs, mean }): SparkPoint[] =>
    mean === null ? [] : [{ atMs: atMs + widthMs / 2, value: mean }],
  );
  const limit = rule.kind === "threshold" ? { value: rule.limit, side: rule.when } : null;
  const gapMs = gapMsOf(device?.expectedIntervalSeconds ?? secondsOfDay) + widthMs;
  const shape = sparkShape(line, { width, height, fromMs, toMs, gapMs, limit });
  return (
    <figure className={styles["figure"]}>
      <figcaption>{name}</figcaption>
      <div className={styles["plot"]}>
        <Plot {...{ shape, firings, fromMs, toMs, label }} severity={rule.severity} />
        {shape.limitY !== null && rule.kind === "threshold" && (
          <LimitLabel at={shape.limitY / height} side={rule.when}>
            {measure(rule.limit, unitOf(rule), format)}
          </LimitLabel>
        )}
      </div>
      <div className={styles["axis"]} aria-hidden="true">
        {ticks.map((share) => (
          <span key={share}>
            {format.time(fromMs + share * (toMs - fromMs), place.kitchen.timeZone)}
          </span>
        ))}
      </div>
      {data?.buckets.length === 0 && rule.kind !== "noData" && (
        <p className={styles["none"]}>{t.noData}</p>
      )}
    </figure>
  );
}

/** A firing of a minute in a day is still seen. */
const spanWidthMin = 3;

function Plot(props: {
  shape: SparkShape;
  firings: RulePreview["firings"];
  fromMs: number;
  toMs: number;
  severity: Rule["severity"];
  label: string;
}) {
  const { shape, firings, fromMs, toMs, severity, label } = props;
  const x = (atMs: number): number =>
    Math.min(1, Math.max(0, (atMs - fromMs) / (toMs - fromMs))) * (width - edge);
  return (
    <svg
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
      className={styles[severity]}
    >
      <defs>
        <pattern id="would" width="8" height="8" patternUnits="userSpaceOnUse">
          <path d="M0 8 8 0" className={styles["hatch"]} />
        </pattern>
      </defs>
      {shape.gaps.map((gap) => (
        <rect key={gap.x} className={styles["gap"]} {...gap} height={height} />
      ))}
      {firings.map(({ channel, openedAtMs, resolvedAtMs }) => {
        const from = x(openedAtMs);
        const box = { x: from, width: Math.max(spanWidthMin, x(resolvedAtMs ?? toMs) - from) };
        return (
          <g key={`${channel} ${openedAtMs}`}>
            <rect className={styles["span"]} {...box} height={height} />
            <rect fill="url(#would)" {...box} height={height} />
          </g>
        );
      })}
      {shape.limitY !== null && (
        <path className={styles["limit"]} d={`M0 ${shape.limitY}H${width}`} />
      )}
      {shape.lines.map((d) => (
        <path key={d} className={styles["line"]} d={d} />
      ))}
    </svg>
  );
}

/** On its line, on the good side. */
function LimitLabel(props: { at: number; side: "above" | "below"; children: string }) {
  const { at, side, children } = props;
  return (
    <span className={styles["limitLabel"]} data-side={side} style={{ top: `${at * 100}%` }}>
      {children}
    </span>
  );
}

/** What the rule measures; a silence or a fault shows the device's usual quantity. */
function useDay(
  { kitchen }: RulePlace,
  asked: { deviceId: string; channel: string; rule: Rule; fromMs: number; toMs: number },
) {
  const { sppgId } = kitchen;
  const { deviceId: device, channel, rule, fromMs, toMs } = asked;
  const isMeasured = rule.kind === "threshold" || rule.kind === "rateOfChange";
  // The contract names reading types only.
  const reading = (isMeasured ? rule.reading : "temperature") as ReadingName;
  const field = isMeasured ? rule.field : findReadingType(reading)?.primaryField;
  return useQuery({
    queryKey: ["readings", sppgId, `${device}/${channel}/${reading}`, "rule", fromMs, toMs],
    queryFn: ({ signal }) => {
      const range = { from: fromMs, to: toMs, points };
      const query = { device, channel, reading, ...(field === undefined ? {} : { field }) };
      return call("readReadings", { params: { sppgId }, query: { ...query, ...range }, signal });
    },
    staleTime: Number.POSITIVE_INFINITY,
    placeholderData: (before) => (before?.deviceId === device ? before : undefined),
  });
}
