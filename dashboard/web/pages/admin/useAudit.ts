import { useInfiniteQuery } from "@tanstack/react-query";
import type { AuditKind, RouteAnswer } from "../../../contract/index.ts";
import { call, serverClock } from "../../api/page-api.ts";

export type AuditEvent = RouteAnswer<"readAudit">["events"][number];

const dayMs = 86_400_000;
/** How far back; `null`: all there is. */
export const auditTimes = { all: null, day: dayMs, week: 7 * dayMs, month: 30 * dayMs } as const;
export type AuditTime = keyof typeof auditTimes;
export const auditTimeNames = Object.keys(auditTimes) as readonly AuditTime[];

export interface AuditFilter {
  kind: AuditKind | null;
  time: AuditTime;
  /** `null`: of all that the person may see. */
  sppgId: string | null;
  isRefusedOnly: boolean;
}

export function useAudit(filter: AuditFilter) {
  return useInfiniteQuery({
    queryKey: ["audit", filter],
    queryFn: async ({ pageParam, signal }) => {
      // The pages of one list have one beginning, wherever in time the later ones are asked for.
      const fromMs = pageParam?.fromMs ?? beginOf(filter);
      const cursor = pageParam?.cursor;
      const page = await read(filter, { fromMs, cursor, signal });
      return { ...page, fromMs };
    },
    initialPageParam: null as { cursor: string; fromMs: number | null } | null,
    getNextPageParam: ({ nextCursor, fromMs }) =>
      nextCursor === null ? null : { cursor: nextCursor, fromMs },
  });
}

function beginOf({ time }: AuditFilter): number | null {
  const backMs = auditTimes[time];
  return backMs === null ? null : serverClock.nowMs() - backMs;
}

async function read(
  { kind, sppgId, isRefusedOnly }: AuditFilter,
  at: { fromMs: number | null; cursor: string | undefined; signal: AbortSignal },
) {
  const { fromMs, cursor, signal } = at;
  const query = {
    ...(kind === null ? {} : { kind }),
    ...(isRefusedOnly ? { outcome: "refused" as const } : {}),
    ...(fromMs === null ? {} : { from: String(Math.max(0, Math.floor(fromMs))) }),
    ...(cursor === undefined ? {} : { cursor }),
  };
  if (sppgId === null) return call("readAudit", { query, signal });
  return call("readKitchenAudit", { params: { sppgId }, query, signal });
}
