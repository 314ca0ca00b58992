/** What of a kitchen's history a rule needs to be judged. */
import { findReadingType, readingNames } from "../../devices/index.ts";
import type { DirectoryDevice } from "../decode/directory.ts";
import { isAboutDevice } from "../rules/match.ts";
import type { Rule, RuleVersion } from "../rules/rule.ts";
import type { LatestValue, SeriesQuery } from "../store/store.ts";
import type { RulePreviewQuery } from "./preview.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** Where a device that names no channel stands. */
const defaultChannel = "0";

/** The devices that the rule itself is about, whichever other rule is narrower. */
export function watchedDevices({ rule, devices }: RulePreviewQuery): DirectoryDevice[] {
  return devices.filter((device) => device.enabled && isAboutDevice(rule, device));
}

/** The kitchen's rules with the draft in its place. */
export function rulesWith({ sppgId, rule, rules }: RulePreviewQuery): RuleVersion[] {
  const before = rules.find(({ key }) => key === rule.key);
  const { version = 0, changeSeq = 0 } = before ?? {};
  const draft: RuleVersion = { sppgId, key: rule.key, version, changeSeq, isEnabled: true, rule };
  return [...rules.filter(({ key }) => key !== rule.key), draft];
}

/**
 * One field each: a reading's flags and time are the same on all of its fields. A sensor that has
 * never given a good value is known by its default channel only.
 */
export function planSeries(query: RulePreviewQuery, known: readonly LatestValue[]): SeriesQuery[] {
  const { sppgId, rule } = query;
  const read = new Map<string, SeriesQuery>();
  const add = (deviceId: string, channel: string, reading: string): void => {
    const isMeasured = rule.kind === "threshold" || rule.kind === "rateOfChange";
    if (isMeasured && reading !== rule.reading) return;
    const field = isMeasured ? rule.field : requiredField(reading);
    if (field === null) return;
    const key = `${deviceId}/${channel}/${reading}`;
    read.set(key, { sppgId, deviceId, channel, reading, field });
  };
  for (const deviceId of devicesToRead(query)) {
    for (const reading of readingNames) add(deviceId, defaultChannel, reading);
    for (const series of known) {
      if (series.deviceId === deviceId) add(deviceId, series.channel, series.reading);
    }
  }
  return [...read.values()];
}

function requiredField(reading: string): string | null {
  const fields = Object.entries(findReadingType(reading)?.fields ?? {});
  return fields.find(([, { isRequired }]) => isRequired)?.[0] ?? null;
}

/** A silence is judged with its gateway, which is heard by whatever any of its children sends. */
function devicesToRead(query: RulePreviewQuery): ReadonlySet<string> {
  const watched = watchedDevices(query);
  const ids = new Set(watched.map(({ deviceId }) => deviceId));
  if (query.rule.kind !== "noData") return ids;
  const gateways = new Set(watched.map(({ deviceId, gatewayId }) => gatewayId ?? deviceId));
  for (const { deviceId, gatewayId } of query.devices) {
    if (gateways.has(gatewayId ?? deviceId)) ids.add(deviceId);
  }
  return ids;
}

/**
 * How long before the period the fold begins, so that an alert which was already open is known as
 * one, and a condition that comes back joins it. At most a day, in whole hours.
 */
export function warmUpMsOf(rule: Rule, devices: readonly DirectoryDevice[]): number {
  const seconds = rule.quietSeconds + ownSecondsOf(rule, devices);
  return Math.min(dayMs, Math.ceil((seconds * 1000) / hourMs) * hourMs + hourMs);
}

function ownSecondsOf(rule: Rule, devices: readonly DirectoryDevice[]): number {
  if (rule.kind === "threshold") return rule.minDurationSeconds + rule.clearDurationSeconds;
  if (rule.kind === "rateOfChange") return 2 * rule.windowSeconds;
  if (rule.kind === "implausible") return 0;
  const intervals = devices.map(({ expectedIntervalSeconds }) => expectedIntervalSeconds);
  return Math.max(rule.graceSeconds, rule.intervalsMissed * Math.max(0, ...intervals));
}
