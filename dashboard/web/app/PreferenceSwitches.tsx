import { useId } from "react";
import { setTheme, themes, useTheme } from "../design/theme.ts";
import { languages } from "../i18n/language.ts";
import { useLanguage, useWords } from "../i18n/LanguageProvider.tsx";
import styles from "./PreferenceSwitches.module.css";

/** Language and theme of this screen. */
export function PreferenceSwitches() {
  const words = useWords();
  const { language, setLanguage } = useLanguage();
  const theme = useTheme();
  const themeId = useId();
  return (
    <div className={styles["switches"]}>
      <div role="group" aria-label={words.language.label} className={styles["group"]}>
        {languages.map((name) => (
          <button
            key={name}
            type="button"
            lang={name}
            title={words.language[name]}
            aria-pressed={name === language}
            onClick={() => setLanguage(name)}
          >
            {name.toUpperCase()}
          </button>
        ))}
      </div>
      <label className="visually-hidden" htmlFor={themeId}>
        {words.theme.label}
      </label>
      <select
        id={themeId}
        value={theme}
        onChange={({ target }) => {
          setTheme(themes.find((name) => name === target.value) ?? "system");
        }}
      >
        {themes.map((name) => (
          <option key={name} value={name}>
            {words.theme[name]}
          </option>
        ))}
      </select>
    </div>
  );
}
