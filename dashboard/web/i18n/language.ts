export const languages = ["id", "en"] as const;
export type Language = (typeof languages)[number];

/** What `Intl` is asked for. English as in Britain: day before month, and 24 hours. */
export const locales = { id: "id-ID", en: "en-GB" } as const satisfies Record<Language, string>;

export function isLanguage(text: string | null): text is Language {
  return text !== null && languages.some((language) => language === text);
}
