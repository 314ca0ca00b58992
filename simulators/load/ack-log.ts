import { closeSync, openSync, writeSync } from "node:fs";
import type { AckedDevice } from "./connection.ts";

export interface AckLog {
  /** Appends what has been acknowledged since the last call. */
  write: () => void;
  close(): void;
}

/**
 * Writes JSON lines `[clientId, boot, from, to]`, each an inclusive range of acknowledged sequence
 * numbers. It may lag behind what was acknowledged, and never claims what was not.
 */
export function openAckLog(file: string | undefined, acked: () => AckedDevice[]): AckLog {
  if (file === undefined) return { write() {}, close() {} };
  const descriptor = openSync(file, "a");
  /** Per device: the end of the contiguous part that is already in the file. */
  const written = new Map<string, number>();

  const write = (): void => {
    const lines: string[] = [];
    for (const { clientId, boot, ranges } of acked()) {
      // Only the first range is final; one behind a gap is written when the gap has closed.
      const to = ranges[0]?.[0] === 0 ? ranges[0][1] : -1;
      const from = (written.get(clientId) ?? -1) + 1;
      if (to < from) continue;
      lines.push(`${JSON.stringify([clientId, boot, from, to])}\n`);
      written.set(clientId, to);
    }
    if (lines.length > 0) writeSync(descriptor, lines.join(""));
  };
  return {
    write,
    close() {
      write();
      closeSync(descriptor);
    },
  };
}
