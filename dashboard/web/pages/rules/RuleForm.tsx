import { deviceKinds, devicePlaces } from "../../../../devices/browser.ts";
import { nameSensor } from "../../alerts/describe-alert.ts";
import { useFormat, useTexts, useWords } from "../../i18n/LanguageProvider.tsx";
import { rulesTexts } from "../../i18n/rules.ts";
import { Field } from "./Field.tsx";
import { unitOf } from "./describe-rule.ts";
import {
  type DraftFault,
  type DraftField,
  fieldsOf,
  limitSourceOf,
  type NumberField,
  type RuleDraft,
  sourceKindOf,
} from "./rule-draft.ts";
import type { Rule, RulePlace } from "./rule-types.ts";
import styles from "./RulesPage.module.css";

interface FormProps {
  rule: Rule;
  draft: RuleDraft;
  place: RulePlace;
  isNew: boolean;
  faults: ReadonlyMap<DraftField, DraftFault> | null;
  /** The limit is another one than the source has set. */
  isSourceAsked: boolean;
  onChange: (draft: RuleDraft) => void;
}

/** Shown at once; the rest stands behind "further settings". */
const mainFields: readonly NumberField[] = [
  "limit",
  "clearLimit",
  "minDuration",
  "perMinuteMax",
  "window",
  "intervals",
  "grace",
  "readingsInRow",
];

export function RuleForm(props: FormProps) {
  const { rule, draft, isNew, onChange } = props;
  const t = useTexts(rulesTexts);
  const words = useWords();
  const fields = fieldsOf[rule.kind];
  const further = fields.filter((field) => !mainFields.includes(field));
  return (
    <>
      <div className={styles["fields"]}>
        {rule.kind === "threshold" && isNew && (
          <Field label={t.form.when}>
            {(id) => (
              <select
                id={id}
                value={draft.when}
                onChange={({ target }) =>
                  onChange({ ...draft, when: target.value === "below" ? "below" : "above" })
                }
              >
                <option value="above">{t.form.whens.above}</option>
                <option value="below">{t.form.whens.below}</option>
              </select>
            )}
          </Field>
        )}
        {fields
          .filter((field) => mainFields.includes(field))
          .map((field) => (
            <NumberInput key={field} field={field} {...props} />
          ))}
        <Field label={t.form.severity}>
          {(id) => (
            <select
              id={id}
              value={draft.severity}
              onChange={({ target }) =>
                onChange({
                  ...draft,
                  severity: target.value === "critical" ? "critical" : "warning",
                })
              }
            >
              <option value="warning">{words.severity.warning}</option>
              <option value="critical">{words.severity.critical}</option>
            </select>
          )}
        </Field>
      </div>
      <Source {...props} />
      <label className={styles["check"]}>
        <input
          type="checkbox"
          checked={draft.isEnabled}
          onChange={({ target }) => onChange({ ...draft, isEnabled: target.checked })}
        />
        {t.form.enabled}
      </label>
      <details className={styles["more"]}>
        <summary>{t.form.more}</summary>
        <div className={styles["fields"]}>
          {further.map((field) => (
            <NumberInput key={field} field={field} {...props} />
          ))}
          {!isNew && <Scope {...props} />}
        </div>
      </details>
    </>
  );
}

function NumberInput(props: FormProps & { field: NumberField }) {
  const { rule, draft, faults, field, onChange } = props;
  const t = useTexts(rulesTexts);
  const format = useFormat();
  const isMeasured = rule.kind === "threshold" || rule.kind === "rateOfChange";
  const isLimit = field === "limit" || field === "clearLimit" || field === "perMinuteMax";
  const fault = faults?.get(field);
  return (
    <Field
      label={t.form[field]}
      unit={isMeasured && isLimit ? format.quantity(0, unitOf(rule)).unit : ""}
      hint={field === "clearLimit" ? t.form.clearHint : undefined}
      fault={fault === undefined ? undefined : sayFault(fault, draft, t)}
    >
      {(id, describedBy) => (
        <input
          id={id}
          name={field}
          type="text"
          inputMode="decimal"
          autoComplete="off"
          aria-describedby={describedBy}
          aria-invalid={fault !== undefined}
          value={draft.numbers[field] ?? ""}
          onChange={({ target }) =>
            onChange({ ...draft, numbers: { ...draft.numbers, [field]: target.value } })
          }
        />
      )}
    </Field>
  );
}

function sayFault(
  fault: DraftFault,
  { when }: RuleDraft,
  { wrong }: (typeof rulesTexts)["id"],
): string {
  return fault === "clearSide" ? wrong.clearSide[when] : wrong[fault];
}

/** Longer than any citation; as the contract bounds it. */
const sourceCharactersMax = 300;

/** A limit without its source is an opinion. */
function Source({ rule, draft, faults, isSourceAsked, onChange }: FormProps) {
  const t = useTexts(rulesTexts);
  if (limitSourceOf(rule) === null) return null;
  const isWrong = faults?.get("source") !== undefined;
  const isOfNadi = sourceKindOf({ source: draft.source, sourceKind: "project" }) === "nadi";
  return (
    <div className={styles["fields"]}>
      <Field
        label={t.form.source}
        isWide
        hint={isSourceAsked ? t.form.sourceHint : undefined}
        fault={isWrong ? t.wrong.source : undefined}
      >
        {(id, describedBy) => (
          <input
            id={id}
            name="source"
            type="text"
            maxLength={sourceCharactersMax}
            aria-describedby={describedBy}
            aria-invalid={isWrong}
            required={isSourceAsked}
            value={draft.source}
            onChange={({ target }) => onChange({ ...draft, source: target.value })}
          />
        )}
      </Field>
      <Field label={t.form.sourceKind}>
        {(id) => (
          <select
            id={id}
            value={draft.sourceKind}
            onChange={({ target }) => {
              const kinds = ["regulation", "guidance", "project"] as const;
              const sourceKind = kinds.find((kind) => kind === target.value) ?? "project";
              onChange({ ...draft, sourceKind });
            }}
          >
            <option value="regulation">{t.source.regulation}</option>
            <option value="guidance">{t.source.guidance}</option>
            <option value="project">{isOfNadi ? t.source.nadi : t.source.project}</option>
          </select>
        )}
      </Field>
    </div>
  );
}

/** Whom the rule is about; the narrower of two rules wins. */
function Scope({ draft, place, onChange }: FormProps) {
  const t = useTexts(rulesTexts);
  const words = useWords();
  return (
    <>
      <Field label={t.form.place}>
        {(id) => (
          <select
            id={id}
            value={draft.place}
            onChange={({ target }) => {
              const found = devicePlaces.find((one) => one === target.value);
              onChange({ ...draft, place: found ?? "" });
            }}
          >
            <option value="">{t.form.any}</option>
            {devicePlaces.map((one) => (
              <option key={one} value={one}>
                {words.place[one]}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field label={t.form.kind}>
        {(id) => (
          <select
            id={id}
            value={draft.deviceKind}
            onChange={({ target }) => {
              const found = deviceKinds.find((one) => one === target.value);
              onChange({ ...draft, deviceKind: found ?? "" });
            }}
          >
            <option value="">{t.form.any}</option>
            {deviceKinds.map((one) => (
              <option key={one} value={one}>
                {t.kind[one]}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field label={t.form.device}>
        {(id) => (
          <select
            id={id}
            value={draft.deviceId}
            onChange={({ target }) => onChange({ ...draft, deviceId: target.value })}
          >
            <option value="">{t.form.any}</option>
            {place.devices
              .filter(({ enabled, deviceId }) => enabled || deviceId === draft.deviceId)
              .map(({ deviceId }) => (
                <option key={deviceId} value={deviceId}>
                  {nameSensor({ deviceId, subject: null }, place, words)}
                </option>
              ))}
          </select>
        )}
      </Field>
    </>
  );
}
