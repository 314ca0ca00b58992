import { type SparkPoint, sparkShape } from "./sparkline-path.ts";
import styles from "./Sparkline.module.css";

const width = 200;
const height = 36;

/**
 * The last hours of one sensor, without axes: the tile beside it says the value, its limit and its
 * age in words, so a screen reader skips it.
 */
export function Sparkline(props: {
  points: readonly SparkPoint[];
  fromMs: number;
  toMs: number;
  gapMs: number;
  limit: { value: number; side: "above" | "below" } | null;
  look: "safe" | "warning" | "critical" | "silent";
}) {
  const { points, look, limit } = props;
  const shape = sparkShape(points, { ...props, width, height });
  const { limitY, end } = shape;
  return (
    <svg
      className={`${styles["spark"]} ${styles[look]}`}
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      {limitY !== null && limit !== null && (
        <rect
          className={styles["zone"]}
          x={0}
          width={width}
          y={limit.side === "above" ? 0 : limitY}
          height={limit.side === "above" ? limitY : height - limitY}
        />
      )}
      {shape.gaps.map((gap) => (
        <rect
          key={gap.x}
          className={styles["gap"]}
          x={gap.x}
          width={gap.width}
          y={0}
          height={height}
        />
      ))}
      {limitY !== null && <path className={styles["limit"]} d={`M0 ${limitY}H${width}`} />}
      {shape.lines.map((line) => (
        <path key={line} className={styles["line"]} d={line} />
      ))}
      {shape.beyond.map((line) => (
        <path key={line} className={styles["beyond"]} d={line} />
      ))}
      {/* A line of no length with a round cap is a dot that stays round when the box stretches. */}
      {end !== null && (
        <>
          <path className={styles["end"]} d={`M${end.x} ${end.y}h0.01`} />
          {look === "silent" && (
            <path className={styles["endHole"]} d={`M${end.x} ${end.y}h0.01`} />
          )}
        </>
      )}
    </svg>
  );
}
