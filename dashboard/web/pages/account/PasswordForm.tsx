import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import { passwordCharactersAdvised, passwordCharactersMin } from "../../../contract/index.ts";
import { call } from "../../api/page-api.ts";
import { Button } from "../../components/Button.tsx";
import form from "../../components/Form.module.css";
import { ErrorState } from "../../components/Notice.tsx";
import { accountTexts } from "../../i18n/account.ts";
import { useTexts } from "../../i18n/LanguageProvider.tsx";
import { useSession } from "../../session/SessionProvider.tsx";
import { ownSessionsKey } from "./own-sessions-key.ts";

const empty = { current: "", next: "", again: "" };

export function PasswordForm() {
  const t = useTexts(accountTexts);
  const { session } = useSession();
  const hintId = useId();
  const [typed, setTyped] = useState(empty);
  const queries = useQueryClient();
  const change = useMutation({
    mutationFn: (body: { current: string; next: string }) => call("changePassword", { body }),
    onSuccess: async () => {
      setTyped(empty);
      await queries.invalidateQueries({ queryKey: ownSessionsKey });
    },
  });
  const isSame = typed.next === typed.again;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (isSame) change.mutate({ current: typed.current, next: typed.next });
  };
  const field = (name: keyof typeof empty) => ({
    name,
    type: "password",
    value: typed[name],
    maxLength: 256,
    required: true,
    autoComplete: name === "current" ? "current-password" : "new-password",
    onChange: ({ target }: { target: { value: string } }) => {
      change.reset();
      setTyped({ ...typed, [name]: target.value });
    },
  });
  return (
    <form className={form["form"]} onSubmit={submit}>
      {/* Password managers file the new password under it. */}
      <input type="hidden" name="username" autoComplete="username" value={session.email ?? ""} />
      <label className={form["field"]}>
        {t.current}
        <input {...field("current")} />
      </label>
      <label className={form["field"]}>
        {t.next}
        <input {...field("next")} minLength={passwordCharactersMin} aria-describedby={hintId} />
      </label>
      <p id={hintId} className={form["hint"]}>
        {t.hint(String(passwordCharactersMin), String(passwordCharactersAdvised))}
      </p>
      <label className={form["field"]}>
        {t.again}
        <input {...field("again")} aria-invalid={!isSame && typed.again !== ""} />
      </label>
      <div role="status">
        {!isSame && typed.again !== "" && <p className={form["hint"]}>{t.differs}</p>}
        {change.isSuccess && <p className={form["hint"]}>{t.done}</p>}
      </div>
      {change.error !== null && <ErrorState error={change.error} />}
      <Button type="submit" look="primary" disabled={change.isPending || !isSame}>
        {t.submit}
      </Button>
    </form>
  );
}
