import { type FormEvent, useState } from "react";
import { Button } from "../../components/Button.tsx";
import { Dialog } from "../../components/Dialog.tsx";
import form from "../../components/Form.module.css";
import { ErrorState } from "../../components/Notice.tsx";
import { adminTexts } from "../../i18n/admin.ts";
import { useTexts, useWords } from "../../i18n/LanguageProvider.tsx";
import { RightsFields, useRights } from "./RightsFields.tsx";
import { type IssuedPassword, usePersonActions } from "./usePeople.ts";

export function AddPersonDialog({
  onClose,
  onIssued,
}: {
  onClose: () => void;
  onIssued: (issued: IssuedPassword) => void;
}) {
  const t = useTexts(adminTexts);
  const words = useWords();
  const [email, setEmail] = useState("");
  const rights = useRights(null);
  const { add } = usePersonActions();
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    add.mutate({ email: email.trim(), ...rights.rights }, { onSuccess: onIssued });
  };
  return (
    <Dialog title={t.people.add} onClose={onClose}>
      <form className={form["form"]} onSubmit={submit}>
        <label className={form["field"]}>
          {t.people.email}
          <input
            name="email"
            type="email"
            autoComplete="off"
            maxLength={254}
            value={email}
            onChange={({ target }) => setEmail(target.value)}
            required
          />
        </label>
        <RightsFields {...rights} />
        <p className={form["hint"]}>{t.people.once}</p>
        {add.error !== null && <ErrorState error={add.error} />}
        <div className={form["acts"]}>
          <Button onClick={onClose}>{words.cancel}</Button>
          <Button type="submit" look="primary" disabled={add.isPending || !rights.isWhole}>
            {add.isPending ? t.saving : t.people.addSubmit}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
