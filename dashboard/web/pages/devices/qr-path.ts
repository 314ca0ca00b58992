import { encode } from "uqr";

/** White around it that readers need [ISO/IEC 18004, 4 modules]. */
const quietModules = 4;

export interface QrPath {
  /** Modules on a side, the quiet ones among them. */
  size: number;
  /** Of an SVG path: the dark modules, a run of a row at a time. */
  path: string;
}

/** Medium correction: a screen is not dirty, and a phone's camera is not straight. */
export function qrPathOf(text: string): QrPath {
  const { data, size } = encode(text, { ecc: "M", border: quietModules });
  const runs = data.flatMap((row, y) =>
    runsOf(row).map(({ x, length }) => `M${x} ${y}h${length}v1h-${length}z`),
  );
  return { size, path: runs.join("") };
}

function runsOf(row: readonly boolean[]): { x: number; length: number }[] {
  const runs: { x: number; length: number }[] = [];
  for (const [x, isDark] of row.entries()) {
    const last = runs.at(-1);
    if (!isDark) continue;
    if (last !== undefined && last.x + last.length === x) last.length += 1;
    else runs.push({ x, length: 1 });
  }
  return runs;
}
