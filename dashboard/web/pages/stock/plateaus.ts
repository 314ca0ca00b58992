/** What lay on a scale, out of what it said: stretches in which its weight stood still. */

export interface WeightPoint {
  /** UTC ms. */
  atMs: number;
  kg: number;
}

/** A weight that stood still. */
export interface Plateau {
  fromMs: number;
  toMs: number;
  /** The median of its first and of its last points: within it a scale may drift. */
  beginKg: number;
  endKg: number;
}

/** A hand on the pan and a container that is lifted off are over by then. */
const settledMsMin = 2 * 60_000;
const settledPointsMin = 3;
/** The width of the running median [domain notes, scale signal]. */
const medianPoints = 5;
/** So long without a point nobody knows what lay there. */
const holeMsMin = 10 * 60_000;
const spacingsOfHole = 4;
/** What no kitchen scale resolves better: 5 divisions of 20 g. */
const stepKgMin = 0.1;
const divisionsOfStep = 5;
const divisionKgMax = 0.5;
const sigmasOfStep = 3;
/** Of the median absolute deviation, to make it a standard deviation of a normal distribution. */
const madScale = 1.4826;

/**
 * What two plateaus differ by at least: the larger of 3 σ of the scale's noise and 5 of its
 * divisions, both read from the points themselves. Steps are few, so that medians do not see them.
 */
export function stepKgOf(points: readonly WeightPoint[]): number {
  const differences = points
    .slice(1)
    .map(({ kg }, index) => Math.abs(kg - (points[index]?.kg ?? kg)));
  // Two neighbours differ by the noise of both.
  const sigmaKg = (madScale * medianOf(differences)) / Math.SQRT2;
  const moved = differences.filter((kg) => kg > 1e-6);
  const divisionKg = moved.length === 0 ? 0 : Math.min(Math.min(...moved), divisionKgMax);
  return Math.max(stepKgMin, sigmasOfStep * sigmaKg, divisionsOfStep * divisionKg);
}

/** In the order of time; what lies between two of them is a load that moves, or a hole. */
export function findPlateaus(points: readonly WeightPoint[], stepKg: number): Plateau[] {
  const spacingsMs = points.slice(1).map(({ atMs }, index) => atMs - (points[index]?.atMs ?? atMs));
  const holeMs = Math.max(holeMsMin, spacingsOfHole * medianOf(spacingsMs));
  const ends = spacingsMs.flatMap((ms, index) => (ms > holeMs ? [index + 1] : []));
  return [0, ...ends].flatMap((from, index) => {
    return plateausOfRun(points.slice(from, ends[index]), stepKg);
  });
}

/** Without a hole. */
function plateausOfRun(points: readonly WeightPoint[], stepKg: number): Plateau[] {
  const plateaus: Plateau[] = [];
  let run: WeightPoint[] = [];
  let strays: WeightPoint[] = [];
  const settle = (): void => {
    const plateau = plateauOf(run);
    if (plateau !== null) plateaus.push(plateau);
  };
  for (const point of points) {
    const level = medianOf(run.slice(-medianPoints).map(({ kg }) => kg));
    if (run.length === 0 || Math.abs(point.kg - level) <= stepKg / 2) {
      run.push(point);
      // A spike: what came between has come back to where it was.
      strays = [];
      continue;
    }
    strays.push(point);
    if (!isSettled(tailAlike(strays, stepKg))) continue;
    settle();
    run = tailAlike(strays, stepKg);
    strays = [];
  }
  settle();
  const left = plateauOf(tailAlike(strays, stepKg));
  return left === null ? plateaus : [...plateaus, left];
}

/** The newest points, back to the first that differs from the last one. */
function tailAlike(points: readonly WeightPoint[], stepKg: number): WeightPoint[] {
  const last = points.at(-1);
  if (last === undefined) return [];
  const other = points.findLastIndex(({ kg }) => Math.abs(kg - last.kg) > stepKg / 2);
  return points.slice(other + 1);
}

function isSettled(points: readonly WeightPoint[]): boolean {
  const spanMs = (points.at(-1)?.atMs ?? 0) - (points[0]?.atMs ?? 0);
  return points.length >= settledPointsMin && spanMs >= settledMsMin;
}

function plateauOf(run: readonly WeightPoint[]): Plateau | null {
  const [first] = run;
  const last = run.at(-1);
  if (first === undefined || last === undefined || !isSettled(run)) return null;
  return {
    fromMs: first.atMs,
    toMs: last.atMs,
    beginKg: medianOf(run.slice(0, medianPoints).map(({ kg }) => kg)),
    endKg: medianOf(run.slice(-medianPoints).map(({ kg }) => kg)),
  };
}

export function medianOf(values: readonly number[]): number {
  if (values.length === 0) return 0;
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? 0;
  const lower = sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
  return (upper + lower) / 2;
}
