import { findReadingType, type ReadingName, type Unit } from "../../../../devices/browser.ts";
import { nameSensor } from "../../alerts/describe-alert.ts";
import type { Format } from "../../i18n/format.ts";
import type { Words } from "../../i18n/id.ts";
import type { RulesTexts } from "../../i18n/rules.ts";
import type { Rule, RulePlace } from "./rule-types.ts";

export interface Said {
  texts: RulesTexts;
  words: Words;
  format: Format;
}

const secondMs = 1_000;

/** `Penyimpanan dingin di atas 5,0 °C selama 15 mnt`: when it fires, without its severity. */
export function describeRule(rule: Rule, place: Pick<RulePlace, "devices">, said: Said): string {
  const { texts, format } = said;
  const { sentence } = texts;
  const what = describeSubject(rule, place, said);
  const lasting = (plain: string, seconds: number): string =>
    seconds === 0 ? plain : sentence.lasting(plain, format.exactDuration(seconds * secondMs));
  if (rule.kind === "threshold") {
    const limit = measure(rule.limit, unitOf(rule), format);
    const isDoor = rule.reading === "door";
    const plain = isDoor ? sentence.door(what) : sentence[rule.when](what, limit);
    return lasting(plain, rule.minDurationSeconds);
  }
  if (rule.kind === "rateOfChange") {
    const rate = sentence.perMinute(measure(rule.perMinuteMax, unitOf(rule), format));
    const plain = sentence[rule.direction](what, rate);
    return sentence.within(plain, format.exactDuration(rule.windowSeconds * secondMs));
  }
  if (rule.kind === "noData") return lasting(sentence.silent(what), rule.graceSeconds);
  return sentence.fault(what, format.number(rule.readingsInRow));
}

/** Whom it is about, as people call them; what is not temperature says so. */
function describeSubject(
  { scope, ...rule }: Rule,
  { devices }: Pick<RulePlace, "devices">,
  { texts, words }: Said,
): string {
  const { deviceId, place, deviceKind } = scope;
  const named = (): string => {
    if (deviceId !== undefined) return nameSensor({ deviceId, subject: null }, { devices }, words);
    if (place !== undefined) return words.place[place];
    return deviceKind === undefined ? texts.everything : texts.kind[deviceKind];
  };
  const isMeasured = rule.kind === "threshold" || rule.kind === "rateOfChange";
  if (!isMeasured || rule.reading === "temperature" || rule.reading === "door") return named();
  // The contract names reading types only.
  return `${named()}, ${texts.reading[rule.reading as ReadingName]}`;
}

export function unitOf(rule: { reading: string; field: string }): Unit {
  return findReadingType(rule.reading)?.fields[rule.field]?.unit ?? "count";
}

/** As many digits as the limit has, and at least those of its unit. */
export function measure(value: number, unit: Unit, format: Format): string {
  const usual = format.quantity(value, unit);
  const digits = (String(value).split(".")[1] ?? "").length;
  const shown = (/[.,](\d+)$/.exec(usual.number)?.[1] ?? "").length;
  const number = digits > shown ? format.number(value, digits) : usual.number;
  return [number, usual.unit].filter((part) => part !== "").join("\u00a0");
}
