/** What a change of rules or devices does to the state: only at change entries. */
import type { Directory } from "../decode/directory.ts";
import type { CompiledRule } from "../rules/compile.ts";
import type { RuleBook } from "../rules/rule-book.ts";
import { tellUntold } from "./alert.ts";
import { close, endStretch } from "./episode.ts";
import { cellKeyOf, factsOf, type Kitchens } from "./kitchens.ts";
import { forgetSilence, reconsider, scheduleDevice } from "./silence.ts";
import type { Cell, Device, DeviceFacts, Episode, Fold, Series, Watched } from "./state.ts";

const noRules: readonly CompiledRule[] = [];

export interface Sources {
  directory: Directory;
  rules: RuleBook;
  kitchens: Kitchens;
}

/**
 * Brings a cell in line with the directory and the rules as they are now. Where nothing has changed
 * nothing happens, so that it does no harm to look once too often.
 *
 * @returns whether anything has changed
 */
export function refreshCell(fold: Fold, cell: Cell, sources: Sources): boolean {
  let hasChanged = false;
  for (const device of cell.devices.values()) {
    hasChanged = refreshDevice(fold, device, sources) || hasChanged;
  }
  if (!hasChanged) return false;
  // After all of them: whom a child waits for may have changed too.
  for (const device of cell.devices.values()) {
    reconsider(device);
    scheduleDevice(fold, device);
  }
  return true;
}

function refreshDevice(
  fold: Fold,
  device: Device,
  { directory, rules, kitchens }: Sources,
): boolean {
  const { cell, deviceId } = device;
  const facts = factsOf(directory, cell.sppgId, deviceId);
  if (cellKeyOf(deviceId, facts) !== cell.key) {
    device.facts = null;
    assignDeviceRules(fold, device, rules);
    forgetSilence(device);
    kitchens.removeDevice(device);
    return true;
  }
  const hasNewFacts = !isSameFacts(facts, device.facts);
  if (hasNewFacts) device.facts = facts;
  const hasNewRules = assignDeviceRules(fold, device, rules);
  if (hasNewFacts && facts?.isEnabled !== true) forgetSilence(device);
  return hasNewFacts || hasNewRules;
}

function isSameFacts(a: DeviceFacts | null, b: DeviceFacts | null): boolean {
  if (a === null || b === null) return a === b;
  return (
    a.kind === b.kind &&
    a.place === b.place &&
    a.gatewayId === b.gatewayId &&
    a.isEnabled === b.isEnabled &&
    a.intervalMs === b.intervalMs
  );
}

/**
 * Finds the rules of a device and of all its series anew.
 *
 * @returns whether any of them are others than before
 */
export function assignDeviceRules(fold: Fold, device: Device, rules: RuleBook): boolean {
  let hasChanged = carryOver(fold, device, { device, rules: deviceRulesOf(device, rules) });
  for (const series of device.series.values()) {
    const found = seriesRulesOf(device, series, rules);
    hasChanged = carryOver(fold, series, { device, rules: found }) || hasChanged;
  }
  return hasChanged;
}

export function deviceRulesOf({ cell, facts }: Device, rules: RuleBook): readonly CompiledRule[] {
  return facts?.isEnabled === true ? rules.deviceRules(cell.sppgId, facts) : noRules;
}

export function seriesRulesOf(
  { cell, facts }: Device,
  { reading }: Series,
  rules: RuleBook,
): readonly CompiledRule[] {
  return facts?.isEnabled === true ? rules.seriesRules(cell.sppgId, facts, reading) : noRules;
}

/**
 * An alert goes on under the rule that opened it as long as a rule of the same key watches the same
 * thing: the newer version decides when it clears. One whose rule no longer applies is ended.
 */
function carryOver(
  fold: Fold,
  watched: Watched,
  { device, rules }: { device: Device; rules: readonly CompiledRule[] },
): boolean {
  if (watched.rules === rules) return false;
  const before = watched.rules;
  const episodes = watched.episodes;
  watched.rules = rules;
  const isSame = ({ key, version }: CompiledRule, at: number) =>
    before[at]?.key === key && before[at].version === version;
  if (rules.length === before.length && rules.every(isSame)) return false;
  if (episodes === null) return true;
  const carried: (Episode | null)[] = rules.map((rule) => {
    const at = before.findIndex((other) => isSameWatch(rule, other));
    const episode = episodes[at] ?? null;
    if (episode !== null) episodes[at] = null;
    if (episode !== null && episode.version !== rule.version) restart(episode, rule);
    return episode;
  });
  for (const episode of episodes) {
    if (episode !== null) endByRule(fold, device, episode);
  }
  watched.episodes = carried.some((episode) => episode !== null) ? carried : null;
  return true;
}

/** Under another limit or field the same key is another rule. */
function isSameWatch(a: CompiledRule, b: CompiledRule): boolean {
  return (
    a.key === b.key &&
    a.kind === b.kind &&
    a.reading === b.reading &&
    a.field === b.field &&
    a.worse === b.worse
  );
}

/** What was counted under the old limit says nothing about the new one. */
function restart(episode: Episode, rule: CompiledRule): void {
  episode.version = rule.version;
  endStretch(episode, rule);
  episode.clearSinceMs = null;
  episode.samples = [];
}

/** @param device is to be out of silence's count before its episode goes */
export function endByRule(fold: Fold, device: Device, episode: Episode): void {
  if (episode.silence === "waiting") device.cell.waiting -= 1;
  close(fold, episode, { by: "rule", atMs: fold.receivedTimeMs, timeMs: fold.listeningMs });
  tellUntold(fold, episode);
}
