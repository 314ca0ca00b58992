import type { RealtimeSource } from "../realtime/create-realtime.ts";
import { openAlerts } from "../realtime/kitchen-state.ts";
import type { WatchedAlert } from "./ringing.ts";

/**
 * Tells the open alerts of these kitchens, live, now and at each change, and whether each of them
 * has answered: before it has, an alert that is not told may be open. @returns stops it.
 */
export function watchAlerts(
  source: RealtimeSource,
  sppgIds: readonly string[],
  tell: (alerts: readonly WatchedAlert[], isWhole: boolean) => void,
): () => void {
  const stores = sppgIds.map((sppgId) => source.kitchen(sppgId));
  let seen: readonly object[] = [];
  const update = (): void => {
    // Values come many times a second; what is told of changes only with an alert or a device.
    const next = stores.flatMap(({ state }) => [state.alerts, state.devices]);
    if (next.length === seen.length && next.every((part, at) => part === seen[at])) return;
    seen = next;
    const watched = stores.flatMap(({ state }) => {
      const { kitchen, devices } = state;
      if (kitchen === null) return [];
      const place = { timeZone: kitchen.timeZone, devices };
      const alerts = openAlerts(state, ["production", "distribution", "inventory"]);
      return alerts.map((alert) => ({ alert, place }));
    });
    tell(
      watched,
      stores.every(({ state }) => state.kitchen !== null),
    );
  };
  const stops = stores.flatMap((store) => [
    store.onChange.add(update),
    store.hold("notifications"),
  ]);
  update();
  return () => {
    for (const stop of stops) stop();
  };
}
