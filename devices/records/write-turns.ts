import { recordsError } from "./errors.ts";

/** Writers of one process, in the order in which they came. */
export interface WriteTurns {
  /** Resolves when it is the caller's turn; rejects with `RECORDS_LOCKED` after so long. */
  take(waitMsMax: number): Promise<void>;
  /** Ends the turn that was taken. */
  give(): void;
}

/**
 * Writers wait for each other here, and not each on a connection for the database's lock: while
 * another process stands still with it, the connections are there for those who read; and one of
 * ours that stands still has a single place in the line of all processes.
 */
export function createWriteTurns(): WriteTurns {
  const waiting = new Set<() => void>();
  let isTaken = false;
  return {
    async take(waitMsMax) {
      if (!isTaken) {
        isTaken = true;
        return;
      }
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const timer = setTimeout(() => {
        waiting.delete(begin);
        reject(tooLong());
      }, waitMsMax);
      const begin = (): void => {
        clearTimeout(timer);
        resolve();
      };
      waiting.add(begin);
      await promise;
    },
    give() {
      const [next] = waiting;
      if (next === undefined) {
        isTaken = false;
        return;
      }
      waiting.delete(next);
      next();
    },
  };
}

function tooLong(): Error {
  return recordsError("RECORDS_LOCKED", {
    message: "The records database is written to for too long by another process: try again.",
  });
}
