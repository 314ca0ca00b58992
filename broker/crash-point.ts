import type { CrashPoint, CrashPointHook } from "./journal/crash-points.ts";
import { noCrashPoint } from "./journal/crash-points.ts";

/**
 * For fault tests: `NADI_CRASH_POINT=after-sync:3` kills this process, as `kill -9` would, at the
 * third passage of that place. Unset, it costs nothing.
 */
export function crashPointFrom(setting: string | undefined): CrashPointHook {
  if (setting === undefined || setting === "") return noCrashPoint;
  const [name, count = "1"] = setting.split(":");
  let left = Number(count);
  if (!Number.isInteger(left) || left < 1) {
    throw new Error(`NADI_CRASH_POINT must be a name and a count, e.g. after-sync:3`);
  }
  return (passed: CrashPoint) => {
    if (passed !== name) return;
    left--;
    if (left === 0) process.kill(process.pid, "SIGKILL");
  };
}
