import { freshnessOf } from "../../components/freshness.ts";
import type { Sensor } from "../../realtime/domain-view.ts";
import type { StockCourse } from "./movements.ts";

/** Why a weight is not what lies there; `null`: it is. */
export type Doubt = "missing" | "silent" | "fault" | "lifted" | "unknown";

export interface ScaleState {
  /** What the scale says now; `null` before its first good value. */
  kg: number | null;
  doubt: Doubt | null;
  /** `kg`, unless it is doubted. */
  trustedKg: number | null;
}

/** A pan that shows less than this carries nothing, or its container is elsewhere. */
const emptyKg = 0.1;

export function scaleState(sensor: Sensor, course: StockCourse, nowMs: number): ScaleState {
  const kg = sensor.values?.fields?.["weightKg"] ?? null;
  const doubt = doubtOf(sensor, course, { kg, nowMs });
  return { kg, doubt, trustedKg: doubt === null ? kg : null };
}

function doubtOf(
  { values, expectedIntervalSeconds }: Sensor,
  course: StockCourse,
  { kg, nowMs }: { kg: number | null; nowMs: number },
): Doubt | null {
  if (values === null) return "missing";
  const heard = { lastHeardAtMs: values.receivedTimeMs, expectedIntervalSeconds };
  if (freshnessOf(heard, nowMs) === "silent") return "silent";
  if (values.flags.length > 0) return "fault";
  if (kg === null) return "unknown";
  const hasStock = course.levels.length > 0;
  return hasStock && (kg < emptyKg || course.liftedSinceMs !== null) ? "lifted" : null;
}
