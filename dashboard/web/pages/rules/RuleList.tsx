import { useState } from "react";
import { Link } from "wouter";
import { SeverityMark } from "../../components/SeverityMark.tsx";
import { useFormat, useTexts, useWords } from "../../i18n/LanguageProvider.tsx";
import { rulesTexts } from "../../i18n/rules.ts";
import { describeRule } from "./describe-rule.ts";
import type { RuleAddress } from "./rule-address.ts";
import { limitSourceOf, sourceKindOf } from "./rule-draft.ts";
import type { RulePlace, RuleVersion } from "./rule-types.ts";
import styles from "./RulesPage.module.css";

/** Each rule as its sentence, in the order of what it is about. */
export function RuleList(props: {
  rules: readonly RuleVersion[];
  place: RulePlace;
  fired: ReadonlyMap<string, number> | null;
  address: RuleAddress;
}) {
  const { rules, place, fired, address } = props;
  const t = useTexts(rulesTexts);
  const said = { texts: t, words: useWords(), format: useFormat() };
  const factsOf = useRuleFacts();
  const first = useFiredFirst(fired);
  const rows = rules
    .map((version) => ({ version, sentence: describeRule(version.rule, place, said) }))
    .toSorted(
      (a, b) =>
        Number(first.has(b.version.key)) - Number(first.has(a.version.key)) ||
        a.sentence.localeCompare(b.sentence),
    );
  return (
    <ul className={styles["list"]} aria-label={t.list}>
      {rows.map(({ version, sentence }) => {
        const { key, rule, isEnabled } = version;
        const isChosen = key === address.chosen;
        return (
          <li key={key} className={isChosen ? styles["chosen"] : undefined}>
            <Link
              href={address.hrefOf(key)}
              className={`${styles["row"]} ${isEnabled ? "" : styles["off"]}`}
              aria-current={isChosen ? "true" : undefined}
            >
              <span className={styles["what"]}>
                <b>
                  {sentence}
                  <span className={styles["arrow"]}> → {said.words.severity[rule.severity]}</span>
                </b>
                <span>{factsOf(version)}</span>
              </span>
              <Fired {...version} count={fired === null ? null : (fired.get(key) ?? 0)} />
            </Link>
          </li>
        );
      })}
    </ul>
  );
}

/** `pedoman · Codex … · versi 2` */
export function useRuleFacts(): (version: RuleVersion) => string {
  const t = useTexts(rulesTexts);
  const words = useWords();
  const format = useFormat();
  return ({ rule, version }) => {
    const source = limitSourceOf(rule);
    const from =
      source === null
        ? null
        : `${t.source[sourceKindOf(source)]} · ${words.limitSource(source.source)}`;
    const which = version === 0 ? t.preset : t.version(format.number(version));
    return [from, which].filter((part) => part !== null).join(" · ");
  };
}

/** As it was when it was first known: no row moves under a finger. */
function useFiredFirst(fired: ReadonlyMap<string, number> | null): ReadonlyMap<string, number> {
  const [first, setFirst] = useState<ReadonlyMap<string, number> | null>(null);
  if (first === null && fired !== null) setFirst(fired);
  return first ?? fired ?? new Map();
}

/** A rule is no state: its severity has its colour only where it has really fired. */
function Fired({ isEnabled, rule, count }: RuleVersion & { count: number | null }) {
  const t = useTexts(rulesTexts);
  const format = useFormat();
  if (!isEnabled) return <span className={styles["fired"]}>{t.disabled}</span>;
  if (count === null) return null;
  return (
    <span className={`${styles["fired"]} ${count > 0 ? styles["some"] : ""}`}>
      {count > 0 && <SeverityMark severity={rule.severity} label="none" />}
      {count === 0 ? t.notFired : t.fired(format.number(count))}
    </span>
  );
}
