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
  const alike = devices.filter((other) => other.place === place && other.kind === kind);
  const own = place === null ? texts.kind[kind] : words.place[place];
  return alike.length < 2 ? own : `${own} ${alike.indexOf(device) + 1}`;
}

/** The makers' own names are the same in each language. */
export function codecLabel(codec: CodecName): string {
  return { tasmota: "Tasmota", owntracks: "OwnTracks", traccar: "Traccar" }[codec];
}
