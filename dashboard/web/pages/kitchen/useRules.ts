import { useQuery } from "@tanstack/react-query";
import { call } from "../../api/page-api.ts";
import type { RuleVersion } from "./sensor-limits.ts";

const noRules: readonly RuleVersion[] = [];
const staleMs = 5 * 60_000;

/** The kitchen's rules: none while they are not known, and then no limit is drawn. */
export function useRules(sppgId: string): readonly RuleVersion[] {
  const { data } = useQuery({
    queryKey: ["rules", sppgId],
    queryFn: ({ signal }) => call("listRules", { params: { sppgId }, signal }),
    staleTime: staleMs,
    refetchInterval: staleMs,
  });
  return data?.rules ?? noRules;
}
