import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { ApiError, mayRetry } from "../../api/api-error.ts";
import { call, serverClock } from "../../api/page-api.ts";
import type { Rule, RuleVersion } from "./rule-types.ts";

const dayMs = 86_400_000;
const refetchMs = 60_000;
/** As many as one answer holds; beyond it a count is "at least". */
const alertsMax = 500;

export function useRuleList(sppgId: string) {
  return useQuery({
    queryKey: ["rules", sppgId],
    queryFn: ({ signal }) => call("listRules", { params: { sppgId }, signal }),
    refetchInterval: refetchMs,
  });
}

/** How many alerts each rule really opened in 24 hours, by its key; `null`: not known. */
export function useFiredCounts(sppgId: string): ReadonlyMap<string, number> | null {
  const { data } = useQuery({
    queryKey: ["alerts", sppgId, "fired"],
    queryFn: ({ signal }) => {
      const from = Math.floor(serverClock.nowMs() - dayMs);
      const query = { state: "all", from, limit: alertsMax } as const;
      return call("listAlerts", { params: { sppgId }, query, signal });
    },
    refetchInterval: refetchMs,
  });
  if (data === undefined) return null;
  const counts = new Map<string, number>();
  for (const { rule } of data.alerts) counts.set(rule.key, (counts.get(rule.key) ?? 0) + 1);
  return counts;
}

export function useRuleVersions(sppgId: string, key: string, isWanted: boolean) {
  return useQuery({
    queryKey: ["rule-versions", sppgId, key],
    enabled: isWanted,
    queryFn: ({ signal }) => call("listRuleVersions", { params: { sppgId, key }, signal }),
  });
}

/** Typing rests for so long before the server is asked. */
const restMs = 400;
const busyRetriesMax = 4;
const busyRetryMs = 700;
const previewFreshMs = 60_000;

/** What a draft would have done; the last answer stays until the next one is there. */
export function useRulePreview(sppgId: string, rule: Rule | null) {
  const text = useRested(rule === null ? "" : JSON.stringify(rule), restMs);
  const query = useQuery({
    queryKey: ["rule-preview", sppgId, text],
    enabled: text !== "",
    queryFn: ({ signal }) => {
      // Written just above, from a rule.
      const body = { rule: JSON.parse(text) as Rule };
      return call("previewRule", { params: { sppgId }, body, signal });
    },
    placeholderData: keepPreviousData,
    staleTime: previewFreshMs,
    // The answer to what was typed before may still be on its way.
    retry: (count, error) => count < busyRetriesMax && (isBusy(error) || mayRetry(error)),
    retryDelay: busyRetryMs,
  });
  const isBehind = query.isPlaceholderData || (rule !== null && text !== JSON.stringify(rule));
  return { ...query, isBehind };
}

function isBusy(error: unknown): boolean {
  return error instanceof ApiError && error.status === 429;
}

function useRested(value: string, ms: number): string {
  const [rested, setRested] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setRested(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return rested;
}

export interface Save {
  rule: Rule;
  isEnabled: boolean;
  /** The version that was seen. */
  expectedVersion: number;
}

export function useSaveRule(sppgId: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ rule, ...body }: Save) =>
      call("putRule", { params: { sppgId, key: rule.key }, body: { rule, ...body } }),
    onSettled: (_saved, _error, { rule }) => {
      // Not waited for: who has saved sees it at once, and not their own version as a stranger's.
      void queries.invalidateQueries({ queryKey: ["rules", sppgId] });
      void queries.invalidateQueries({ queryKey: ["rule-versions", sppgId, rule.key] });
    },
  });
}

/** Somebody else was first. */
export function isConflict(error: unknown): boolean {
  return (
    error instanceof ApiError &&
    (error.code === "INGEST_RULE_CONFLICT" || error.code === "DASHBOARD_VERSION_STALE")
  );
}

/** The newest version as the list has it now. */
export async function readNewest(sppgId: string, key: string): Promise<RuleVersion | null> {
  const { rules } = await call("listRules", { params: { sppgId } });
  return rules.find((version) => version.key === key) ?? null;
}
