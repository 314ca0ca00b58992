import { useEffect } from "react";
import { useRoute } from "wouter";
import { pagePaths } from "../../contract/index.ts";
import { readChoice, writeChoice } from "../design/stored-choice.ts";

const storageKey = "nadi.kitchen";

/** Of the next person it may be none. */
export function forgetLastKitchen(): void {
  writeChoice(storageKey, null);
}

/** The kitchen on this screen, or the one that was on it last: where "Kitchen" leads. */
export function useLastKitchen(): string | null {
  const [isHere, params] = useRoute(pagePaths.kitchen);
  const here = isHere ? params.sppgId : null;
  useEffect(() => {
    if (here !== null) writeChoice(storageKey, here);
  }, [here]);
  return here ?? readChoice(storageKey);
}
