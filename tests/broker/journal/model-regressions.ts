/** Lives that once broke a promise; `model.test.ts` runs each again. */
export const regressions: readonly (readonly object[])[] = [];
