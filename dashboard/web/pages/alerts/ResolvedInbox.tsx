import { useInfiniteQuery } from "@tanstack/react-query";
import { call } from "../../api/page-api.ts";
import { Button } from "../../components/Button.tsx";
import { EmptyState, ErrorState, Skeleton } from "../../components/Notice.tsx";
import { alertsTexts } from "../../i18n/alerts.ts";
import { useTexts } from "../../i18n/LanguageProvider.tsx";
import type { Snapshot } from "../../kitchens/sensor-number.ts";
import type { AlertFilter } from "./alert-filter.ts";
import { Inbox } from "./Inbox.tsx";

const pageSize = 50;

/** What was, newest first, page by page. */
export function ResolvedInbox({ snapshot, filter }: { snapshot: Snapshot; filter: AlertFilter }) {
  const t = useTexts(alertsTexts);
  const { sppgId, timeZone } = snapshot.kitchen;
  const severity = filter.isCriticalOnly ? ("critical" as const) : undefined;
  const query = useInfiniteQuery({
    queryKey: ["alerts", sppgId, "resolved", severity ?? "all"],
    queryFn: ({ pageParam, signal }) =>
      call("listAlerts", {
        params: { sppgId },
        query: {
          state: "resolved",
          limit: pageSize,
          ...(severity === undefined ? {} : { severity }),
          ...(pageParam === null ? {} : { cursor: pageParam }),
        },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
  });
  const { data, error, hasNextPage, isFetchingNextPage } = query;
  const alerts = data?.pages.flatMap((page) => page.alerts) ?? [];
  const place = { timeZone, devices: snapshot.devices };
  return (
    <>
      {error !== null && (
        <ErrorState error={error} text={t.failed} onRetry={() => void query.refetch()} />
      )}
      {query.isPending && <Skeleton lines={4} />}
      {data !== undefined && alerts.length === 0 && <EmptyState text={t.emptyResolved} />}
      {alerts.length > 0 && <Inbox entries={alerts.map((alert) => ({ alert, place }))} />}
      {hasNextPage && (
        <Button disabled={isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          {t.more}
        </Button>
      )}
    </>
  );
}
