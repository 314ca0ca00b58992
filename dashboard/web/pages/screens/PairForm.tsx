import { type FormEvent, useId } from "react";
import { pagePaths } from "../../../contract/index.ts";
import { Button } from "../../components/Button.tsx";
import { Banner, ErrorState } from "../../components/Notice.tsx";
import { useTexts } from "../../i18n/LanguageProvider.tsx";
import { wallTexts } from "../../i18n/wall.ts";
import type { ListedKitchen } from "../../kitchens/choose-asked.ts";
import styles from "./ScreensPage.module.css";
import { usePairScreen } from "./useScreens.ts";

/** The code of a screen, for one of the person's kitchens. */
export function PairForm(props: {
  /** From the QR code that brought the person here. */
  code: string;
  kitchens: readonly ListedKitchen[];
  chosen: ListedKitchen;
  onChoose: (sppgId: string) => void;
}) {
  const { code, kitchens, chosen, onChoose } = props;
  const texts = useTexts(wallTexts).screens;
  const pair = usePairScreen(chosen.sppgId);
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = event.currentTarget;
    const data = new FormData(form);
    pair.mutate(
      { code: textOf(data, "code"), name: textOf(data, "name") },
      { onSuccess: () => form.reset() },
    );
  };
  return (
    <form className={styles["form"]} onSubmit={submit}>
      <h2>{texts.add}</h2>
      <p>{texts.how(`${window.location.host}${pagePaths.wall}`)}</p>
      <CodeField code={code} />
      <label>
        {texts.kitchen}
        <select
          name="kitchen"
          value={chosen.sppgId}
          onChange={({ target }) => onChoose(target.value)}
        >
          {kitchens.map(({ sppgId, name }) => (
            <option key={sppgId} value={sppgId}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <label>
        {texts.name}
        <input
          name="name"
          maxLength={60}
          autoComplete="off"
          placeholder={texts.nameHint}
          required
        />
      </label>
      {pair.error !== null && <ErrorState error={pair.error} />}
      {pair.data !== undefined && (
        <Banner tone="silent">{texts.done(pair.data.name, pair.data.address)}</Banner>
      )}
      <Button type="submit" look="primary" size="wet" disabled={pair.isPending}>
        {pair.isPending ? texts.busy : texts.submit}
      </Button>
    </form>
  );
}

function CodeField({ code }: { code: string }) {
  const texts = useTexts(wallTexts).screens;
  const hintId = useId();
  return (
    <label>
      {texts.code}
      <input
        name="code"
        className={styles["code"]}
        defaultValue={code}
        autoComplete="off"
        autoCapitalize="characters"
        spellCheck={false}
        maxLength={20}
        aria-describedby={hintId}
        required
      />
      <small id={hintId}>{texts.codeHint}</small>
    </label>
  );
}

function textOf(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === "string" ? value : "";
}
