import type { DeviceKind, DevicePlace } from "../../devices/index.ts";
import { defaultRules, defaultRuleVersion } from "./defaults.ts";
import type { Rule, RuleVersion } from "./rule.ts";

/** What of a device decides which rules are about it. */
export interface RuleTarget {
  deviceId: string;
  kind: DeviceKind;
  place: DevicePlace | null;
}

/**
 * Every rule of a kitchen, the disabled ones too: the defaults in their order, each replaced by the
 * kitchen's own version of it, then the kitchen's further rules by key. The order does not depend
 * on the order of `own`.
 *
 * @param own the newest version of each of the kitchen's own rules
 */
export function withDefaults(sppgId: string, own: Iterable<RuleVersion>): RuleVersion[] {
  const ownByKey = new Map(Array.from(own, (version) => [version.key, version]));
  const defaults = defaultRules.map((rule) => {
    const replaced = ownByKey.get(rule.key);
    ownByKey.delete(rule.key);
    return replaced ?? defaultVersion(sppgId, rule);
  });
  const further = [...ownByKey.values()].toSorted((a, b) => (a.key < b.key ? -1 : 1));
  return [...defaults, ...further];
}

function defaultVersion(sppgId: string, rule: Rule): RuleVersion {
  const { key } = rule;
  return { sppgId, key, version: defaultRuleVersion, changeSeq: 0, isEnabled: true, rule };
}

/**
 * The rules about one device. Of rules that watch the same thing only those with the narrowest
 * scope count: a device before a place, a place before a kind, a kind before everything. Equally
 * narrow ones all count.
 */
export function selectRules(
  versions: readonly RuleVersion[],
  target: RuleTarget,
): readonly RuleVersion[] {
  const matching = versions.filter(
    ({ isEnabled, rule }) => isEnabled && isAboutDevice(rule, target),
  );
  const narrowest = new Map<string, number>();
  for (const { rule } of matching) {
    const watched = watchedThing(rule);
    narrowest.set(watched, Math.max(narrowest.get(watched) ?? 0, narrowness(rule)));
  }
  return matching.filter(({ rule }) => narrowness(rule) === narrowest.get(watchedThing(rule)));
}

/** Whether the rule's own scope takes the device in, whatever other rules there are. */
export function isAboutDevice({ scope }: Rule, { deviceId, kind, place }: RuleTarget): boolean {
  return (
    (scope.deviceKind === undefined || scope.deviceKind === kind) &&
    (scope.place === undefined || scope.place === place) &&
    (scope.deviceId === undefined || scope.deviceId === deviceId)
  );
}

function narrowness({ scope }: Rule): number {
  return (
    (scope.deviceId === undefined ? 0 : 4) +
    (scope.place === undefined ? 0 : 2) +
    (scope.deviceKind === undefined ? 0 : 1)
  );
}

/**
 * A warning and a critical limit of the same quantity are two things, since both are wanted; a
 * device is silent, or a sensor broken, only in one way.
 */
function watchedThing(rule: Rule): string {
  if (rule.kind === "noData" || rule.kind === "implausible") return rule.kind;
  const side = rule.kind === "threshold" ? rule.when : rule.direction;
  return `${rule.kind} ${rule.severity} ${rule.reading} ${rule.field} ${side}`;
}
