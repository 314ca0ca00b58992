import { useEffect, useRef } from "react";
import { Button } from "../../components/Button.tsx";
import { Banner } from "../../components/Notice.tsx";
import { useFormat, useTexts, useWords } from "../../i18n/LanguageProvider.tsx";
import { rulesTexts } from "../../i18n/rules.ts";
import { describeRule } from "./describe-rule.ts";
import type { RulePlace, RuleVersion } from "./rule-types.ts";
import styles from "./RulesPage.module.css";
import { useRuleVersions } from "./useRuleBook.ts";

/** Somebody else was first: what they made of it, and whose counts. Nothing is lost unasked. */
export function ConflictBanner(props: {
  theirs: RuleVersion;
  place: RulePlace;
  isBusy: boolean;
  onTake: () => void;
  onKeep: () => void;
}) {
  const { theirs, place, isBusy, onTake, onKeep } = props;
  const t = useTexts(rulesTexts);
  const format = useFormat();
  const said = { texts: t, words: useWords(), format };
  const { sppgId, timeZone } = place.kitchen;
  const { data } = useRuleVersions(sppgId, theirs.key, true);
  const record = data?.versions.find(({ version }) => version === theirs.version);
  const who = record?.changedBy ?? t.conflict.somebody;
  const atMs = record?.changedAtMs ?? null;
  const when = atMs === null ? "" : format.zonedTime(atMs, timeZone);
  const sentence = describeRule(theirs.rule, place, said);
  const severity = said.words.severity[theirs.rule.severity];
  const banner = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // In braces: new browsers answer with a promise, which is no clean-up.
    banner.current?.scrollIntoView({ block: "nearest" });
  }, []);
  return (
    <div ref={banner}>
      <Banner tone="warning">
        <p>
          <b>{t.conflict.text(who, when)}</b>
        </p>
        <p>{t.conflict.theirs(`${sentence} → ${severity}`)}</p>
        <div className={styles["acts"]}>
          <Button onClick={onTake}>{t.conflict.take(who)}</Button>
          <Button onClick={onKeep} disabled={isBusy}>
            {t.conflict.keep}
          </Button>
        </div>
      </Banner>
    </div>
  );
}
