import { useLocation, useSearch } from "wouter";
import { pagePaths } from "../../../contract/index.ts";

/** In the place of a rule's key, which never begins with a sign. */
export const newRuleKey = "+";

export interface RuleAddress {
  /** The key of the rule that is open, `newRuleKey`, or `null`. */
  chosen: string | null;
  hrefOf: (key: string | null) => string;
  choose: (key: string | null) => void;
}

/** Which rule is open stands in the address, so that it can be sent, and "back" closes it. */
export function useRuleAddress(sppgId: string): RuleAddress {
  const chosen = new URLSearchParams(useSearch()).get("rule");
  const [, navigate] = useLocation();
  const hrefOf = (key: string | null): string => {
    const search = new URLSearchParams({ kitchen: sppgId, ...(key === null ? {} : { rule: key }) });
    return `${pagePaths.rules}?${search.toString()}`;
  };
  return { chosen, hrefOf, choose: (key) => navigate(hrefOf(key)) };
}
