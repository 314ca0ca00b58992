import { useEffect, useId, useRef } from "react";
import { Button } from "../components/Button.tsx";
import { ErrorState } from "../components/Notice.tsx";
import { useSubmit } from "../components/useSubmit.ts";
import { alertTexts } from "../i18n/alert-words.ts";
import { useTexts, useWords } from "../i18n/LanguageProvider.tsx";
import type { AlertRow } from "./describe-alert.ts";
import styles from "./ResolveDialog.module.css";
import type { Resolution } from "./useAlertActions.ts";

const charactersMax = 2_000;

/** Asks what was done about the food; on a critical alert there is no way around the answer. */
export function ResolveDialog({
  alert,
  resolve,
  onClose,
}: {
  alert: AlertRow;
  resolve: (resolution: Resolution) => Promise<unknown>;
  onClose: () => void;
}) {
  const t = useTexts(alertTexts).dialog;
  const words = useWords();
  const titleId = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    // Never closed here: its end takes it off the page, and `close` would say that somebody did.
    if (dialog.current?.open === false) dialog.current.showModal();
  }, []);
  const { error, isBusy, onSubmit } = useSubmit(async (form) => {
    await resolve({
      correctiveAction: textOf(form, "correctiveAction"),
      note: textOf(form, "note"),
    });
    onClose();
  });
  const isRequired = alert.severity === "critical" && alert.correctiveAction === null;
  return (
    <dialog ref={dialog} className={styles["dialog"]} aria-labelledby={titleId} onClose={onClose}>
      <form onSubmit={onSubmit}>
        <h2 id={titleId}>{t.title}</h2>
        {alert.condition === "active" && <p className={styles["hint"]}>{t.stillBroken}</p>}
        <label>
          {t.correctiveAction}
          <textarea
            name="correctiveAction"
            rows={3}
            maxLength={charactersMax}
            placeholder={t.example}
            defaultValue={alert.correctiveAction ?? ""}
            required={isRequired}
          />
        </label>
        {isRequired && <p className={styles["hint"]}>{t.required}</p>}
        <label>
          {t.note}
          <textarea
            name="note"
            rows={2}
            maxLength={charactersMax}
            defaultValue={alert.note ?? ""}
          />
        </label>
        {error !== null && <ErrorState error={error} />}
        <div className={styles["acts"]}>
          <Button size="wet" onClick={onClose}>
            {words.cancel}
          </Button>
          <Button type="submit" look="primary" size="wet" disabled={isBusy}>
            {t.submit}
          </Button>
        </div>
      </form>
    </dialog>
  );
}

function textOf(form: FormData, name: string): string | null {
  const value = form.get(name);
  return typeof value === "string" && value.trim() !== "" ? value : null;
}
