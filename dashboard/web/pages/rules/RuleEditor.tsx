import { useState } from "react";
import { Button } from "../../components/Button.tsx";
import { ErrorState } from "../../components/Notice.tsx";
import { useFormat, useTexts } from "../../i18n/LanguageProvider.tsx";
import { rulesTexts } from "../../i18n/rules.ts";
import { ConflictBanner } from "./ConflictBanner.tsx";
import { type Checked, draftOf, isLimitChanged, type RuleDraft, ruleOf } from "./rule-draft.ts";
import { PreviewPanel } from "./PreviewPanel.tsx";
import { RuleForm } from "./RuleForm.tsx";
import type { RulePlace, RuleVersion } from "./rule-types.ts";
import styles from "./RulesPage.module.css";
import { isConflict, readNewest, useSaveRule } from "./useRuleBook.ts";

interface EditorProps {
  latest: RuleVersion;
  place: RulePlace;
  isNew?: boolean;
  onSaved?: (() => void) | undefined;
}

/** Changes a rule, and shows while it is typed what it would have done. */
export function RuleEditor({ latest, place, isNew = false, onSaved }: EditorProps) {
  const t = useTexts(rulesTexts);
  const format = useFormat();
  const editing = useEditing(latest);
  const { base, draft, checked, isDirty } = editing;
  const { put, conflict, error, isBusy, isSaved } = useSaving(editing, { latest, place, onSaved });
  return (
    <form
      className={styles["editor"]}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void put(base.version);
        const form = event.currentTarget;
        // Once the faults are drawn: the first one has the focus.
        requestAnimationFrame(() =>
          form.querySelector<HTMLElement>("[aria-invalid=true]")?.focus(),
        );
      }}
    >
      <RuleForm
        {...{ draft, place, isNew }}
        rule={base.rule}
        faults={editing.shownFaults}
        isSourceAsked={isLimitChanged(draft, base.rule)}
        onChange={editing.change}
      />
      {conflict !== null && (
        <ConflictBanner
          theirs={conflict}
          place={place}
          isBusy={isBusy}
          onTake={() => editing.begin(conflict)}
          onKeep={() => void put(conflict.version)}
        />
      )}
      {/* The answer to a conflict stands above it: a preview that comes moves no button. */}
      <PreviewPanel place={place} rule={checked.rule ?? checked.unsourced} />
      {error !== null && <ErrorState error={error} />}
      {isSaved && (
        <p className={styles["saved"]} role="status">
          {t.form.saved(format.number(base.version))}
        </p>
      )}
      <div className={styles["acts"]}>
        {isDirty && !isNew && <Button onClick={() => editing.begin(base)}>{t.form.reset}</Button>}
        <Button type="submit" look="primary" disabled={!isDirty || isBusy}>
          {t.form.save}
        </Button>
      </div>
    </form>
  );
}

interface Saving {
  /** Saves over the version that the person has seen. */
  put: (expectedVersion: number) => Promise<void>;
  /** What somebody else made of it while this one was typed. */
  conflict: RuleVersion | null;
  error: unknown;
  isBusy: boolean;
  isSaved: boolean;
}

function useSaving(
  editing: Editing,
  { latest, place, onSaved }: Pick<EditorProps, "latest" | "place" | "onSaved">,
): Saving {
  const { base, draft, checked, isDirty } = editing;
  const { sppgId } = place.kitchen;
  const save = useSaveRule(sppgId);
  // One that came by the list while somebody was typing, or by the answer to their save.
  const [refused, setRefused] = useState<RuleVersion | null>(null);
  const known = refused === null ? [latest] : [latest, refused];
  const newer = known.find((one) => one.version > base.version);
  if (!isDirty && newer !== undefined) editing.begin(newer);

  const put = async (expectedVersion: number): Promise<void> => {
    if (checked.rule === null) return editing.showFaults();
    const { rule } = checked;
    try {
      const saved = await save.mutateAsync({ rule, isEnabled: draft.isEnabled, expectedVersion });
      setRefused(null);
      editing.begin(saved);
      onSaved?.();
    } catch (error) {
      // Any other failure stands in `save.error`, and on the page.
      if (isConflict(error)) setRefused(await readNewest(sppgId, rule.key));
    }
  };
  return {
    put,
    conflict: isDirty ? (newer ?? null) : null,
    error: isConflict(save.error) ? null : save.error,
    isBusy: save.isPending,
    isSaved: save.isSuccess && !isDirty,
  };
}

interface Editing {
  /** The version that is being changed. */
  base: RuleVersion;
  draft: RuleDraft;
  checked: Checked;
  isDirty: boolean;
  /** All of them once somebody has tried to save, else those of what was typed. */
  shownFaults: NonNullable<Checked["faults"]> | null;
  change: (draft: RuleDraft) => void;
  /** From a version anew. */
  begin: (base: RuleVersion) => void;
  showFaults: () => void;
}

function useEditing(first: RuleVersion): Editing {
  const { language } = useFormat();
  const [base, setBase] = useState(first);
  const [draft, setDraft] = useState(() => draftOf(first, language));
  const [hasTried, setHasTried] = useState(false);
  const checked = ruleOf(draft, base.rule);
  const untouched = draftOf(base, language);
  const isDirty = JSON.stringify(draft) !== JSON.stringify(untouched);
  const faults = [...(checked.faults ?? [])].filter(([field]) => {
    const isEmpty = field !== "source" && field !== "deviceId" && draft.numbers[field] === "";
    return hasTried || (!isEmpty && field !== "source");
  });
  return {
    base,
    draft,
    checked,
    isDirty,
    shownFaults: isDirty ? new Map(faults) : null,
    change: (next) => setDraft(withSource(next, draft, base)),
    begin: (version) => {
      setBase(version);
      setDraft(draftOf(version, language));
      setHasTried(false);
    },
    showFaults: () => setHasTried(true),
  };
}

/** Another limit is no longer what its source said: whoever sets it names the new one. */
function withSource(next: RuleDraft, before: RuleDraft, base: RuleVersion): RuleDraft {
  const isChanged = isLimitChanged(next, base.rule);
  if (isChanged === isLimitChanged(before, base.rule)) return next;
  const { source, sourceKind } = draftOf(base, "en");
  return isChanged
    ? { ...next, source: "", sourceKind: "project" }
    : { ...next, source, sourceKind };
}
