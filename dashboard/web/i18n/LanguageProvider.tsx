import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from "react";
import { readChoice, writeChoice } from "../design/stored-choice.ts";
import { en } from "./en.ts";
import { type Format, formatOf } from "./format.ts";
import { id, type Words } from "./id.ts";
import { isLanguage, type Language } from "./language.ts";
import type { Texts } from "./texts.ts";

interface LanguageChoice {
  language: Language;
  setLanguage: (language: Language) => void;
}

const LanguageContext = createContext<LanguageChoice | null>(null);

/** `public/theme.js` reads it too. */
const storageKey = "nadi.language";
const words = { id, en } satisfies Record<Language, Words>;

export function LanguageProvider({ children }: { children: ReactNode }) {
  const [language, setLanguage] = useState<Language>(readLanguage);
  useEffect(() => {
    document.documentElement.lang = language;
    writeChoice(storageKey, language);
  }, [language]);
  const choice = useMemo(() => ({ language, setLanguage }), [language]);
  return <LanguageContext value={choice}>{children}</LanguageContext>;
}

function readLanguage(): Language {
  const stored = readChoice(storageKey);
  return isLanguage(stored) ? stored : "id";
}

export function useLanguage(): LanguageChoice {
  const choice = useContext(LanguageContext);
  if (choice === null) throw new Error("useLanguage is outside of LanguageProvider");
  return choice;
}

/** A page's own sentences, e.g. `const t = useTexts(overviewTexts)`. */
export function useTexts<Sentences>(texts: Texts<Sentences>): Sentences {
  return texts[useLanguage().language];
}

/** What all pages say. */
export function useWords(): Words {
  return words[useLanguage().language];
}

export function useFormat(): Format {
  return formatOf(useLanguage().language);
}
