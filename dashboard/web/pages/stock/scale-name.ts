import type { Words } from "../../i18n/id.ts";
import type { HeardDevice } from "../../kitchens/sensor-number.ts";
import type { Sensor } from "../../realtime/domain-view.ts";

/** What people call it, which says what lies on it; else `Timbangan stok 2`. */
export function scaleName(
<<<<<<< HEAD
  { name: given, place, number, channel, hasSiblings }: Sensor,
  words: Pick<Words, "place">,
): string {
  const byPlace = number === null ? words.place[place] : `${words.place[place]} ${number}`;
  const name = given ?? byPlace;
=======
  { deviceId, place, number, channel, hasSiblings }: Sensor,
  devices: readonly Pick<HeardDevice, "deviceId" | "name">[],
  words: Pick<Words, "place">,
): string {
  const given = devices.find((device) => device.deviceId === deviceId)?.name ?? null;
  const usual = number === null ? words.place[place] : `${words.place[place]} ${number}`;
  const name = given ?? usual;
>>>>>>> d716619 (feat(web): rules and stock on small screens, in both themes; scales by their names)
  return hasSiblings ? `${name} · ${channel}` : name;
}
