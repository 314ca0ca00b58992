import { findPlateaus, type Plateau, stepKgOf, type WeightPoint } from "./plateaus.ts";

/** Something was taken, or came: the weight stands still at another place than before. */
export interface Movement {
  kind: "withdrawal" | "receipt";
  /** When it stood still again. */
  atMs: number;
  /** When it had last stood still before. */
  fromMs: number;
  /** Negative for a withdrawal. */
  kg: number;
  leftKg: number;
}

export interface StockCourse {
  movements: readonly Movement[];
  /** Of what the pan carried, in the order of time, without those of a lifted container. */
  levels: readonly Plateau[];
  /** The container has been off the pan since: what lies in it is not known. */
  liftedSinceMs: number | null;
}

/**
 * Movements out of the points of one scale. A pan that shows nothing or less is a container that
 * was lifted off: whether it is empty or only elsewhere is known when it is back, and until then
 * nothing is said to have been used [domain notes, scale signal]. A slow drift moves nothing.
 */
export function courseOf(points: readonly WeightPoint[]): StockCourse {
  const stepKg = stepKgOf(points);
  const plateaus = findPlateaus(points, stepKg);
  const isOff = (plateau: Plateau): boolean => plateau.beginKg < stepKg;
  const levels = plateaus.filter((plateau) => !isOff(plateau));
  const movements = levels.flatMap((level, index): Movement[] => {
    const before = levels[index - 1];
    const kg = before === undefined ? 0 : level.beginKg - before.endKg;
    if (before === undefined || Math.abs(kg) < stepKg) return [];
    const kind = kg < 0 ? "withdrawal" : "receipt";
    return [{ kind, atMs: level.fromMs, fromMs: before.toMs, kg, leftKg: level.beginKg }];
  });
  const last = plateaus.at(-1);
  const isLifted = last !== undefined && isOff(last) && levels.length > 0;
  return { movements, levels, liftedSinceMs: isLifted ? last.fromMs : null };
}
