import type { Command } from "./command.ts";

/** Farther than this is another word and not a slip. */
const distanceMax = 4;

/** The command that was probably meant, or `null`. */
export function nearestCommand(
  commands: readonly Command[],
  typed: readonly string[],
): string | null {
  const names = commands.map(({ path }) => path.join(" "));
  return nearestOf(names, (name) => typed.slice(0, name.split(" ").length).join(" "));
}

/** The name that was probably meant, or `null`. */
export function nearestName(names: readonly string[], typed: string): string | null {
  return nearestOf(names, () => typed);
}

function nearestOf(names: readonly string[], typedFor: (name: string) => string): string | null {
  let best: string | null = null;
  let bestDistance = distanceMax + 1;
  for (const name of names) {
    const distance = editDistance(typedFor(name), name);
    if (distance < bestDistance) [best, bestDistance] = [name, distance];
  }
  return best;
}

/** Levenshtein. */
export function editDistance(a: string, b: string): number {
  // What is longer than any command is far from all of them; the table stays small.
  if (a.length > b.length + distanceMax) return a.length - b.length;
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const replaced = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      const removed = (previous[column] ?? 0) + 1;
      const inserted = (current[column - 1] ?? 0) + 1;
      current.push(Math.min(replaced, removed, inserted));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}
