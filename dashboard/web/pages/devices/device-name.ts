import type { CodecName } from "../../../../devices/browser.ts";
import type { DevicesTexts } from "../../i18n/devices.ts";
import type { Words } from "../../i18n/id.ts";
import type { Device } from "./device-view.ts";

interface NameWords {
  words: Pick<Words, "place">;
  texts: Pick<DevicesTexts, "kind">;
}

/** What people call it; else its place with its number there, else its kind. */
export function deviceName(
  device: Device,
  devices: readonly Device[],
  { words, texts }: NameWords,
): string {
  const { name, place, kind } = device;
  if (name !== null) return name;
  // Numbered as on the other pages, where one that is revoked is not counted.
  const alike = devices.filter(
    (other) => other.enabled && other.place === place && other.kind === kind,
  );
  const own = ownName(device, { words, texts });
  const at = alike.findIndex(({ deviceId }) => deviceId === device.deviceId);
  return alike.length < 2 || at === -1 ? own : `${own} ${at + 1}`;
}

/** What else than its temperature is measured at a place is said with it. */
function ownName({ place, kind }: Device, { words, texts }: NameWords): string {
  if (place === null) return texts.kind[kind];
  const isUsual = kind !== "door-sensor" && kind !== "climate-sensor";
  return isUsual ? words.place[place] : `${words.place[place]} · ${texts.kind[kind]}`;
}

/** The makers' own names are the same in each language. */
export function codecLabel(codec: CodecName): string {
  return { tasmota: "Tasmota", owntracks: "OwnTracks", traccar: "Traccar" }[codec];
}
