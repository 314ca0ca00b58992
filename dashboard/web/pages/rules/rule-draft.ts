import {
  type DeviceKind,
  type DevicePlace,
  findReadingType,
  type ReadingName,
} from "../../../../devices/browser.ts";
import { isSourceOfNadi } from "../../i18n/limit-sources.ts";
import type { Language } from "../../i18n/language.ts";
import type { Rule, RuleVersion, ThresholdRule } from "./rule-types.ts";

/** A rule as somebody types it: numbers are text, times are minutes. */
export interface RuleDraft {
  /** In which its numbers are written. */
  language: Language;
  severity: Rule["severity"];
  isEnabled: boolean;
  deviceKind: DeviceKind | "";
  place: DevicePlace | "";
  deviceId: string;
  when: ThresholdRule["when"];
  source: string;
  sourceKind: ThresholdRule["limitSource"]["sourceKind"];
  /** By `NumberField`; those of another kind of rule are empty. */
  numbers: Readonly<Partial<Record<NumberField, string>>>;
}

export type NumberField =
  | "limit"
  | "clearLimit"
  | "minDuration"
  | "clearDuration"
  | "perMinuteMax"
  | "window"
  | "intervals"
  | "grace"
  | "readingsInRow"
  | "quiet";

export type DraftFault = "number" | "range" | "clearSide" | "source" | "device" | "idle";
export type DraftField = NumberField | "source" | "deviceId";

/** The rule, or what is wrong with which field. */
export type Checked =
  | { rule: Rule; faults: null }
  | {
      rule: null;
      faults: ReadonlyMap<DraftField, DraftFault>;
      /** What it would do can be told before it has a source. */
      unsourced: Rule | null;
    };

interface NumberFacts {
  /** Where it stands in the rule, and what one of it is there. */
  key: string;
  factor: number;
  min: number;
  max: number;
}

const minute = 60;
const minutesMax = 7 * 24 * 60;
const anything = { factor: 1, min: Number.NEGATIVE_INFINITY, max: Number.POSITIVE_INFINITY };
const minutes = { factor: minute, min: 0, max: minutesMax };

/** As the contract bounds them. */
const numberFacts = {
  limit: { key: "limit", ...anything },
  clearLimit: { key: "clearLimit", ...anything },
  minDuration: { key: "minDurationSeconds", ...minutes },
  clearDuration: { key: "clearDurationSeconds", ...minutes },
  perMinuteMax: { key: "perMinuteMax", ...anything, min: Number.MIN_VALUE },
  window: { key: "windowSeconds", ...minutes, min: 1 / minute },
  intervals: { key: "intervalsMissed", factor: 1, min: 1, max: 1_000 },
  grace: { key: "graceSeconds", ...minutes },
  readingsInRow: { key: "readingsInRow", factor: 1, min: 1, max: 1_000 },
  quiet: { key: "quietSeconds", ...minutes },
} as const satisfies Record<NumberField, NumberFacts>;

/** In the order of the form; the last ones are further settings. */
export const fieldsOf = {
  threshold: ["limit", "clearLimit", "minDuration", "clearDuration", "quiet"],
  rateOfChange: ["perMinuteMax", "window", "quiet"],
  noData: ["intervals", "grace", "quiet"],
  implausible: ["readingsInRow", "quiet"],
} as const satisfies Record<Rule["kind"], readonly NumberField[]>;

export function draftOf({ rule, isEnabled }: RuleVersion, language: Language): RuleDraft {
  const { deviceKind = "", place = "", deviceId = "" } = rule.scope;
  const values = new Map<string, unknown>(Object.entries(rule));
  const numbers = fieldsOf[rule.kind].map((field) => {
    const { key, factor } = numberFacts[field];
    const value = Number(values.get(key));
    return [field, formatNumber(value / factor, language)] as const;
  });
  return {
    language,
    severity: rule.severity,
    isEnabled,
    deviceKind,
    place,
    deviceId,
    when: rule.kind === "threshold" ? rule.when : "above",
    source: limitSourceOf(rule)?.source ?? "",
    sourceKind: limitSourceOf(rule)?.sourceKind ?? "project",
    numbers: Object.fromEntries(numbers),
  };
}

/** @param base what is changed: what the form does not show stays as it is there */
export function ruleOf(draft: RuleDraft, base: Rule): Checked {
  const faults = new Map<DraftField, DraftFault>();
  const values = new Map<string, number>();
  for (const field of fieldsOf[base.kind]) {
    const { key, factor, min, max } = numberFacts[field];
    const value = parseNumber(draft.numbers[field] ?? "", draft.language);
    if (value === null) faults.set(field, "number");
    else if (value < min || value > max || !isWhole(field, value)) faults.set(field, "range");
    else values.set(key, factor === 1 ? value : Math.round(value * factor));
  }
  const { deviceKind, place, deviceId, severity, when } = draft;
  const scope = {
    ...(deviceKind === "" ? {} : { deviceKind }),
    ...(place === "" ? {} : { place }),
    ...(deviceId === "" ? {} : { deviceId }),
  };
  const said = { source: draft.source.trim(), sourceKind: draft.sourceKind };
  const hasSource = limitSourceOf(base) !== null;
  if (hasSource && said.source === "") faults.set("source", "source");
  const sided = base.kind === "threshold" ? { when } : {};
  const sourced = hasSource ? { limitSource: said } : {};
  const numbers = Object.fromEntries(values);
  // The numbers are those of its kind, by `fieldsOf`; the rest is the base's own.
  const rule = { ...base, ...numbers, ...sided, ...sourced, severity, scope } as Rule;
  const isComplete = [...faults.keys()].every((field) => field === "source");
  if (isComplete) findSideFaults(rule, faults);
  if (faults.size === 0) return { rule, faults: null };
  const isUnsourced = faults.size === 1 && faults.has("source");
  return { rule: null, faults, unsourced: isUnsourced ? withSource(rule, unsaidSource) : null };
}

/** Never stored: a preview knows no source. */
const unsaidSource = "?";

function withSource(rule: Rule, source: string): Rule {
  if (!("limitSource" in rule)) return rule;
  return { ...rule, limitSource: { ...rule.limitSource, source } };
}

function isWhole(field: NumberField, value: number): boolean {
  return field !== "readingsInRow" || Number.isInteger(value);
}

function findSideFaults(rule: Rule, faults: Map<DraftField, DraftFault>): void {
  if (rule.kind !== "threshold") return;
  const { when, limit, clearLimit, idleLimit } = rule;
  const isClearGood = when === "above" ? clearLimit <= limit : clearLimit >= limit;
  if (!isClearGood) faults.set("clearLimit", "clearSide");
  if (idleLimit === undefined) return;
  const isIdleBroken = when === "above" ? idleLimit > limit : idleLimit < limit;
  if (!isIdleBroken) faults.set("limit", "idle");
}

/** Who says it: Nadi's own choice is not the kitchen's, though both are no rule of the state. */
export function sourceKindOf({
  source,
  sourceKind,
}: Pick<RuleDraft, "source" | "sourceKind">): RuleDraft["sourceKind"] | "nadi" {
  return sourceKind === "project" && isSourceOfNadi(source) ? "nadi" : sourceKind;
}

export function limitSourceOf(rule: Rule): ThresholdRule["limitSource"] | null {
  return "limitSource" in rule ? rule.limitSource : null;
}

/** The source that was said stands for the limit that it set, and for no other. */
export function isLimitChanged(draft: RuleDraft, base: Rule): boolean {
  if (base.kind === "threshold")
    return parseNumber(draft.numbers.limit ?? "", draft.language) !== base.limit;
  if (base.kind !== "rateOfChange") return false;
  return parseNumber(draft.numbers.perMinuteMax ?? "", draft.language) !== base.perMinuteMax;
}

/** What may stand for thousands: `1.500` is one and a half to nobody who writes Indonesian. */
const thousands = { id: /^-?[1-9]\d{0,2}\.\d{3}$/, en: /^-?[1-9]\d{0,2},\d{3}$/ } as const;

/**
 * Comma or point, and a true minus: as it is written on the screen, or typed. `null` for what is no
 * number, or may be one of two.
 */
export function parseNumber(text: string, language: Language): number | null {
  const signed = text.trim().replace("−", "-");
  if (thousands[language].test(signed)) return null;
  const plain = signed.replace(",", ".");
  return /^-?\d{1,9}(\.\d{1,6})?$/.test(plain) ? Number(plain) : null;
}

function formatNumber(value: number, language: Language): string {
  if (!Number.isFinite(value)) return "";
  const text = String(Math.round(value * 1e6) / 1e6);
  return language === "id" ? text.replace(".", ",") : text;
}

/** Limits of a quantity that nobody has set yet: all empty, for one device. */
export function newRule(
  { deviceId, reading }: { deviceId: string; reading: ReadingName },
  knownKeys: readonly string[],
): Rule {
  const field = findReadingType(reading)?.primaryField ?? "value";
  return {
    kind: "threshold",
    key: freeKey(`own-${deviceId}-${reading}`, knownKeys),
    severity: "warning",
    scope: { deviceId },
    reading,
    field,
    when: reading === "weight" ? "below" : "above",
    limit: Number.NaN,
    clearLimit: Number.NaN,
    minDurationSeconds: 5 * minute,
    clearDurationSeconds: minute,
    quietSeconds: 15 * minute,
    limitSource: { source: "", sourceKind: "project" },
  };
}

const keyCharactersMax = 58;

function freeKey(wanted: string, known: readonly string[]): string {
  const plain = wanted
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]/g, "-")
    .slice(0, keyCharactersMax);
  for (let number = 1; ; number += 1) {
    const key = number === 1 ? plain : `${plain}-${number}`;
    if (!known.includes(key)) return key;
  }
}
