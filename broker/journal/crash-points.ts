/** Places where a test may end the process; named as in the list of injectors. */
export type CrashPoint =
  | "before-journal-write"
  | "after-journal-write"
  | "after-sync"
  | "after-ack"
  | "segment-created"
  | "segment-sealed"
  | "segment-unlinked"
  | "before-checkpoint"
  | "after-checkpoint";

export type CrashPointHook = (name: CrashPoint) => void;

export const noCrashPoint: CrashPointHook = () => {};
