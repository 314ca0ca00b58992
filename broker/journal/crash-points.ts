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

/**
 * Ends the process as a power cut would, at the n-th passage of a point. For fault tests only.
 * @param setting `name` or `name:n`, e.g. `after-sync:100`; undefined or empty: never
 */
export function crashPointFrom(setting: string | undefined): CrashPointHook {
  if (setting === undefined || setting === "") return noCrashPoint;
  const [wanted, passage = "1"] = setting.split(":");
  let left = Number(passage);
  return (name) => {
    if (name === wanted && --left === 0) process.kill(process.pid, "SIGKILL");
  };
}
