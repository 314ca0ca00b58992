import type { FormEvent } from "react";
import { Button } from "../../components/Button.tsx";
import { Dialog } from "../../components/Dialog.tsx";
import form from "../../components/Form.module.css";
import { ErrorState } from "../../components/Notice.tsx";
import { adminTexts } from "../../i18n/admin.ts";
import { useTexts, useWords } from "../../i18n/LanguageProvider.tsx";
import styles from "./Admin.module.css";
import { RightsFields, useRights } from "./RightsFields.tsx";
import { type IssuedPassword, type Person, usePersonActions } from "./usePeople.ts";

/** Role and kitchens of a person, whether they may sign in, and a new password for them. */
export function PersonDialog({
  person,
  onClose,
  onIssued,
}: {
  person: Person;
  onClose: () => void;
  onIssued: (issued: IssuedPassword) => void;
}) {
  const t = useTexts(adminTexts);
  const words = useWords();
  const { isEnabled } = person;
  const fields = useRights(person);
  const { put, reset } = usePersonActions();
  const isBusy = put.isPending || reset.isPending;
  const error = put.error ?? reset.error;
  const save = (enabled: boolean): void => {
    put.mutate(
      { person, change: { ...fields.rights, isEnabled: enabled } },
      { onSuccess: onClose },
    );
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    save(isEnabled);
  };
  return (
    <Dialog title={person.email} onClose={onClose}>
      <form className={form["form"]} onSubmit={submit}>
        <RightsFields {...fields} />
        <p className={form["hint"]}>{t.people.endsSessions}</p>
        {error !== null && <ErrorState error={error} />}
        <div className={form["acts"]}>
          <Button onClick={onClose}>{words.cancel}</Button>
          <Button type="submit" look="primary" disabled={isBusy || !fields.isWhole}>
            {put.isPending ? t.saving : t.save}
          </Button>
        </div>
        <div className={`${form["acts"]} ${styles["apart"]}`}>
          <Button disabled={isBusy} onClick={() => reset.mutate(person, { onSuccess: onIssued })}>
            {t.people.reset}
          </Button>
          <Button disabled={isBusy || !fields.isWhole} onClick={() => save(!isEnabled)}>
            {isEnabled ? t.people.disable : t.people.enable}
          </Button>
        </div>
        {isEnabled && <p className={form["hint"]}>{t.people.disableHint}</p>}
      </form>
    </Dialog>
  );
}
