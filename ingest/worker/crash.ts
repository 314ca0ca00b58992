import type { crashPointFrom } from "../../broker/index.ts";

/** Where a fault test may end the process; the names stand with the journal's. */
export type CrashPoint = ReturnType<typeof crashPointFrom>;
