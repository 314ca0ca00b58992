import { useState } from "react";
import type { DeviceKind, ReadingName } from "../../../../devices/browser.ts";
import { nameSensor } from "../../alerts/describe-alert.ts";
import { EmptyState } from "../../components/Notice.tsx";
import { useTexts, useWords } from "../../i18n/LanguageProvider.tsx";
import { rulesTexts } from "../../i18n/rules.ts";
import { Field } from "./Field.tsx";
import { newRule } from "./rule-draft.ts";
import type { RulePlace, RuleVersion } from "./rule-types.ts";
import { RuleEditor } from "./RuleEditor.tsx";
import styles from "./RulesPage.module.css";

/** What a device of this kind measures that a limit makes sense for; a gateway is about others. */
const readingsOf: Readonly<Record<DeviceKind, readonly ReadingName[]>> = {
  "temperature-probe": ["temperature"],
  "climate-sensor": ["temperature", "humidity"],
  "smart-scale": ["weight"],
  "door-sensor": ["door"],
  "gps-tracker": ["position"],
  gateway: [],
};

/** A limit for one device: what it measures first, then the same editor as for any rule. */
export function NewRule(props: {
  place: RulePlace;
  rules: readonly RuleVersion[];
  onSaved: (key: string) => void;
}) {
  const { place, rules, onSaved } = props;
  const t = useTexts(rulesTexts);
  const words = useWords();
  const choices = place.devices
    .filter(({ enabled }) => enabled)
    .flatMap(({ deviceId, kind }) => readingsOf[kind].map((reading) => ({ deviceId, reading })));
  const [at, setAt] = useState(0);
  const chosen = choices[at];
  if (chosen === undefined) return <EmptyState text={t.noDevices} />;
  const rule = newRule(
    chosen,
    rules.map(({ key }) => key),
  );
  const { sppgId } = place.kitchen;
  const { key } = rule;
  const latest: RuleVersion = { sppgId, key, version: 0, changeSeq: 0, isEnabled: true, rule };
  return (
    <div className={styles["card"]}>
      <header>
        <h2>{t.addTitle}</h2>
      </header>
      <Field label={t.form.device}>
        {(id) => (
          <select id={id} value={at} onChange={({ target }) => setAt(Number(target.value))}>
            {choices.map(({ deviceId, reading }, index) => (
              <option key={`${deviceId}/${reading}`} value={index}>
                {nameSensor({ deviceId, subject: null }, place, words)} · {t.reading[reading]}
              </option>
            ))}
          </select>
        )}
      </Field>
      <RuleEditor key={at} latest={latest} place={place} isNew onSaved={() => onSaved(key)} />
    </div>
  );
}
