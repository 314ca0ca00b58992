import { dayMs } from "../world/kitchen-clock.ts";
import { gaussianAt, seedOf, unitAt } from "../world/seeded.ts";
import type { Sampling } from "../world/model.ts";
import type { StockDay } from "./stock.ts";

/** What the scale itself does to a weight. */
export interface ScaleErrors {
  /** It shows whole divisions. */
  divisionKg: number;
  /** How far it wanders within a day, at most; at midnight it is set to zero again. */
  driftKg: number;
}

/** A platform rings for a few seconds after a load has changed. */
const settling = { share: 0.04, perSecond: 0.9, cyclesPerSecond: 1.4, seconds: 8 } as const;

/** What lies in the stock, whoever touches the pan. */
export function stockKgAt({ midnightKg, events }: StockDay, timeMs: number): number {
  let kg = midnightKg;
  for (const event of events) {
    if (event.kind === "hand") continue;
    // What was lifted off is counted out when it is lifted: it comes back lighter.
    if (event.fromMs > timeMs) break;
    kg += event.kind === "receipt" ? event.kg : -event.kg;
  }
  return Math.max(0, kg);
}

/** The force on the pan after tare, in kg; the container's own weight was tared away. */
export function panKgAt(day: StockDay, containerKg: number | null, timeMs: number): number {
  const stockKg = stockKgAt(day, timeMs);
  const touching = day.events.find(({ fromMs, toMs }) => timeMs >= fromMs && timeMs < toMs);
  if (touching?.kind === "hand") return stockKg + touching.kg;
  if (touching?.kind === "liftOff") return -(containerKg ?? 0);
  return stockKg;
}

export interface ScaleSignal {
  read(day: StockDay, startMs: number, sampling: Sampling): number;
}

export function createScaleSignal(
  seed: number,
  errors: ScaleErrors & { containerKg: number | null },
): ScaleSignal {
  const { divisionKg, driftKg, containerKg } = errors;
  const driftSeed = seedOf(seed, "drift");
  return {
    read(day, startMs, { timeMs, index }) {
      const panKg = panKgAt(day, containerKg, timeMs);
      const share = (timeMs - startMs) / dayMs;
      const driftSize = driftKg * (unitAt(driftSeed, Math.floor(startMs / dayMs)) * 2 - 1);
      const drift = driftSize * Math.sin(Math.PI * share);
      const noise = divisionKg * 0.4 * gaussianAt(seed, index);
      const shown = panKg + drift + noise + ringKg(day, containerKg, timeMs);
      return Math.round(shown / divisionKg) * divisionKg;
    },
  };
}

/** The swing that is left of the last change of load. */
function ringKg(day: StockDay, containerKg: number | null, timeMs: number): number {
  for (const { fromMs, toMs } of day.events) {
    for (const changeMs of [fromMs, toMs]) {
      const seconds = (timeMs - changeMs) / 1000;
      if (seconds < 0 || seconds > settling.seconds) continue;
      const stepKg = panKgAt(day, containerKg, changeMs) - panKgAt(day, containerKg, changeMs - 1);
      const swing = Math.cos(2 * Math.PI * settling.cyclesPerSecond * seconds);
      return stepKg * settling.share * Math.exp(-settling.perSecond * seconds) * swing;
    }
  }
  return 0;
}
