import { dayMs, minuteMs } from "../world/kitchen-clock.ts";
import { type Curve, CurveBuilder } from "../kitchen/curve.ts";
import { combine, type Coupling } from "../kitchen/newton.ts";
import type { Trip } from "./trips.ts";

/** Under a roof of sheet metal. */
export const roadCelsius = 30;
/** k of a hot box, from the domain notes: 75 °C in 30 °C air is 60 °C after 162.2 min. */
export const goodBoxPerHour = 0.15;
const loadedCelsius = 75.5;
const loadMinutesBefore = 20;
const loading: Coupling = { celsius: loadedCelsius, perMinute: 0.6 };
/** An open lid at a stop; the food's mass keeps most of the heat. */
const lidOpen: Coupling = { celsius: roadCelsius, perMinute: 0.004 };
const lidMinutes = 2;
/** Empty and open. */
const empty: Coupling = { celsius: roadCelsius, perMinute: 0.5 };

/** A delivery box's day: cold and empty, loaded hot, opened at each stop, emptied at the last. */
export function boxDay(startMs: number, trips: readonly Trip[], perHour: number): Curve {
  const curve = new CurveBuilder({ timeMs: startMs, celsius: roadCelsius });
  const closed: Coupling = { celsius: roadCelsius, perMinute: perHour / 60 };
  for (const { wave, departMs, stops } of trips) {
    if (wave === 3) continue;
    curve.until(departMs - loadMinutesBefore * minuteMs, empty).until(departMs, loading);
    for (const { arriveMs, leaveMs } of stops) {
      const openMs = arriveMs + minuteMs;
      curve.until(openMs, closed);
      curve.until(Math.min(leaveMs, openMs + lidMinutes * minuteMs), combine([closed, lidOpen]));
    }
    curve.until(stops.at(-1)?.leaveMs ?? departMs, closed);
  }
  return curve.until(startMs + dayMs, empty).build();
}
