import type { InfluxLimits } from "./influx-config.ts";
import { InfluxError, refusalOf } from "./influx-errors.ts";

export interface RejectedLine {
  /** Which of the given lines. */
  at: number;
  detail: string;
}

export interface SendOptions {
  /** Resolves when all of the lines are taken; rejects with an `InfluxError`. */
  post: (lines: string) => Promise<void>;
  limits: Pick<InfluxLimits, "writeLinesMax" | "writeLengthMax">;
}

/**
 * Writes the lines, one request at a time. A refusal that is about points is followed to the
 * points: halves are written again, which changes nothing for what was taken. Any other failure is
 * thrown.
 */
export async function sendLines(
  lines: readonly string[],
  { post, limits }: SendOptions,
): Promise<RejectedLine[]> {
  const rejected: RejectedLine[] = [];
  const sendPart = async (first: number, end: number): Promise<void> => {
    try {
      await post(lines.slice(first, end).join("\n"));
      return;
    } catch (error) {
      if (!(error instanceof InfluxError)) throw error;
      const refusal = refusalOf(error);
      if (refusal === null) throw error;
      if (end - first === 1 || (refusal === "points" && droppedOf(error) === end - first)) {
        for (let at = first; at < end; at += 1) rejected.push({ at, detail: error.message });
        return;
      }
    }
    const middle = Math.floor((first + end) / 2);
    await sendPart(first, middle);
    await sendPart(middle, end);
  };
  for (const [first, end] of parts(lines, limits)) await sendPart(first, end);
  return rejected;
}

/** `partial write: … dropped=3` of InfluxDB 1.x and 2.x: all of a part need no further halves. */
function droppedOf({ message }: InfluxError): number | null {
  const [, dropped] = /\bdropped=(\d+)/.exec(message) ?? [];
  return dropped === undefined ? null : Number(dropped);
}

function* parts(
  lines: readonly string[],
  { writeLinesMax, writeLengthMax }: SendOptions["limits"],
): Generator<[first: number, end: number]> {
  let first = 0;
  let length = 0;
  for (const [at, line] of lines.entries()) {
    const isFull = at - first >= writeLinesMax || length + line.length > writeLengthMax;
    if (isFull && at > first) {
      yield [first, at];
      first = at;
      length = 0;
    }
    length += line.length + 1;
  }
  if (first < lines.length) yield [first, lines.length];
}
