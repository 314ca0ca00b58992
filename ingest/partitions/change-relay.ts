import type { TimekeeperOptions } from "../../broker/index.ts";

/** The change log, as the main thread follows it. */
export type ChangeSource = TimekeeperOptions["source"];

/** The changes of the registry as the main thread hears them, for this thread's timekeepers. */
export interface ChangeRelay extends ChangeSource {
  hear(changeSeq: number): void;
}

export function createChangeRelay(changeSeq: number): ChangeRelay {
  const listeners = new Set<(change: { seq: number }) => void>();
  let newest = changeSeq;
  return {
    get changeSeq() {
      return newest;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    hear(seq) {
      newest = Math.max(newest, seq);
      for (const listener of listeners) listener({ seq });
    },
  };
}
