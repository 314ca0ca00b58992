import { codecNames } from "../../devices/index.ts";

/** Every process of a deployment joins under this name: each message comes to one of them. */
const shareName = "nadi";

/**
 * The trees that devices publish in. Never `sppg/#`: Nadi's own live values and alerts, which a
 * cluster may carry too, would come back as telemetry.
 */
export const deviceTrees: readonly string[] = ["telemetry", ...codecNames];

export const plainFilters: readonly string[] = deviceTrees.map((tree) => `sppg/+/${tree}/#`);
export const sharedFilters: readonly string[] = plainFilters.map(
  (filter) => `$share/${shareName}/${filter}`,
);

export interface FilterPlan {
  wanted: readonly string[];
  /** What an earlier configuration may have left in the session: it would deliver twice. */
  unwanted: readonly string[];
}

export function planFilters(isShared: boolean): FilterPlan {
  return isShared
    ? { wanted: sharedFilters, unwanted: plainFilters }
    : { wanted: plainFilters, unwanted: sharedFilters };
}

/** For a session that is given up. */
export const allFilters: readonly string[] = [...sharedFilters, ...plainFilters];
