import { type MapVehicle, vehicleStates } from "./map-port.ts";
import { bearingDeg, project } from "./mercator.ts";

/** A way between two fixes takes as long as the vehicle took, but no longer than this. */
const intervalsMax = 1.5;
/** A kitchen has a handful of vehicles; a map that shows more of them makes room again. */
const roomMin = 64;

/** Where all vehicles are drawn now, in numbers that lie side by side: thousands each frame. */
export interface DrawnVehicles {
  count: number;
  /** Metres of Web Mercator. */
  x: Float64Array;
  y: Float64Array;
  /** Clockwise from north. */
  headingDeg: Float32Array;
  /** Index into `vehicleStates`. */
  state: Uint8Array;
}

/** The way that each one is on; times in ms of the frames' clock. */
interface Ways {
  fromX: Float64Array;
  fromY: Float64Array;
  toX: Float64Array;
  toY: Float64Array;
  startMs: Float64Array;
  durationMs: Float64Array;
}

/**
 * Takes each vehicle from where it is drawn to its newest fix, as fast as it drove, and stops
 * there: it is drawn one interval late, and never beyond where a fix has put it.
 */
export class VehicleMotion {
  readonly drawn: DrawnVehicles = { count: 0, ...makeDrawn(0) };
  #ways: Ways = makeWays(0);
  #vehicles: readonly MapVehicle[] = [];
  /** The one before of each vehicle's place in the list; none for a new one. */
  #held: (MapVehicle | undefined)[] = [];
  #indices = new Map<string, number>();

  get vehicles(): readonly MapVehicle[] {
    return this.#vehicles;
  }

  indexOf(id: string): number | null {
    return this.#indices.get(id) ?? null;
  }

  /** `isAnimated`: false puts each at once where its newest fix is. */
  set(vehicles: readonly MapVehicle[], nowMs: number, isAnimated: boolean): void {
    this.advance(nowMs);
    if (!isSameOrder(this.#held, vehicles)) this.#rearrange(vehicles);
    this.#vehicles = vehicles;
    for (const [at, vehicle] of vehicles.entries()) {
      const old = this.#held[at];
      this.drawn.state[at] = vehicleStates.indexOf(vehicle.state);
      if (old === undefined || old.fixAtMs !== vehicle.fixAtMs) {
        this.#begin(at, { vehicle, old, nowMs, isAnimated });
      }
      this.#held[at] = vehicle;
    }
    this.advance(nowMs);
  }

  /** Brings `drawn` to this moment. @returns whether anything is still under way. */
  advance(nowMs: number): boolean {
    const { drawn } = this;
    const { fromX, fromY, toX, toY, startMs, durationMs } = this.#ways;
    let isUnderWay = false;
    for (let at = 0; at < drawn.count; at += 1) {
      const took = nowMs - (startMs[at] ?? 0);
      const whole = durationMs[at] ?? 0;
      if (took < whole) isUnderWay = true;
      const share = took < whole ? Math.max(0, took / whole) : 1;
      const [x = 0, y = 0] = [fromX[at], fromY[at]];
      drawn.x[at] = x + ((toX[at] ?? 0) - x) * share;
      drawn.y[at] = y + ((toY[at] ?? 0) - y) * share;
    }
    return isUnderWay;
  }

  /** Metres of the projection in a ms that the fastest one under way makes; 0 if none is. */
  speedMax(nowMs: number): number {
    const { fromX, fromY, toX, toY, startMs, durationMs } = this.#ways;
    let fastest = 0;
    for (let at = 0; at < this.drawn.count; at += 1) {
      const whole = durationMs[at] ?? 0;
      if (nowMs >= (startMs[at] ?? 0) + whole) continue;
      const east = (toX[at] ?? 0) - (fromX[at] ?? 0);
      const north = (toY[at] ?? 0) - (fromY[at] ?? 0);
      fastest = Math.max(fastest, Math.hypot(east, north) / whole);
    }
    return fastest;
  }

  #begin(at: number, fix: NewFix): void {
    const { vehicle, old, nowMs, isAnimated } = fix;
    const { drawn } = this;
    const target = project(vehicle);
    const tookMs = old === undefined ? 0 : vehicle.fixAtMs - old.fixAtMs;
    const limitMs = vehicle.expectedIntervalSeconds * 1_000 * intervalsMax;
    const isShown = isAnimated && tookMs > 0 && vehicle.state !== "silent";
    this.#ways.fromX[at] = isShown ? (drawn.x[at] ?? 0) : target.x;
    this.#ways.fromY[at] = isShown ? (drawn.y[at] ?? 0) : target.y;
    this.#ways.toX[at] = target.x;
    this.#ways.toY[at] = target.y;
    this.#ways.startMs[at] = nowMs;
    this.#ways.durationMs[at] = isShown ? Math.min(tookMs, limitMs) : 0;
    drawn.headingDeg[at] = headingOf(vehicle, old) ?? drawn.headingDeg[at] ?? 0;
  }

  /** Brings what is known of each vehicle to its new place in the list. */
  #rearrange(vehicles: readonly MapVehicle[]): void {
    const room = Math.max(roomMin, 2 ** Math.ceil(Math.log2(Math.max(1, vehicles.length))));
    const [drawn, ways] = [makeDrawn(room), makeWays(room)];
    const old = vehicles.map(({ id }) => this.#indices.get(id));
    for (const [at, from] of old.entries()) {
      if (from === undefined) continue;
      copyEach(this.drawn, drawn, { from, to: at });
      copyEach(this.#ways, ways, { from, to: at });
    }
    this.#held = old.map((from) => (from === undefined ? undefined : this.#held[from]));
    this.#ways = ways;
    Object.assign(this.drawn, drawn, { count: vehicles.length });
    this.#indices = new Map(vehicles.map(({ id }, at) => [id, at]));
  }
}

interface NewFix {
  vehicle: MapVehicle;
  old: MapVehicle | undefined;
  nowMs: number;
  isAnimated: boolean;
}

type Lists<Keys extends string> = Readonly<Record<Keys, { [at: number]: number }>>;

function copyEach<Keys extends string>(
  source: Lists<Keys> | DrawnVehicles,
  target: Lists<Keys>,
  { from, to }: { from: number; to: number },
): void {
  const lists = source as Lists<Keys>;
  for (const key of Object.keys(target) as Keys[]) target[key][to] = lists[key][from] ?? 0;
}

function makeDrawn(room: number): Omit<DrawnVehicles, "count"> {
  return {
    x: new Float64Array(room),
    y: new Float64Array(room),
    headingDeg: new Float32Array(room),
    state: new Uint8Array(room),
  };
}

function makeWays(room: number): Ways {
  return {
    fromX: new Float64Array(room),
    fromY: new Float64Array(room),
    toX: new Float64Array(room),
    toY: new Float64Array(room),
    startMs: new Float64Array(room),
    durationMs: new Float64Array(room),
  };
}

function isSameOrder(
  held: readonly (MapVehicle | undefined)[],
  vehicles: readonly MapVehicle[],
): boolean {
  if (held.length !== vehicles.length) return false;
  return vehicles.every(({ id }, at) => held[at]?.id === id);
}

/** What the tracker says; else from the fix before to this one, if that is another place. */
function headingOf(vehicle: MapVehicle, before: MapVehicle | undefined): number | null {
  if (vehicle.headingDeg !== null) return vehicle.headingDeg;
  if (before === undefined) return null;
  const isSame = before.lat === vehicle.lat && before.lon === vehicle.lon;
  return isSame ? null : bearingDeg(before, vehicle);
}
