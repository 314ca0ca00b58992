import { type Inventory, viewDomain } from "./domain-view.ts";
import type { KitchenState } from "./kitchen-state.ts";
import type { KitchenScope, Realtime } from "./realtime.ts";
import { useDomain } from "./useDomain.ts";

/**
 * The scales of a kitchen's store, live, with their open alerts. Needs a `RealtimeProvider`.
 *
 * @example
 * const inventory = useRealtimeInventory({ sppgId: "sppg-jakarta-001" });
 * return inventory.state === "live" && <StockCards sensors={inventory.data.sensors} />;
 */
export function useRealtimeInventory(scope: KitchenScope): Realtime<Inventory> {
  return useDomain(scope, "inventory", view);
}

function view(state: KitchenState): Inventory | null {
  return viewDomain(state, "inventory");
}
