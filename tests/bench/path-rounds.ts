/** Figures of one measurement by their name; `null`: there is none, e.g. of a server's store. */
export type Figures<Key extends string> = Record<Key, number | null>;

export interface Rounds<Name extends string, Result> {
  names: readonly Name[];
  rounds: number;
  progress: (text: string) => void;
  measure(name: Name): Promise<Result>;
}

/** Rounds are interleaved and each starts with another one: a slow minute hits all alike. */
export async function interleaved<Name extends string, Result>(
  options: Rounds<Name, Result>,
): Promise<Map<Name, Result[]>> {
  const { names, rounds, progress, measure } = options;
  const results = new Map<Name, Result[]>(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (let place = 0; place < names.length; place += 1) {
      const name = names[(place + round) % names.length];
      if (name === undefined) continue;
      progress(`round ${round + 1} of ${rounds}: ${name}`);
      results.get(name)?.push(await measure(name));
    }
  }
  return results;
}

/** Figure by figure; of `summed` the sum, since one is enough. */
export function mediansOf<Key extends string>(
  results: readonly Figures<Key>[],
  summed: readonly NoInfer<Key>[] = [],
): Figures<Key> {
  const [first] = results;
  if (first === undefined) throw new Error("something was measured in no round");
  const medians = { ...first };
  for (const key of Object.keys(first) as Key[]) {
    const values = results.map((result) => result[key]).filter((value) => value !== null);
    if (values.length < results.length) medians[key] = null;
    else if (summed.includes(key)) medians[key] = values.reduce((sum, value) => sum + value, 0);
    else medians[key] = middleOf(values);
  }
  return medians;
}

/** The part of the sorted values that lies below, e.g. 0.99; `NaN` of none. */
export function quantileOf(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

function middleOf(values: readonly number[]): number {
  return quantileOf(values, 0.5);
}
