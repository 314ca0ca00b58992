import type { RouteAnswer } from "../../../contract/index.ts";

type AlertRow = RouteAnswer<"listAlerts">["alerts"][number];

export const alertTabs = ["open", "unacknowledged", "resolved"] as const;
export type AlertTab = (typeof alertTabs)[number];

/** What the inbox shows; it stands in the address, so that it can be sent to somebody. */
export interface AlertFilter {
  tab: AlertTab;
  isCriticalOnly: boolean;
  /** `null`: of all kitchens, which is possible for open ones only. */
  sppgId: string | null;
}

export function readFilter(search: string): AlertFilter {
  const given = new URLSearchParams(search);
  return {
    tab: alertTabs.find((tab) => tab === given.get("state")) ?? "open",
    isCriticalOnly: given.get("severity") === "critical",
    sppgId: given.get("kitchen"),
  };
}

/** Without its question mark; what is as usual is left out. */
export function writeFilter({ tab, isCriticalOnly, sppgId }: AlertFilter): string {
  const search = new URLSearchParams();
  if (tab !== "open") search.set("state", tab);
  if (isCriticalOnly) search.set("severity", "critical");
  if (sppgId !== null) search.set("kitchen", sppgId);
  return search.toString();
}

export function fitsFilter(alert: AlertRow, filter: AlertFilter): boolean {
  return (
    (filter.sppgId === null || filter.sppgId === alert.sppgId) &&
    (!filter.isCriticalOnly || alert.severity === "critical") &&
    (filter.tab !== "unacknowledged" || alert.response === "unacknowledged")
  );
}
