import { isWithin, minuteMs, type Span } from "../world/kitchen-clock.ts";
import { type Curve, CurveBuilder } from "./curve.ts";
import { combine, type Coupling, minutesUntil } from "./newton.ts";

/** A room or cabinet with a machine that heats or cools it between two levels. */
export interface Thermostat {
  /** Where the machine rests: it is the first of the two levels that it works towards. */
  rest: number;
  /** Where the machine starts again. */
  start: number;
  wall: Coupling;
  machine: Coupling;
  /** What comes in while the door is open. */
  door: Coupling;
  /** Added while a heater melts the ice off; only refrigeration has it. */
  defrost?: Coupling;
}

export interface StoreDay {
  startMs: number;
  endMs: number;
  doors: readonly Span[];
  /** The machine is dead. */
  failures: readonly Span[];
  /** Hours of use; outside them the machine is off. Left out: always. */
  uses?: readonly Span[];
  /** From here to the end the machine pulls down to its rest level and keeps it. */
  settleFromMs?: number;
  defrostMs?: number;
}

/**
 * A day of a thermostat. With `settleFromMs` it begins and ends at the rest level (the controller
 * pulls down before its nightly defrost), so that one day follows the other without a jump and
 * each can be computed alone.
 */
export function thermostatDay(thermostat: Thermostat, day: StoreDay, celsius: number): Curve {
  const curve = new CurveBuilder({ timeMs: day.startMs, celsius });
  const settleFromMs = day.settleFromMs ?? day.endMs;
  const turns = turningPoints(day, settleFromMs);
  let isRunning = false;
  while (curve.timeMs < settleFromMs) {
    const nowMs = curve.timeMs;
    const nextMs = turns.find((turnMs) => turnMs > nowMs) ?? settleFromMs;
    const canRun = isUsed(day, nowMs) && !day.failures.some((span) => isWithin(span, nowMs));
    const towards = combine(
      couplingsAt(thermostat, day, { nowMs, isRunning: canRun && isRunning }),
    );
    if (!canRun) {
      isRunning = false;
      curve.until(nextMs, towards);
      continue;
    }
    const isDue = !isRunning && isBeyond(thermostat, curve.celsius);
    if (isDue) {
      isRunning = true;
      continue;
    }
    const level = isRunning ? thermostat.rest : thermostat.start;
    const reachedMs = nowMs + minutesUntil(curve.celsius, towards, level) * minuteMs;
    curve.untilLevel(level, towards, nextMs);
    if (reachedMs <= nextMs) isRunning = !isRunning;
  }
  if (settleFromMs < day.endMs) {
    const pull = combine([thermostat.wall, thermostat.machine]);
    curve.untilLevel(thermostat.rest, pull, day.endMs);
    curve.until(day.endMs, { celsius: thermostat.rest, perMinute: 0 });
  }
  return curve.build();
}

function couplingsAt(
  { wall, machine, door, defrost }: Thermostat,
  day: StoreDay,
  { nowMs, isRunning }: { nowMs: number; isRunning: boolean },
): Coupling[] {
  const isDefrosting = nowMs < day.startMs + (day.defrostMs ?? 0);
  return [
    wall,
    ...(isRunning && !isDefrosting ? [machine] : []),
    ...(defrost !== undefined && isDefrosting ? [defrost] : []),
    ...(day.doors.some((span) => isWithin(span, nowMs)) ? [door] : []),
  ];
}

/** At or past the level where the machine starts: above it for cooling, below it for heating. */
function isBeyond({ rest, start }: Thermostat, celsius: number): boolean {
  return start > rest ? celsius >= start : celsius <= start;
}

function isUsed({ uses }: StoreDay, timeMs: number): boolean {
  return uses === undefined || uses.some((span) => isWithin(span, timeMs));
}

function turningPoints(day: StoreDay, settleFromMs: number): number[] {
  const spans = [...day.doors, ...day.failures, ...(day.uses ?? [])];
  const turns = spans.flatMap(({ fromMs, toMs }) => [fromMs, toMs]);
  return [...turns, day.startMs + (day.defrostMs ?? 0), settleFromMs].toSorted((a, b) => a - b);
}
