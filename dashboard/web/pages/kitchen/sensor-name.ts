import type { Sensor } from "../../realtime/domain-view.ts";
import type { KitchenTexts } from "../../i18n/kitchen.ts";
import type { Words } from "../../i18n/id.ts";

/** `Penyimpanan dingin 2`, `Gudang kering · kelembapan`: what people call it, not its id. */
export function sensorName(
  sensor: Pick<Sensor, "name" | "place" | "number" | "reading" | "channel" | "hasSiblings">,
  words: Pick<Words, "place">,
  texts: Pick<KitchenTexts, "reading">,
): string {
  const { place, number, reading, channel, hasSiblings } = sensor;
  const byPlace = number === null ? words.place[place] : `${words.place[place]} ${number}`;
  const name = sensor.name ?? byPlace;
  const isUsual = reading === null || reading === "temperature";
  const parts = [name, isUsual ? null : texts.reading[reading], hasSiblings ? channel : null];
  return parts.filter((part) => part !== null).join(" · ");
}
