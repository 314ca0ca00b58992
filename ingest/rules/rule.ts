import * as z from "zod";
import { alertSeverities, deviceKinds, devicePlaces, readingNames } from "../../devices/index.ts";

/** Where a limit comes from; it is shown wherever the limit is shown. */
export const limitSourceSchema = z.object({
  source: z
    .string()
    .min(1)
    .max(300)
    .describe("Who set the limit: a law, a guideline, this kitchen"),
  sourceKind: z.enum(["regulation", "guidance", "project"]),
});

/** What a rule is about; what is left out does not narrow it. */
export const ruleScopeSchema = z.strictObject({
  deviceKind: z.enum(deviceKinds).optional(),
  place: z.enum(devicePlaces).optional(),
  deviceId: z.string().min(1).max(64).optional(),
});

const seconds = z
  .number()
  .min(0)
  .max(7 * 24 * 3600);

const common = {
  /** Names the rule within its kitchen: a later version with the same key replaces it. */
  key: z.string().regex(/^[a-z][a-z0-9-]{1,62}$/),
  severity: z.enum(["warning", "critical"]) satisfies z.ZodType<(typeof alertSeverities)[number]>,
  scope: ruleScopeSchema,
  /** A condition that comes back within this time joins the alert that it had. */
  quietSeconds: seconds,
};

const measured = {
  reading: z.enum(readingNames as readonly [string, ...string[]]),
  field: z.string().regex(/^[a-z][A-Za-z0-9]{0,31}$/),
};

export const thresholdRuleSchema = z.strictObject({
  kind: z.literal("threshold"),
  ...common,
  ...measured,
  when: z.enum(["above", "below"]),
  /** Broken strictly beyond it: 5.0 is not above 5. In the field's unit. */
  limit: z.number(),
  /** Cleared at or on the good side of it; at the limit or on its good side. */
  clearLimit: z.number(),
  /** How long it must be broken, in event time. 0: at once. */
  minDurationSeconds: seconds,
  /** How long it must be cleared, in event time. */
  clearDurationSeconds: seconds,
  /**
   * Beyond it the equipment is taken to be off or empty, on the broken side of `limit`: such a
   * reading opens nothing, and leaves an open alert open. Left out: every value counts.
   */
  idleLimit: z.number().optional(),
  limitSource: limitSourceSchema,
});

export const rateOfChangeRuleSchema = z.strictObject({
  kind: z.literal("rateOfChange"),
  ...common,
  ...measured,
  direction: z.enum(["rising", "falling", "either"]),
  /** Broken when the change a minute over the window is strictly more, in the field's unit. */
  perMinuteMax: z.number().positive(),
  /** Between the oldest and the newest reading that are compared, in event time. */
  windowSeconds: seconds.min(1),
  limitSource: limitSourceSchema,
});

export const noDataRuleSchema = z.strictObject({
  kind: z.literal("noData"),
  ...common,
  /** Silent after this many expected intervals of the device, and no sooner than `graceSeconds`. */
  intervalsMissed: z.number().min(1).max(1000),
  graceSeconds: seconds,
});

export const implausibleRuleSchema = z.strictObject({
  kind: z.literal("implausible"),
  ...common,
  /** Opens at the n-th reading in a row that is flagged as sensor fault or implausible. */
  readingsInRow: z.number().int().min(1).max(1000),
});

export const ruleSchema = z.discriminatedUnion("kind", [
  thresholdRuleSchema,
  rateOfChangeRuleSchema,
  noDataRuleSchema,
  implausibleRuleSchema,
]);

export type Rule = z.infer<typeof ruleSchema>;
export type ThresholdRule = z.infer<typeof thresholdRuleSchema>;
export type RateOfChangeRule = z.infer<typeof rateOfChangeRuleSchema>;
export type NoDataRule = z.infer<typeof noDataRuleSchema>;
export type ImplausibleRule = z.infer<typeof implausibleRuleSchema>;
export type RuleKind = Rule["kind"];

/** A rule as it was in force from a change on; versions are never rewritten. */
export interface RuleVersion {
  sppgId: string;
  key: string;
  /** Grows by 1 with each change of this rule; the defaults are version 0. */
  version: number;
  /** The change that brought it; 0 for the defaults. */
  changeSeq: number;
  isEnabled: boolean;
  rule: Rule;
}
