/** Where a kitchen stands, in degrees (WGS 84); both are `null` while nobody has said. */
export interface KitchenPlace {
  latitude: number | null;
  longitude: number | null;
}

const degrees = String.raw`[-+\u2212]?\d{1,3}(?:\.\d+)?`;
const pair = new RegExp(String.raw`^(${degrees})\s*[,;\s]\s*(${degrees})$`);

/**
 * Reads what a map copies: `-6.1805, 106.8284`, latitude first, with a decimal point whatever the
 * page's language, since a comma stands between the two. Empty text takes the place away;
 * `undefined`: it is no place on earth.
 */
export function parseKitchenPlace(text: string): KitchenPlace | undefined {
  const trimmed = text.trim();
  if (trimmed === "") return { latitude: null, longitude: null };
  const match = pair.exec(trimmed);
  if (match === null) return undefined;
  const [latitude, longitude] = [toNumber(match[1]), toNumber(match[2])];
  if (Math.abs(latitude) > 90 || Math.abs(longitude) > 180) return undefined;
  // Where a form without numbers points to; the registry refuses it too.
  if (latitude === 0 && longitude === 0) return undefined;
  return { latitude, longitude };
}

/** As `parseKitchenPlace` reads it. */
export function formatKitchenPlace({ latitude, longitude }: KitchenPlace): string {
  return latitude === null || longitude === null ? "" : `${latitude}, ${longitude}`;
}

function toNumber(text = ""): number {
  return Number(text.replace("\u2212", "-"));
}
