import { dayMs, hourMs, minuteMs, type Span } from "../world/kitchen-clock.ts";
import { type Draws, drawsOf, seedOf } from "../world/seeded.ts";
import { type Point, toPoint } from "./geo.ts";
import { type Motion, MotionBuilder, speedKmhMax } from "./motion.ts";
import { places, type RealPlace } from "./places.ts";
import { roadBetween } from "./road.ts";

export interface TripStop {
  place: RealPlace;
  arriveMs: number;
  leaveMs: number;
}

export interface Trip {
  /** 1 and 2 bring food, 3 fetches the trays. */
  wave: number;
  departMs: number;
  stops: readonly TripStop[];
  returnMs: number;
}

export interface VehicleDay {
  trips: readonly Trip[];
  /** Underpasses and the like: the tracker has no fix. */
  blind: readonly Span[];
  at(timeMs: number): Motion;
}

export interface VehiclePlan {
  /** Of the vehicle: its route is the same every day. */
  seed: number;
  day: number;
  startMs: number;
  site: RealPlace;
  /** Which share of the kitchen's stops this vehicle serves, from 0. */
  number: number;
  /** By wave: minutes that it stands broken down, on the way to its third stop. */
  breakdowns: ReadonlyMap<number, number>;
}

/** Minutes after midnight; the second vehicle leaves later (press: 06:45, 07:30, 10:30). */
const departures = [
  { wave: 1, minutes: [6 * 60 + 45, 7 * 60 + 30], stops: 5 },
  { wave: 2, minutes: [10 * 60 + 15, 10 * 60 + 30], stops: 4 },
  { wave: 3, minutes: [13 * 60 + 15, 13 * 60 + 30], stops: 5 },
] as const;

const lateMinutesMax = 8;
const serviceMinutes = { food: [4, 6.5], trays: [3, 5] } as const;
const turnaroundMinutes = 25;
const brokenDownBeforeStop = 2;

export function vehicleDay(plan: VehiclePlan): VehicleDay {
  const { seed, day, startMs, site } = plan;
  const home: Point = { east: 0, north: 0 };
  const motion = new MotionBuilder({ timeMs: startMs, point: home });
  const blind: Span[] = [];
  const trips = departures.map(({ wave, minutes, stops }) => {
    const draws = drawsOf(seedOf(seed, "trip", day, wave));
    const due = (minutes[plan.number % 2] ?? 0) + draws.between(0, lateMinutesMax);
    const departMs = Math.max(
      Math.round(startMs + due * minuteMs),
      motion.timeMs + turnaroundMinutes * minuteMs,
    );
    motion.stand(departMs);
    const route = routeOf(plan, wave === 3 ? 1 : wave, stops);
    const made = visit({ plan, motion, draws, blind, wave, route });
    const driving = { plan, motion, draws, blind, wave };
    leg(driving, { from: pointOf(site, route.at(-1)), to: home, brokenMinutes: 0 });
    return { wave, departMs, stops: made, returnMs: motion.timeMs };
  });
  const driven = motion.stand(startMs + dayMs).build();
  return { trips, blind, at: (timeMs) => driven.at(timeMs) };
}

/** The stops of a wave, the same every day, each the nearest to the one before. */
function routeOf({ seed, site, number }: VehiclePlan, wave: number, count: number): RealPlace[] {
  const own = places.filter((_, index) => index % 2 === number % 2);
  const shift = seedOf(seed, "route", wave) % own.length;
  const chosen = [...own.slice(shift), ...own.slice(0, shift)].slice(0, count);
  const route: RealPlace[] = [];
  let here: Point = { east: 0, north: 0 };
  while (chosen.length > 0) {
    const from = here;
    const away = (place: RealPlace): number => {
      const { east, north } = toPoint(site, place);
      return Math.abs(east - from.east) + Math.abs(north - from.north);
    };
    const [next] = chosen.toSorted((a, b) => away(a) - away(b));
    if (next === undefined) break;
    chosen.splice(chosen.indexOf(next), 1);
    route.push(next);
    here = toPoint(site, next);
  }
  return route;
}

interface Driving {
  plan: VehiclePlan;
  motion: MotionBuilder;
  draws: Draws;
  blind: Span[];
  wave: number;
}

function visit(driving: Driving & { route: readonly RealPlace[] }): TripStop[] {
  const { plan, motion, draws, wave, route } = driving;
  const [low, high] = wave === 3 ? serviceMinutes.trays : serviceMinutes.food;
  return route.map((place, index) => {
    const from = pointOf(plan.site, route[index - 1]);
    const brokenMinutes = index === brokenDownBeforeStop ? (plan.breakdowns.get(wave) ?? 0) : 0;
    leg(driving, { from, to: pointOf(plan.site, place), brokenMinutes });
    const arriveMs = motion.timeMs;
    const leaveMs = arriveMs + Math.round(draws.between(low, high) * minuteMs);
    motion.stand(leaveMs);
    return { place, arriveMs, leaveMs };
  });
}

/** No place: the kitchen. */
function pointOf(site: RealPlace, place: RealPlace | undefined): Point {
  return place === undefined ? { east: 0, north: 0 } : toPoint(site, place);
}

interface Leg {
  from: Point;
  to: Point;
  brokenMinutes: number;
}

/** One drive through the traffic of its hour. */
function leg({ plan, motion, draws, blind }: Driving, { from, to, brokenMinutes }: Leg): void {
  const corners = roadBetween(plan.seed, from, to);
  const beganMs = motion.timeMs;
  const brokenEdge = Math.floor((corners.length - 1) / 2);
  motion.drive(corners, (index) => {
    const hour = (motion.timeMs - plan.startMs) / hourMs;
    const cruiseKmh = Math.min(speedKmhMax, draws.between(22, 46) * trafficAt(hour));
    const light = draws.chance(0.25) ? draws.between(10, 55) : 0;
    const isBroken = brokenMinutes > 0 && index === brokenEdge;
    return { cruiseKmh, waitSeconds: isBroken ? brokenMinutes * 60 : light };
  });
  if (!draws.chance(0.15)) return;
  const fromMs = beganMs + (motion.timeMs - beganMs) * draws.between(0.1, 0.6);
  blind.push({ fromMs, toMs: fromMs + draws.between(25, 80) * 1000 });
}

/** What is left of the free speed: least when all go to work and school. */
function trafficAt(hour: number): number {
  if (hour < 6) return 1;
  if (hour < 9) return 0.65;
  return hour < 16 ? 0.8 : 0.6;
}
