import type { Language } from "./language.ts";

/** The same sentences in each language. */
export type Texts<Sentences> = Readonly<Record<Language, Sentences>>;

/**
 * The sentences of one page: Indonesian is the source, and what English lacks or has too much does
 * not compile. A sentence with values in it is a function of them.
 */
export function defineTexts<Sentences extends object>(texts: {
  id: Sentences;
  en: NoInfer<Sentences>;
}): Texts<Sentences> {
  return texts;
}
