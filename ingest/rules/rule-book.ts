import { type CompiledRule, compileRule } from "./compile.ts";
import { type RuleTarget, selectRules, withDefaults } from "./match.ts";
import type { RuleVersion } from "./rule.ts";

/** More rules about one series or device than a person can read: the later ones are left out. */
export const rulesPerTargetMax = 32;

/** The rules of every kitchen as of a change, compiled when first asked for, and shared. */
export interface RuleBook {
  /** Takes the newest version of a rule. */
  put(version: RuleVersion): void;
  /** What judges the readings of one type of a device: everything but no-data rules. */
  seriesRules(sppgId: string, target: RuleTarget, reading: string): readonly CompiledRule[];
  /** What judges whether a device is silent. */
  deviceRules(sppgId: string, target: RuleTarget): readonly CompiledRule[];
}

interface RuleSet {
  versions: readonly RuleVersion[];
  /** By target and reading: devices alike share one array. */
  compiled: Map<string, readonly CompiledRule[]>;
  deviceIds: ReadonlySet<string>;
}

export function createRuleBook(initial: Iterable<RuleVersion>): RuleBook {
  const ownBySppgId = new Map<string, Map<string, RuleVersion>>();
  const sets = new Map<string, RuleSet>();
  // Kitchens without rules of their own, which are nearly all, share one set.
  const defaults = createRuleSet(withDefaults("", []));

  function put(version: RuleVersion): void {
    const own = ownBySppgId.get(version.sppgId) ?? new Map<string, RuleVersion>();
    ownBySppgId.set(version.sppgId, own);
    const before = own.get(version.key);
    if (before !== undefined && before.version >= version.version) return;
    own.set(version.key, version);
    sets.delete(version.sppgId);
  }

  function setOf(sppgId: string): RuleSet {
    const own = ownBySppgId.get(sppgId);
    if (own === undefined) return defaults;
    const known = sets.get(sppgId);
    if (known !== undefined) return known;
    const made = createRuleSet(withDefaults(sppgId, own.values()));
    sets.set(sppgId, made);
    return made;
  }

  for (const version of initial) put(version);
  return {
    put,
    seriesRules: (sppgId, target, reading) => pick(setOf(sppgId), target, reading),
    deviceRules: (sppgId, target) => pick(setOf(sppgId), target, ""),
  };
}

function createRuleSet(versions: readonly RuleVersion[]): RuleSet {
  const deviceIds = versions
    .map(({ rule }) => rule.scope.deviceId)
    .filter((id) => id !== undefined);
  return { versions, compiled: new Map(), deviceIds: new Set(deviceIds) };
}

/** @param reading `""` asks for the rules about the device itself */
function pick(set: RuleSet, target: RuleTarget, reading: string): readonly CompiledRule[] {
  const deviceId = set.deviceIds.has(target.deviceId) ? target.deviceId : "";
  const key = `${target.kind}/${target.place ?? ""}/${deviceId}/${reading}`;
  const known = set.compiled.get(key);
  if (known !== undefined) return known;
  const made = selectRules(set.versions, target)
    .filter(({ rule }) => {
      if (rule.kind === "noData") return reading === "";
      if (rule.kind === "implausible") return reading !== "";
      return rule.reading === reading;
    })
    .slice(0, rulesPerTargetMax)
    .map(compileRule);
  set.compiled.set(key, made);
  return made;
}
