import { createHash } from "node:crypto";
import { alertAddress } from "../../devices/index.ts";
import type { CompiledRule } from "../rules/compile.ts";
import type { AlertState } from "./monitor.ts";
import type { Episode, Fold, Moment, Sample } from "./state.ts";

/** 128 bits. */
const alertIdChars = 32;

/**
 * The same for the same opening, however often the journal is folded, and also if an old reading
 * that opened it comes once more: rows are told apart by it.
 */
export function alertIdOf(rule: CompiledRule, { device, series, sample }: Moment): string {
  const { cell, deviceId } = device;
  // A device that moves to another gateway begins anew there: a reading that opened an alert before
  // may come once more, and a row that has ended never goes back.
  const about = [cell.sppgId, cell.key, deviceId, series?.channel ?? "", series?.reading ?? ""];
  const identity = JSON.stringify([rule.key, rule.version, ...about, identityOf(sample)]);
  return createHash("sha256").update(identity).digest("hex").slice(0, alertIdChars);
}

/** An offset is never given twice; a time of the device's own stays the same in a resend. */
function identityOf({ originalTimeMs, seq, offset, index }: Sample): string {
  return originalTimeMs === null ? `@${offset}.${index}` : `${originalTimeMs}.${seq ?? 0}`;
}

export interface Opening {
  /** At the reading that opened it; `null` for a silence. */
  value: number | null;
  worstValue: number | null;
  openedAtMs: number;
}

/** An alert that has never been told: its first message makes it revision 1. */
export function createAlert(rule: CompiledRule, moment: Moment, opening: Opening): AlertState {
  const { device, series } = moment;
  const { sppgId } = device.cell;
  const place = device.facts?.place ?? null;
  return {
    alertId: alertIdOf(rule, moment),
    rule: { key: rule.key, version: rule.version },
    severity: rule.rule.severity,
    condition: "active",
    deviceId: device.deviceId,
    channel: series?.channel ?? null,
    reading: series?.reading ?? null,
    field: rule.field === "" ? null : rule.field,
    subject: null,
    value: opening.value,
    worstValue: opening.worstValue,
    limit: rule.alertLimit,
    openedAtMs: opening.openedAtMs,
    clearedAtMs: null,
    isLate: false,
    occurrences: 1,
    sppgId,
    // A device that stands nowhere is the kitchen's own matter.
    domain: place === null ? "production" : alertAddress(sppgId, place).domain,
    revision: 0,
    clearedBy: null,
  };
}

/** Says the alert as it is now. */
export function tell(fold: Fold, alert: AlertState): void {
  alert.revision += 1;
  const { offset, receivedTimeMs } = fold;
  // A copy: the state goes on changing while the effect waits.
  fold.effects.push({ kind: "alert", offset, receivedTimeMs, alert: { ...alert } });
}

/** Worst values are told at most this often, in listening time: one message for many readings. */
export const tellPeriodMs = 10_000;

/** Tells the cell's changed worst values a little later. */
export function tellSoon(fold: Fold, { device: { cell } }: Moment): void {
  if (cell.tellAtMs !== null) return;
  cell.tellAtMs = fold.listeningMs + tellPeriodMs;
  fold.schedule(cell, cell.tellAtMs);
}

/** Tells what waits for it. */
export function tellUntold(fold: Fold, episode: Episode): void {
  if (episode.isUntold && episode.alert !== null) tell(fold, episode.alert);
  episode.isUntold = false;
  for (const run of episode.lateRuns) {
    if (run.isUntold && run.alert !== null) tell(fold, run.alert);
    run.isUntold = false;
  }
}
