import type { Logger } from "pino";
import type { StopStack } from "./stop-stack.ts";

/** What every part of a running service is handed beside its own options. */
export interface ServeParts {
  log: Logger;
  /** What is started, to be stopped in the reverse order. */
  stack: StopStack;
  /** `NADI_CRASH_POINT`, for fault tests. */
  crashPointSetting: string | undefined;
}
