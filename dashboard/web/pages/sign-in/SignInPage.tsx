import { useActionState } from "react";
import { ApiError } from "../../api/api-error.ts";
import { call } from "../../api/page-api.ts";
import { PreferenceSwitches } from "../../app/PreferenceSwitches.tsx";
import { Button } from "../../components/Button.tsx";
import { Brand } from "../../components/Icon.tsx";
import { problemText } from "../../components/Notice.tsx";
import { SeverityMark } from "../../components/SeverityMark.tsx";
import { useFormat, useTexts, useWords } from "../../i18n/LanguageProvider.tsx";
import { signInTexts } from "../../i18n/sign-in.ts";
import type { Session } from "../../session/SessionProvider.tsx";
import styles from "./SignInPage.module.css";

interface Attempt {
  /** Typed before, so that a wrong password does not cost the address. */
  email: string;
  error: unknown;
}

export function SignInPage({ onSignedIn }: { onSignedIn: (session: Session) => void }) {
  const t = useTexts(signInTexts);
  const words = useWords();
  const [attempt, submit, isBusy] = useActionState<Attempt, FormData>(
    async (_before, form) => {
      const email = textOf(form, "email");
      const password = textOf(form, "password");
      try {
        onSignedIn(await call("signIn", { body: { email, password } }));
        return { email, error: null };
      } catch (error) {
        return { email, error };
      }
    },
    { email: "", error: null },
  );
  return (
    <main className={styles["page"]}>
      <form className={styles["card"]} action={submit}>
        <Brand name={words.appName} />
        <div>
          <h1>{t.title}</h1>
          <p className={styles["about"]}>{t.about}</p>
        </div>
        <label>
          {t.email}
          <input
            name="email"
            type="email"
            autoComplete="username"
            defaultValue={attempt.email}
            maxLength={254}
            required
          />
        </label>
        <label>
          {t.password}
          <input
            name="password"
            type="password"
            autoComplete="current-password"
            maxLength={256}
            required
          />
        </label>
        <Refusal error={attempt.error} />
        <Button type="submit" look="primary" size="wet" disabled={isBusy}>
          {isBusy ? t.busy : t.submit}
        </Button>
        <PreferenceSwitches />
      </form>
    </main>
  );
}

function textOf(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === "string" ? value : "";
}

function Refusal({ error }: { error: unknown }) {
  const t = useTexts(signInTexts);
  const words = useWords();
  const format = useFormat();
  const waitSeconds = error instanceof ApiError ? error.retryAfterSeconds : null;
  return (
    <div role="alert" className={styles["refusal"]}>
      {error !== null && (
        <>
          <SeverityMark severity="warning" label="none" />
          <span>
            {problemText(words, error)}
            {waitSeconds !== null && ` ${t.wait(format.duration(waitSeconds * 1_000))}`}
          </span>
        </>
      )}
    </div>
  );
}
