import { useState } from "react";
import { Button } from "../../components/Button.tsx";
import { Dialog } from "../../components/Dialog.tsx";
import form from "../../components/Form.module.css";
import { adminTexts } from "../../i18n/admin.ts";
import { useTexts } from "../../i18n/LanguageProvider.tsx";
import styles from "./Admin.module.css";
import type { IssuedPassword } from "./usePeople.ts";

/** The one time that a new password is seen. It lives in this dialog and nowhere else. */
export function PasswordDialog({
  issued: { person, password },
  onClose,
}: {
  issued: IssuedPassword;
  onClose: () => void;
}) {
  const t = useTexts(adminTexts).password;
  const [isCopied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(password);
    setCopied(true);
  };
  // Pages without TLS have no clipboard, whatever its type says: there it is selected by a tap.
  const canCopy = window.isSecureContext;
  return (
    <Dialog title={t.title} onClose={onClose}>
      <p className={form["hint"]}>{t.about(person.email)}</p>
      <output className={styles["password"]} aria-label={t.label}>
        {password}
      </output>
      <div className={form["acts"]}>
        {canCopy && <Button onClick={() => void copy()}>{isCopied ? t.copied : t.copy}</Button>}
        <Button look="primary" onClick={onClose}>
          {t.done}
        </Button>
      </div>
    </Dialog>
  );
}
