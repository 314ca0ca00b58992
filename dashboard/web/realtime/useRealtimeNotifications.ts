import { type Notifications, viewNotifications } from "./domain-view.ts";
import type { KitchenScope, Realtime } from "./realtime.ts";
import { useDomain } from "./useDomain.ts";

/**
 * The open alerts of a kitchen, of every domain, live. Needs a `RealtimeProvider`.
 *
 * @example
 * const notifications = useRealtimeNotifications({ sppgId: "sppg-jakarta-001" });
 * return notifications.state === "live" && <Count of={notifications.data.unacknowledgedCount} />;
 */
export function useRealtimeNotifications(scope: KitchenScope): Realtime<Notifications> {
  return useDomain(scope, "notifications", viewNotifications);
}
