/**
 * How often a rule would have fired: the monitor's own fold over stored readings. What it finds
 * goes to whoever asked and nowhere else: no alert, no message, no state.
 */
import type { AlertState } from "../monitor/monitor.ts";
import type { RuleVersion, Rule } from "../rules/rule.ts";
import type { DirectoryDevice } from "../decode/directory.ts";
import type { History } from "../store/store.ts";
import { planSeries, rulesWith, warmUpMsOf, watchedDevices } from "./plan.ts";
import { loadReadings, type LoadLimits } from "./load-readings.ts";
import { refold } from "./refold.ts";

export interface RulePreviewQuery {
  sppgId: string;
  /** The draft; it takes the place of the rule with its key, and counts as enabled. */
  rule: Rule;
  /** The kitchen's rules in force, the defaults among them: narrower ones win over the draft. */
  rules: readonly RuleVersion[];
  /** As they stand now: what they were in the period is not known. */
  devices: readonly DirectoryDevice[];
  /** `fromMs` ≤ opening < `toMs`, UTC ms. */
  fromMs: number;
  toMs: number;
}

/** An alert that would have been opened. */
export interface Firing {
  deviceId: string;
  /** `null` for a device's silence. */
  channel: string | null;
  openedAtMs: number;
  /** `null`: still active at the end of the period. */
  resolvedAtMs: number | null;
  /** In the field's unit, a minute for a rate; `null` where there is no value. */
  worstValue: number | null;
  /** How often the condition came back within the quiet time, the first one counted. */
  occurrences: number;
  /** It was open when the period began: shown, and not counted. */
  isFromBefore: boolean;
}

export interface RulePreview {
  /** The period that was judged: shorter than asked for if `isPartial`. */
  fromMs: number;
  toMs: number;
  /** There were more readings than the limits allow: only the newest part was judged. */
  isPartial: boolean;
  /** Of the period, those from before first, then by time: the newest `previewFiringsMax`. */
  firings: Firing[];
  /** Every device that the rule is about, in the order of ids, with how often it fires. */
  devices: { deviceId: string; count: number }[];
  /** Readings that were judged. */
  readingsCount: number;
}

/**
 * More than a person looks through; the counts of devices are whole. A limit within a sensor's
 * noise fires 100,000 times, and to take those in would hold up the main thread, the broker's.
 */
export const previewFiringsMax = 500;

/** About a second of a worker's time each; a kitchen of twenty sensors stays below. */
export const previewLimits: LoadLimits = { rowsMax: 300_000, readMsMax: 3_000 };

/**
 * Equal to the alerts that were really opened, but for what stored readings do not tell: when a
 * reading with a time of its own arrived (taken as that time), when Nadi itself was away or the
 * host's clock stepped (taken as never), messages without a reading, what people resolved, and
 * other rules and devices than those of now.
 */
export async function previewRule(
  history: Pick<History, "raw" | "latest">,
  query: RulePreviewQuery,
  limits: LoadLimits = previewLimits,
): Promise<RulePreview> {
  const { sppgId, rule, devices, fromMs, toMs } = query;
  const series = planSeries(query, await history.latest(sppgId));
  const loadFromMs = Math.max(0, fromMs - warmUpMsOf(rule, devices));
  const range = { fromMs: loadFromMs, toMs };
  const loaded = await loadReadings(history, { series, devices, ...range }, limits);
  const judgedFromMs = Math.max(fromMs, loaded.fromMs);
  const alerts = refold({
    devices,
    rules: rulesWith(query),
    entries: loaded.entries,
    sppgId,
    toMs,
  });
  const firings = alerts
    .filter((alert) => alert.rule.key === rule.key)
    .flatMap((alert) => toFiring(alert, judgedFromMs))
    .filter(({ openedAtMs, resolvedAtMs }) => {
      return openedAtMs < toMs && (resolvedAtMs === null || resolvedAtMs >= judgedFromMs);
    })
    .toSorted((a, b) => a.openedAtMs - b.openedAtMs);
  const counted = watchedDevices(query).map(({ deviceId }) => ({
    deviceId,
    count: firings.filter((one) => one.deviceId === deviceId && !one.isFromBefore).length,
  }));
  return {
    fromMs: judgedFromMs,
    toMs,
    isPartial: loaded.isPartial,
    firings: firings.slice(-previewFiringsMax),
    devices: counted,
    readingsCount: loaded.entries.length,
  };
}

function toFiring(alert: AlertState, fromMs: number): Firing[] {
  const { deviceId, channel, openedAtMs, clearedAtMs, worstValue, occurrences } = alert;
  // Only an alert about a kitchen has no device, and no rule opens one.
  if (deviceId === null) return [];
  const resolvedAtMs = clearedAtMs;
  const facts = { deviceId, channel, openedAtMs, resolvedAtMs, worstValue, occurrences };
  return [{ ...facts, isFromBefore: openedAtMs < fromMs }];
}
