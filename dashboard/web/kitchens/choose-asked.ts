import type { RouteAnswer } from "../../contract/index.ts";
import type { Snapshot } from "./sensor-number.ts";

/** A stored one says nothing about its alerts. */
export type ListedKitchen = Snapshot["kitchen"] & {
  openAlerts?: RouteAnswer<"listKitchens">["kitchens"][number]["openAlerts"];
};

/** A page asks for no more snapshots than this at a time: the rest is said to be left out. */
export const kitchensShownMax = 30;

/**
 * Of which kitchens a page asks for all there is, in the order of the list: of more than it shows
 * those whose open alerts are worst, and always `chosenId`.
 */
export function chooseAsked(
  all: readonly ListedKitchen[],
  chosenId: string | null,
): readonly ListedKitchen[] {
  if (all.length <= kitchensShownMax) return all;
  const worst = new Set(all.toSorted(compareOpenAlerts).slice(0, kitchensShownMax));
  return all.filter((kitchen) => worst.has(kitchen) || kitchen.sppgId === chosenId);
}

const none = { open: 0, critical: 0, unacknowledged: 0 };

function compareOpenAlerts({ openAlerts: a = none }: ListedKitchen, b: ListedKitchen): number {
  const other = b.openAlerts ?? none;
  return (
    other.critical - a.critical || other.unacknowledged - a.unacknowledged || other.open - a.open
  );
}
