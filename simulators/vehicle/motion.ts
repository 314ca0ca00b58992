import { between, distanceMeters, headingDeg, type Point } from "./geo.ts";

/** Nobody drives faster with food for children. */
export const speedKmhMax = 50;
/** m/s²: gentle, because the trays stand loose. */
const acceleration = 1.1;
/** Through a corner. */
const cornerMetersPerSecond = 3.5;
/** Two corners closer than this are one. */
const edgeMetersMin = 0.5;

export interface Motion {
  point: Point;
  speedKmh: number;
  headingDeg: number;
}

interface Phase {
  fromMs: number;
  from: Point;
  to: Point;
  /** Metres driven on this edge when the phase begins. */
  meters: number;
  edgeMeters: number;
  speed: number;
  acceleration: number;
  headingDeg: number;
}

/** A vehicle's way through time: phases of constant acceleration, one edge after the other. */
export class MotionBuilder {
  readonly #phases: Phase[] = [];
  #timeMs: number;
  #point: Point;
  #headingDeg = 0;

  constructor(start: { timeMs: number; point: Point }) {
    this.#timeMs = start.timeMs;
    this.#point = start.point;
  }

  get timeMs(): number {
    return this.#timeMs;
  }

  stand(untilMs: number): this {
    if (untilMs <= this.#timeMs) return this;
    const here = this.#point;
    this.#push({ from: here, to: here, meters: 0, edgeMeters: 0, speed: 0, acceleration: 0 });
    this.#timeMs = untilMs;
    return this;
  }

  /** From rest to rest. `edge` says how fast, and how long to wait at its end. */
  drive(
    corners: readonly Point[],
    edge: (index: number) => { cruiseKmh: number; waitSeconds: number },
  ): this {
    let entry = 0;
    const edges = corners.slice(1).map((to, index) => ({ from: corners[index] ?? to, to }));
    for (const [index, { from, to }] of edges.entries()) {
      const { cruiseKmh, waitSeconds } = edge(index);
      const isLast = index === edges.length - 1;
      const exit = isLast || waitSeconds > 0 ? 0 : cornerMetersPerSecond;
      entry = this.#driveEdge({ from, to }, { entry, exit, cruise: cruiseKmh / 3.6 });
      if (waitSeconds > 0) this.stand(this.#timeMs + Math.round(waitSeconds * 1000));
    }
    return this;
  }

  build(): { at(timeMs: number): Motion } {
    const phases = [...this.#phases];
    const rest = { point: this.#point, speedKmh: 0, headingDeg: 0 };
    return {
      at: (timeMs) => {
        const phase = phaseAt(phases, timeMs);
        return phase === undefined ? rest : motionIn(phase, timeMs);
      },
    };
  }

  /** Speeds up, cruises and brakes; answers the speed at its end. */
  #driveEdge(
    { from, to }: { from: Point; to: Point },
    speeds: { entry: number; exit: number; cruise: number },
  ): number {
    const edgeMeters = distanceMeters(from, to);
    const { entry } = speeds;
    this.#point = to;
    if (edgeMeters < edgeMetersMin) return entry;
    this.#headingDeg = headingDeg(from, to);
    const reach = 2 * acceleration * edgeMeters;
    // A short edge: only as fast as its end still can be braked for.
    const exit = Math.min(speeds.exit, Math.sqrt(entry ** 2 + reach));
    const top = Math.sqrt((reach + entry ** 2 + exit ** 2) / 2);
    const cruise = Math.max(entry, exit, Math.min(speeds.cruise, top));
    const gained = (cruise ** 2 - entry ** 2) / (2 * acceleration);
    const braked = (cruise ** 2 - exit ** 2) / (2 * acceleration);
    const edge = { from, to, edgeMeters };
    this.#push({ ...edge, meters: 0, speed: entry, acceleration });
    this.#timeMs += ((cruise - entry) / acceleration) * 1000;
    this.#push({ ...edge, meters: gained, speed: cruise, acceleration: 0 });
    const even = Math.max(0, edgeMeters - gained - braked);
    this.#timeMs += (even / cruise) * 1000;
    this.#push({ ...edge, meters: gained + even, speed: cruise, acceleration: -acceleration });
    this.#timeMs += ((cruise - exit) / acceleration) * 1000;
    return exit;
  }

  #push(phase: Omit<Phase, "fromMs" | "headingDeg">): void {
    this.#phases.push({ ...phase, fromMs: this.#timeMs, headingDeg: this.#headingDeg });
  }
}

function motionIn(phase: Phase, timeMs: number): Motion {
  // Brakes stop a vehicle; they do not send it back.
  const stopSeconds = phase.acceleration < 0 ? phase.speed / -phase.acceleration : Infinity;
  const seconds = Math.min(Math.max(0, timeMs - phase.fromMs) / 1000, stopSeconds);
  const speed = Math.max(0, phase.speed + phase.acceleration * seconds);
  const driven = phase.meters + phase.speed * seconds + (phase.acceleration * seconds ** 2) / 2;
  const share = phase.edgeMeters === 0 ? 1 : Math.min(1, driven / phase.edgeMeters);
  return {
    point: between(phase.from, phase.to, share),
    speedKmh: speed * 3.6,
    headingDeg: phase.headingDeg,
  };
}

function phaseAt(phases: readonly Phase[], timeMs: number): Phase | undefined {
  let low = 0;
  let high = phases.length;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if ((phases[middle]?.fromMs ?? Infinity) <= timeMs) low = middle;
    else high = middle;
  }
  return phases[low];
}
