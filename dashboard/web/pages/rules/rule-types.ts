import type { RouteAnswer } from "../../../contract/index.ts";
import type { HeardDevice, Snapshot } from "../../kitchens/sensor-number.ts";

export type RuleVersion = RouteAnswer<"listRules">["rules"][number];
export type RuleVersionRecord = RouteAnswer<"listRuleVersions">["versions"][number];
export type RulePreview = RouteAnswer<"previewRule">;
export type Rule = RuleVersion["rule"];
export type ThresholdRule = Extract<Rule, { kind: "threshold" }>;

/** What a rule's words and its editor need to know of its kitchen. */
export interface RulePlace {
  kitchen: Snapshot["kitchen"];
  devices: readonly HeardDevice[];
}
