import type { Words } from "../../i18n/id.ts";
import type { Sensor } from "../../realtime/domain-view.ts";

/** `Timbangan stok 2`; what lies on it is not known to Nadi, so its own id stands beside it. */
export function scaleName(
  { name: given, place, number, channel, hasSiblings }: Sensor,
  words: Pick<Words, "place">,
): string {
  const byPlace = number === null ? words.place[place] : `${words.place[place]} ${number}`;
  const name = given ?? byPlace;
  return hasSiblings ? `${name} · ${channel}` : name;
}
