import { kitchenTimeZones, type KitchenTimeZone } from "../../../devices/browser.ts";

/**
 * The zone of what belongs to no kitchen, such as since when this screen is offline: the screen's
 * own where it is one of Indonesia's, else Jakarta's. It always shows with its name.
 */
export const screenZone: KitchenTimeZone = findZone(
  Intl.DateTimeFormat().resolvedOptions().timeZone,
);

function findZone(name: string): KitchenTimeZone {
  if (name === "Asia/Pontianak") return "Asia/Jakarta";
  return kitchenTimeZones.find((zone) => zone === name) ?? "Asia/Jakarta";
}
