import { useFormat, useTexts, useWords } from "../../i18n/LanguageProvider.tsx";
import { rulesTexts } from "../../i18n/rules.ts";
import { SeverityMark } from "../../components/SeverityMark.tsx";
import { useSession } from "../../session/SessionProvider.tsx";
import { describeRule } from "./describe-rule.ts";
import { RuleEditor } from "./RuleEditor.tsx";
import { useRuleFacts } from "./RuleList.tsx";
import type { RulePlace, RuleVersion } from "./rule-types.ts";
import { RuleVersions } from "./RuleVersions.tsx";
import styles from "./RulesPage.module.css";

/** One rule whole: for who may change it with its editor, for all others as it stands. */
export function RuleDetail(props: {
  version: RuleVersion;
  place: RulePlace;
  fired: ReadonlyMap<string, number> | null;
}) {
  const { version, place, fired } = props;
  const t = useTexts(rulesTexts);
  const format = useFormat();
  const words = useWords();
  const { may } = useSession();
  const count = fired === null ? null : (fired.get(version.key) ?? 0);
  const { severity } = version.rule;
  const happened = count === 0 ? t.notFired : t.fired(format.number(count ?? 0));
  return (
    <div className={styles["card"]}>
      <header>
        <SeverityMark severity={severity} label="shown" />
        <h2>{describeRule(version.rule, place, { texts: t, words, format })}</h2>
        <p>{useRuleFacts()(version)}</p>
        <p>{!version.isEnabled ? t.disabled : count === null ? t.firedUnknown : happened}</p>
      </header>
      {may("putRule") ? (
        <>
          <RuleEditor latest={version} place={place} />
          <RuleVersions version={version} place={place} />
        </>
      ) : (
        <p className={styles["hint"]}>{t.readOnly}</p>
      )}
    </div>
  );
}
