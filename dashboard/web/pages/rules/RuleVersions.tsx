import { useState } from "react";
import { ErrorState } from "../../components/Notice.tsx";
import { useFormat, useTexts, useWords } from "../../i18n/LanguageProvider.tsx";
import { rulesTexts } from "../../i18n/rules.ts";
import { describeRule } from "./describe-rule.ts";
import { limitSourceOf } from "./rule-draft.ts";
import type { RulePlace, RuleVersion } from "./rule-types.ts";
import styles from "./RulesPage.module.css";
import { useRuleVersions } from "./useRuleBook.ts";

/** How the rule came to be: every version with who made it; read when it is opened. */
export function RuleVersions({ version, place }: { version: RuleVersion; place: RulePlace }) {
  const t = useTexts(rulesTexts);
  const format = useFormat();
  const said = { texts: t, words: useWords(), format };
  const [isOpen, setIsOpen] = useState(false);
  const { sppgId, timeZone } = place.kitchen;
  const { data, error } = useRuleVersions(sppgId, version.key, isOpen);
  return (
    <details
      className={styles["more"]}
      onToggle={({ currentTarget }) => setIsOpen(currentTarget.open)}
    >
      <summary>{t.versions.heading}</summary>
      {error !== null && <ErrorState error={error} text={t.versions.failed} />}
      <ol className={styles["versions"]}>
        {data?.versions.map(({ version: number, rule, isEnabled, changedAtMs, changedBy }) => (
          <li key={number}>
            <b>{number === 0 ? t.versions.preset : t.version(format.number(number))}</b>
            <span>
              {describeRule(rule, place, said)} → {said.words.severity[rule.severity]}
              {isEnabled ? "" : ` · ${t.disabled}`}
            </span>
            <span>{said.words.limitSource(limitSourceOf(rule)?.source ?? "")}</span>
            {changedAtMs !== null && (
              <span>
                {t.versions.by(
                  changedBy ?? t.conflict.somebody,
                  format.dateTime(changedAtMs, timeZone),
                )}
              </span>
            )}
          </li>
        ))}
      </ol>
    </details>
  );
}
