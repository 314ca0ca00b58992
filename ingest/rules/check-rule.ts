import { findReadingType } from "../../devices/index.ts";
import type { RateOfChangeRule, Rule, ThresholdRule } from "./rule.ts";

/** A fault of a rule's sense, which its schema can't see. */
export interface RuleFault {
  /** The field of the rule that is wrong. */
  path: string;
  message: string;
}

/** What of a parsed rule makes no sense; empty for a good one. */
export function findRuleFaults(rule: Rule): RuleFault[] {
  if (rule.kind === "threshold") return [...findFieldFaults(rule), ...findLimitFaults(rule)];
  return rule.kind === "rateOfChange" ? findFieldFaults(rule) : [];
}

function findFieldFaults({ reading, field }: ThresholdRule | RateOfChangeRule): RuleFault[] {
  const fields = Object.keys(findReadingType(reading)?.fields ?? {});
  if (fields.includes(field)) return [];
  return [{ path: "field", message: `${reading} has no ${field}, only ${fields.join(", ")}` }];
}

function findLimitFaults({ when, limit, clearLimit, idleLimit }: ThresholdRule): RuleFault[] {
  const faults: RuleFault[] = [];
  // A clear value on the broken side would clear an alert in the moment in which it opens.
  const isClearGood = when === "above" ? clearLimit <= limit : clearLimit >= limit;
  if (!isClearGood) {
    const side = when === "above" ? "at or below" : "at or above";
    faults.push({ path: "clearLimit", message: `${clearLimit} must be ${side} ${limit}` });
  }
  if (idleLimit === undefined) return faults;
  const isIdleBroken = when === "above" ? idleLimit > limit : idleLimit < limit;
  if (!isIdleBroken) {
    const side = when === "above" ? "above" : "below";
    faults.push({ path: "idleLimit", message: `${idleLimit} must be ${side} ${limit}` });
  }
  return faults;
}
