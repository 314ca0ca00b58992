import * as z from "zod/mini";
import { deviceKinds, devicePlaces, readingNames, sppgIdSchema } from "../../devices/browser.ts";
import { kitchenParams, timeMs } from "./fields.ts";

/**
 * Rules as the API speaks of them. A browser can't import ingest, so this is its `ruleSchema` told
 * again; a test holds the two against each other, and the server parses with both.
 */
const limitSource = z.object({
  source: z.string().check(z.minLength(1), z.maxLength(300)),
  sourceKind: z.enum(["regulation", "guidance", "project"]),
});

const seconds = z.number().check(z.minimum(0), z.maximum(7 * 24 * 3600));
const ruleKey = z.string().check(z.regex(/^[a-z][a-z0-9-]{1,62}$/));

const common = {
  key: ruleKey,
  severity: z.enum(["warning", "critical"]),
  scope: z.strictObject({
    deviceKind: z.optional(z.enum(deviceKinds)),
    place: z.optional(z.enum(devicePlaces)),
    deviceId: z.optional(z.string().check(z.minLength(1), z.maxLength(64))),
  }),
  quietSeconds: seconds,
};

const measured = {
  reading: z.enum(readingNames as readonly [string, ...string[]]),
  field: z.string().check(z.regex(/^[a-z][A-Za-z0-9]{0,31}$/)),
};

const threshold = z.strictObject({
  kind: z.literal("threshold"),
  ...common,
  ...measured,
  when: z.enum(["above", "below"]),
  limit: z.number(),
  clearLimit: z.number(),
  minDurationSeconds: seconds,
  clearDurationSeconds: seconds,
  idleLimit: z.optional(z.number()),
  limitSource,
});

const rateOfChange = z.strictObject({
  kind: z.literal("rateOfChange"),
  ...common,
  ...measured,
  direction: z.enum(["rising", "falling", "either"]),
  perMinuteMax: z.number().check(z.positive()),
  windowSeconds: seconds.check(z.minimum(1)),
  limitSource,
});

const noData = z.strictObject({
  kind: z.literal("noData"),
  ...common,
  intervalsMissed: z.number().check(z.minimum(1), z.maximum(1000)),
  graceSeconds: seconds,
});

const implausible = z.strictObject({
  kind: z.literal("implausible"),
  ...common,
  readingsInRow: z.int().check(z.minimum(1), z.maximum(1000)),
});

export const ruleBodySchema = z
  .discriminatedUnion("kind", [threshold, rateOfChange, noData, implausible])
  .check(z.meta({ id: "Rule" }));

const ruleVersion = z.object({
  sppgId: sppgIdSchema,
  key: ruleKey,
  version: z.int().check(z.describe("Grows by 1 with each change; quoted, it is the ETag")),
  changeSeq: z.int(),
  isEnabled: z.boolean(),
  rule: ruleBodySchema,
});

export const ruleVersionSchema = ruleVersion.check(z.meta({ id: "RuleVersion" }));

export const rulesSchema = z.object({ rules: z.array(ruleVersionSchema) });

export const ruleParams = z.extend(kitchenParams, { key: ruleKey });

export const ruleVersionsSchema = z.object({
  versions: z.array(
    z.extend(ruleVersion, {
      changedAtMs: z.nullable(timeMs),
      changedBy: z
        .nullable(z.string())
        .check(z.describe("The person's e-mail address, or `cli`; null for a default")),
    }),
  ),
});

export const putRuleBody = z.strictObject({
  rule: ruleBodySchema,
  isEnabled: z.prefault(z.boolean(), true),
  expectedVersion: z
    .optional(z.int().check(z.minimum(0)))
    .check(z.describe("The newest version that was seen, unless If-Match says it; 0: none yet")),
});

/** A draft: it takes the place of the rule with its key, and counts as enabled. */
export const previewRuleBody = z.strictObject({ rule: ruleBodySchema });

const firingSchema = z
  .object({
    deviceId: z.string(),
    channel: z.nullable(z.string()).check(z.describe("null: about the device, not a sensor")),
    openedAtMs: timeMs,
    resolvedAtMs: z.nullable(timeMs).check(z.describe("null: still active at the end")),
    worstValue: z
      .nullable(z.number())
      .check(z.describe("In the field's unit, a minute for a rate; null where there is no value")),
    occurrences: z.int().check(z.describe("How often it came back within the quiet time")),
    isFromBefore: z.boolean().check(z.describe("It was open before the period: not counted")),
  })
  .check(z.meta({ id: "RuleFiring" }));

export const rulePreviewSchema = z
  .object({
    fromMs: timeMs.check(z.describe("What was judged begins here: later if `isPartial`")),
    toMs: timeMs,
    isPartial: z
      .boolean()
      .check(z.describe("More readings than can be judged at once: only the newest part was")),
    isDegraded: z.boolean().check(z.describe("The newest readings may be missing")),
    firings: z
      .array(firingSchema)
      .check(
        z.describe(
          "By time, at most 500, the newest. Made of stored readings: as if each with a time of " +
            "its own had arrived at that time, Nadi had never been away, nobody had resolved an " +
            "alert, and rules and devices had been those of now",
        ),
      ),
    devices: z
      .array(z.object({ deviceId: z.string(), count: z.int() }))
      .check(z.describe("Each device that the rule is about, with how often it would have fired")),
  })
  .check(z.meta({ id: "RulePreview" }));
