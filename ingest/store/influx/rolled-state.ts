import type { InfluxPart } from "./influx-config.ts";
import { byName, numberAt } from "./influx-query.ts";
import { toNanoseconds } from "./lines.ts";

const dayMs = 86_400_000;

/** Holds one field: up to where minutes are complete. Its name can't be a reading's. */
export const stateMeasurement = "nadi_state";

const ofLast = `SELECT last("rolledMs") FROM ${byName(stateMeasurement)}`;
/** Of a store that writes for all kitchens, and of each part that writes for its own. */
export const stateStatement = `${ofLast} GROUP BY "part"`;

/** What a part has written down for itself; `null`: a store for all. */
export interface RolledState {
  part: Pick<InfluxPart, "partition" | "partitions"> | null;
  rolledMs: number;
}

export function readStates(
  series: readonly {
    tags: Readonly<Record<string, string>>;
    values: readonly (readonly unknown[])[];
  }[],
): RolledState[] {
  return series.flatMap(({ tags, values }) => {
    const rolledMs = numberAt(values[0] ?? [], 1);
    if (rolledMs === null) return [];
    const [partition, partitions] = (tags["part"] ?? "").split("of").map(Number);
    const isOfAll = partition === undefined || partitions === undefined;
    return [{ part: isOfAll ? null : { partition, partitions }, rolledMs }];
  });
}

/**
 * Up to where the minutes of some kitchens are complete; `null` before anybody has written. Who has
 * come further was the last to write for them: one store for all, or their own parts.
 */
export function rolledBefore(
  states: readonly RolledState[],
  isTheirs: (part: NonNullable<RolledState["part"]>) => boolean,
): number | null {
  const ofAll = states.find(({ part }) => part === null)?.rolledMs ?? null;
  const ofParts = states.filter(({ part }) => part !== null && isTheirs(part));
  if (ofParts.length === 0) return ofAll;
  return Math.max(ofAll ?? 0, Math.min(...ofParts.map(({ rolledMs }) => rolledMs)));
}

/** One point a day is kept of it, so that its retention does not end it. */
export function stateLine({ part, rolledMs }: RolledState): string {
  const tag = part === null ? "" : `,part=${part.partition}of${part.partitions}`;
  const dayStartMs = Math.floor(rolledMs / dayMs) * dayMs;
  return `${stateMeasurement}${tag} rolledMs=${rolledMs}i ${toNanoseconds(dayStartMs, 0)}`;
}
