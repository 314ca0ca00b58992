import { type Production, viewDomain } from "./domain-view.ts";
import type { KitchenState } from "./kitchen-state.ts";
import type { KitchenScope, Realtime } from "./realtime.ts";
import { useDomain } from "./useDomain.ts";

/**
 * The probes and stores of a kitchen, live, with their open alerts. Needs a `RealtimeProvider`.
 *
 * @example
 * const production = useRealtimeProduction({ sppgId: "sppg-jakarta-001" });
 * return production.state === "live" && <ProbeTiles sensors={production.data.sensors} />;
 */
export function useRealtimeProduction(scope: KitchenScope): Realtime<Production> {
  return useDomain(scope, "production", view);
}

function view(state: KitchenState): Production | null {
  return viewDomain(state, "production");
}
