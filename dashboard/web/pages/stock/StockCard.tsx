import { gapMsOf } from "../../charts/align.ts";
import { Sparkline } from "../../charts/Sparkline.tsx";
import type { SparkPoint } from "../../charts/sparkline-path.ts";
import { Age } from "../../components/Age.tsx";
import { SeverityMark } from "../../components/SeverityMark.tsx";
import { useFormat, useTexts, useWords } from "../../i18n/LanguageProvider.tsx";
import { stockTexts } from "../../i18n/stock.ts";
import type { Kitchen } from "../../realtime/kitchen-state.ts";
import { isBeyond } from "../../charts/limit.ts";
import type { JudgedScale } from "./StockBoard.tsx";
import { changeOfDay } from "./stock-day.ts";
import styles from "./StockPage.module.css";

const weekMs = 7 * 86_400_000;

interface CardProps {
  scale: JudgedScale;
  kitchen: Kitchen;
  /** The server's clock, at the right edge of the week. */
  nowMs: number;
}

/** One scale: what lies on it, its week, what changed today, how long it lasts, its age. */
export function StockCard(props: CardProps) {
  const { scale } = props;
  const { sensor, state, limits, alerts } = scale;
  const [alert] = alerts;
  const isBroken =
    state.trustedKg !== null && limits.some((limit) => isBeyond(state.trustedKg ?? 0, limit));
  const severity =
    alert?.severity === "critical" ? "critical" : isBroken || alert ? "warning" : null;
  const look = state.doubt === null ? (severity ?? "safe") : "doubt";
  return (
    <article className={`${styles["card"]} ${styles[look]}`}>
      <header>
        <h2>
          {scale.name}
          <small className="mono">{sensor.deviceId}</small>
        </h2>
        {severity !== null && state.doubt === null && (
          <SeverityMark severity={severity} label="shown" />
        )}
        {state.doubt === "silent" && <SeverityMark severity="silent" label="shown" />}
      </header>
      {state.doubt === "missing" ? (
        <Age lastHeardAtMs={null} expectedIntervalSeconds={sensor.expectedIntervalSeconds} />
      ) : (
        <CardBody {...props} severity={severity} />
      )}
    </article>
  );
}

function CardBody(props: CardProps & { severity: "critical" | "warning" | null }) {
  const { scale, kitchen, nowMs, severity } = props;
  const { sensor, state, limits } = scale;
  const t = useTexts(stockTexts);
  return (
    <>
      <div className={styles["body"]}>
        <Weight kg={state.kg} />
        <Week
          scale={scale}
          nowMs={nowMs}
          look={state.doubt === null ? (severity ?? "safe") : "silent"}
        />
      </div>
      <Level scale={scale} />
      <p className={styles["line"]}>
        <Change scale={scale} kitchen={kitchen} />
        <Cover scale={scale} />
      </p>
      <p className={styles["line"]}>
        <LimitOrDoubt scale={scale} />
        <Age
          lastHeardAtMs={sensor.values?.receivedTimeMs ?? null}
          expectedIntervalSeconds={sensor.expectedIntervalSeconds}
        />
      </p>
      {limits[0] !== undefined && state.doubt === null && (
        <p className={styles["source"]}>{t.source(limits[0].source)}</p>
      )}
    </>
  );
}

function Weight({ kg }: { kg: number | null }) {
  const format = useFormat();
  const words = useWords();
  if (kg === null) return <span className={styles["unknown"]}>{words.unknown}</span>;
  const { number, unit } = format.quantity(kg, "kg");
  return (
    <span className={styles["value"]}>
      {number}
      <small> {unit}</small>
    </span>
  );
}

/** Stock stands and steps: no slope is drawn where nobody has seen one. */
function Week(props: {
  scale: JudgedScale;
  nowMs: number;
  look: "safe" | "warning" | "critical" | "silent";
}) {
  const { scale, nowMs, look } = props;
  const { sensor, history, state, limits } = scale;
  if (history.week.length === 0) return <span />;
  const gapMs = gapMsOf(sensor.expectedIntervalSeconds) + history.weekWidthMs;
  const points = history.week.map(({ atMs, kg }): SparkPoint => ({ atMs, value: kg }));
  const newest = sensor.values?.eventTimeMs ?? 0;
  if (state.trustedKg !== null && newest > (points.at(-1)?.atMs ?? 0)) {
    points.push({ atMs: newest, value: state.trustedKg });
  }
  return (
    <Sparkline
      points={staircase(points, gapMs)}
      fromMs={nowMs - weekMs}
      toMs={nowMs}
      gapMs={gapMs}
      limit={limits.find(({ severity }) => severity === "critical") ?? null}
      look={look}
    />
  );
}

/** The old weight up to the moment of the new one; over a hole there is no old weight. */
function staircase(points: readonly SparkPoint[], gapMs: number): SparkPoint[] {
  return points.flatMap((point, index) => {
    const before = points[index - 1];
    const isStep = before !== undefined && before.value !== point.value;
    if (!isStep || point.atMs - before.atMs > gapMs) return [point];
    return [{ atMs: point.atMs, value: before.value }, point];
  });
}

/** Against the most that lay there in seven days; hatched if nobody knows what lies there now. */
function Level({ scale: { history, state, limits } }: { scale: JudgedScale }) {
  const t = useTexts(stockTexts);
  const format = useFormat();
  const highKg = Math.max(0, ...history.week.map(({ kg }) => kg), state.trustedKg ?? 0);
  if (highKg === 0) return null;
  const kg = Math.max(0, state.kg ?? 0);
  const part = (value: number): string => `${Math.min(100, (value / highKg) * 100)}%`;
  const label =
    state.doubt === null
      ? t.level(format.measure(kg, "kg"), format.measure(highKg, "kg"))
      : t.levelUnknown;
  const shownKg = state.doubt === null ? kg : (history.today.levels.at(-1)?.endKg ?? kg);
  return (
    <div className={styles["level"]} role="img" aria-label={label}>
      <span style={{ width: part(shownKg) }} />
      {limits
        .slice(0, 2)
        .map((limit) =>
          limit.value > 0 && limit.value <= highKg ? (
            <i key={`${limit.severity} ${limit.side}`} style={{ left: part(limit.value) }} />
          ) : null,
        )}
    </div>
  );
}

function Change({ scale, kitchen }: { scale: JudgedScale; kitchen: Kitchen }) {
  const t = useTexts(stockTexts);
  const format = useFormat();
  const { history, state } = scale;
  const change = changeOfDay(history.today, state.trustedKg, history.midnightMs);
  if (change === null) return <span>{t.changeUnknown}</span>;
  const amount = signed(change.kg, format);
  if (change.sinceMs === null) return <span>{t.change(amount)}</span>;
  return <span>{t.changeSince(format.zonedTime(change.sinceMs, kitchen.timeZone), amount)}</span>;
}

/** A change without its sign could be either. */
export function signed(kg: number, format: ReturnType<typeof useFormat>): string {
  const text = format.measure(kg, "kg");
  return Math.round(kg * 10) > 0 ? `+${text}` : text;
}

function Cover({ scale: { coverDays, history } }: { scale: JudgedScale }) {
  const t = useTexts(stockTexts);
  const format = useFormat();
  if (coverDays === null || history.usage === null) return null;
  return (
    <span title={t.coverFrom(format.number(history.usage.days))}>
      {t.cover(format.number(coverDays, coverDays < 10 ? 1 : 0))}
      <span className="visually-hidden">, {t.coverFrom(format.number(history.usage.days))}</span>
    </span>
  );
}

function LimitOrDoubt({ scale: { state, limits } }: { scale: JudgedScale }) {
  const t = useTexts(stockTexts);
  const format = useFormat();
  if (state.doubt !== null) return <span>{t.doubt[state.doubt]}</span>;
  const [limit] = limits;
  if (limit === undefined) return <span>{t.noLimit}</span>;
  return <span>{t.limit[limit.side](format.measure(limit.value, "kg"))}</span>;
}
