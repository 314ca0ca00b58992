import { defaultRules } from "../../../ingest/rules/defaults.ts";
import type { Rule, ThresholdRule } from "../../../ingest/rules/rule.ts";
import { judgeValue, readingTypes } from "../../../devices/readings.ts";
import type { KitchenWorld, SimulatedDevice } from "../../../simulators/index.ts";
import { day, midnight, readingsOf, type SentReading } from "../world/worlds.ts";

/** An alert of a kitchen's day, by a second and simpler judge than the monitor's. */
export interface Judged {
  ruleKey: string;
  severity: string;
  deviceId: string;
  openedMs: number;
  clearedMs: number | null;
}

/** What the rules say about one whole day of a world, read in the order of event time. */
export function judgeDay(kitchen: KitchenWorld, rules: readonly Rule[] = defaultRules): Judged[] {
  const readings = readingsOf(kitchen, midnight, midnight + day);
  return kitchen.devices.flatMap((device) => {
    const own = readings
      .filter(({ deviceId }) => deviceId === device.deviceId)
      .toSorted((a, b) => a.ts - b.ts);
    const about = rules.filter(({ scope }) => isAbout(scope, device));
    const found = about.flatMap((rule): Judged[] => {
      const name = { ruleKey: rule.key, severity: rule.severity, deviceId: device.deviceId };
      const spans = judge(rule, own);
      return spans.map((span) => ({ ...name, ...span }));
    });
    return [...found, ...judgeSilence(kitchen, device, { readings, about })];
  });
}

interface Found {
  openedMs: number;
  clearedMs: number | null;
}

function judge(rule: Rule, own: readonly SentReading[]): Found[] {
  if (rule.kind === "threshold") return judgeThreshold(rule, own);
  if (rule.kind === "implausible") return judgeFaults(rule.readingsInRow, own);
  if (rule.kind === "noData") return [];
  const values = valuesOf(own, rule);
  let oldest = 0;
  return values.flatMap(({ ts, value }) => {
    const windowMs = rule.windowSeconds * 1000;
    while ((values[oldest + 1]?.ts ?? ts) <= ts - windowMs) oldest += 1;
    const before = values[oldest];
    if (before === undefined || before.ts > ts - windowMs) return [];
    const perMinute = (value - before.value) / ((ts - before.ts) / 60_000);
    return perMinute > rule.perMinuteMax ? [{ openedMs: ts, clearedMs: null }] : [];
  });
}

function judgeThreshold(rule: ThresholdRule, own: readonly SentReading[]): Found[] {
  const sign = rule.when === "above" ? 1 : -1;
  const found: Found[] = [];
  let brokenMs: number | null = null;
  let clearMs: number | null = null;
  let open: Found | null = null;
  for (const { ts, value } of valuesOf(own, rule)) {
    const isIdle = rule.idleLimit !== undefined && (value - rule.idleLimit) * sign > 0;
    const isBroken = !isIdle && (value - rule.limit) * sign > 0;
    const isClear = isIdle || (value - rule.clearLimit) * sign <= 0;
    if (isClear) brokenMs = null;
    else if (isBroken) brokenMs ??= ts;
    clearMs = isClear ? (clearMs ?? ts) : null;
    if (open === null && brokenMs !== null && ts - brokenMs >= rule.minDurationSeconds * 1000) {
      open = { openedMs: ts, clearedMs: null };
      found.push(open);
    }
    if (open !== null && clearMs !== null && ts - clearMs >= rule.clearDurationSeconds * 1000) {
      open.clearedMs = ts;
      open = null;
    }
  }
  return found;
}

function judgeFaults(inRow: number, own: readonly SentReading[]): Found[] {
  const found: Found[] = [];
  let row = 0;
  for (const reading of own) {
    row = isFaulty(reading) ? row + 1 : 0;
    if (row === inRow) found.push({ openedMs: reading.ts, clearedMs: null });
    const last = found.at(-1);
    if (row === 0 && last !== undefined) last.clearedMs ??= reading.ts;
  }
  return found;
}

/** By arrival, over all that a connection carries; the most particular rule counts. */
function judgeSilence(
  kitchen: KitchenWorld,
  device: SimulatedDevice,
  { readings, about }: { readings: readonly SentReading[]; about: readonly Rule[] },
): Judged[] {
  const rule = about.findLast(({ kind }) => kind === "noData");
  if (rule?.kind !== "noData" || device.gatewayId !== null) return [];
  const carried = new Set(
    kitchen.devices
      .filter(({ deviceId, gatewayId }) => (gatewayId ?? deviceId) === device.deviceId)
      .map(({ deviceId }) => deviceId),
  );
  const arrivals = readings.filter(({ deviceId }) => carried.has(deviceId));
  const patienceMs =
    Math.max(rule.intervalsMissed * device.intervalSeconds, rule.graceSeconds) * 1000;
  return arrivals.flatMap(({ arrivedMs }, at) => {
    const nextMs = arrivals[at + 1]?.arrivedMs ?? midnight + day;
    if (nextMs - arrivedMs <= patienceMs) return [];
    const { key: ruleKey, severity } = rule;
    const openedMs = arrivedMs + patienceMs;
    return [{ ruleKey, severity, deviceId: device.deviceId, openedMs, clearedMs: nextMs }];
  });
}

function valuesOf(
  own: readonly SentReading[],
  { reading, field }: { reading: string; field: string },
): { ts: number; value: number }[] {
  return own.flatMap((one) => {
    const value = one.fields[field];
    if (one.reading !== reading || value === undefined || isFaulty(one)) return [];
    return [{ ts: one.ts, value }];
  });
}

function isFaulty({ reading, fields }: SentReading): boolean {
  if (reading !== "temperature") return false;
  return judgeValue(readingTypes.temperature.fields.celsius, fields["celsius"] ?? 0) !== null;
}

function isAbout(scope: Rule["scope"], device: SimulatedDevice): boolean {
  return (
    (scope.place === undefined || scope.place === device.place) &&
    (scope.deviceKind === undefined || scope.deviceKind === device.kind) &&
    (scope.deviceId === undefined || scope.deviceId === device.deviceId)
  );
}
