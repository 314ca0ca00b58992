import type { Records, WallClock } from "../../devices/index.ts";
import type { Rule } from "../rules/rule.ts";

/** What the parts of the desk work with. */
export interface DeskContext {
  records: Records;
  clock: WallClock;
  /** What every kitchen has before it changes anything. */
  defaultRules: readonly Rule[];
}
