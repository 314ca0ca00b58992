import { type Distribution, viewDomain } from "./domain-view.ts";
import type { KitchenState } from "./kitchen-state.ts";
import type { KitchenScope, Realtime } from "./realtime.ts";
import { useDomain } from "./useDomain.ts";

/**
 * The vehicles and delivery boxes of a kitchen, live, with their open alerts. Needs a
 * `RealtimeProvider`.
 *
 * @example
 * const distribution = useRealtimeDistribution({ sppgId: "sppg-jakarta-001" });
 * return distribution.state === "live" && <Fleet sensors={distribution.data.sensors} />;
 */
export function useRealtimeDistribution(scope: KitchenScope): Realtime<Distribution> {
  return useDomain(scope, "distribution", view);
}

function view(state: KitchenState): Distribution | null {
  return viewDomain(state, "distribution");
}
