import { JournalError } from "./errors.ts";

/** Places where a test may end the process; named as in the list of injectors. */
export const crashPoints = [
  "before-journal-write",
  "after-journal-write",
  "after-sync",
  "after-ack",
  "segment-created",
  "segment-sealed",
  "segment-unlinked",
  "before-checkpoint",
  "after-checkpoint",
  // The ingest worker's; the journal itself passes none of these.
  "store-written",
  "store-synced",
  "alert-row-written",
  "outbox-published",
  "state-row-written",
] as const;
export type CrashPoint = (typeof crashPoints)[number];

export type CrashPointHook = (name: CrashPoint) => void;

export const noCrashPoint: CrashPointHook = () => {};

/**
 * For fault tests: `NADI_CRASH_POINT=after-sync:3` kills this process, as `kill -9` would, at the
 * third passage of that place. Unset, it costs nothing. Throws `JOURNAL_CRASH_POINT_UNKNOWN`.
 */
export function crashPointFrom(setting: string | undefined): CrashPointHook {
  if (setting === undefined || setting === "") return noCrashPoint;
  const [wanted, passage = "1"] = setting.split(":");
  let left = Number(passage);
  const isKnown = crashPoints.some((name) => name === wanted);
  if (!isKnown || !Number.isInteger(left) || left < 1) {
    const message =
      `NADI_CRASH_POINT=${setting} is no crash point: write a name and a count, such as ` +
      `after-sync:3; the names are ${crashPoints.join(", ")}`;
    throw new JournalError("JOURNAL_CRASH_POINT_UNKNOWN", message);
  }
  return (name) => {
    if (name === wanted && --left === 0) process.kill(process.pid, "SIGKILL");
  };
}
