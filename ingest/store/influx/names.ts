/**
 * Names as they stand in line protocol and InfluxQL. Whatever is not plain is written as `%` and
 * the four hex digits of its UTF-16 unit, so that no name can hold a comma, an equals sign, a
 * quote, a backslash or a line break, and every name comes back as it was.
 */

/** Names that InfluxDB or this store gives a meaning of their own. */
const reserved: ReadonlySet<string> = new Set([
  "time",
  "sppgId",
  "deviceId",
  "channel",
  "flags",
  "seq",
  "index",
  "originalMs",
  "originalSeq",
]);

const flaggedSuffix = "_flagged";

/** A measurement or a field. `_` is kept for this store's own suffixes. */
export function encodeName(name: string): string {
  const encoded = encode(name, /[^A-Za-z0-9-]/g);
  return reserved.has(name) ? `${hexOf(name)}${name.slice(1)}` : encoded;
}

/** A tag's value. */
export function encodeTag(value: string): string {
  return encode(value, /[^A-Za-z0-9_-]/g);
}

function encode(text: string, special: RegExp): string {
  // An empty name or value is none to InfluxDB.
  return text === "" ? "%" : text.replaceAll(special, hexOf);
}

function hexOf(text: string): string {
  return `%${text.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** The text behind `encodeName` or `encodeTag`. */
export function decodeName(encoded: string): string {
  if (encoded === "%") return "";
  return encoded.replaceAll(/%([0-9a-f]{4})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

/** Values of readings with a flag have a field of their own: no sum of the others meets them. */
export function fieldKey(name: string, isFlagged: boolean): string {
  return isFlagged ? encodeName(name) + flaggedSuffix : encodeName(name);
}

/** The encoded field whose values a stored key holds; `null`: it holds none. */
export function valueField(key: string): { field: string; isFlagged: boolean } | null {
  if (reserved.has(key)) return null;
  const isFlagged = key.endsWith(flaggedSuffix);
  const field = isFlagged ? key.slice(0, -flaggedSuffix.length) : key;
  // 1.x lists the sums' fields among the others: no encoded name has an underscore.
  return field.includes("_") ? null : { field, isFlagged };
}

const plainPattern = /^[A-Za-z0-9%_-]+$/;

/** An encoded name in a query. Throws on anything that could end the quotes. */
export function quoteName(encoded: string): string {
  return `"${checkPlain(encoded)}"`;
}

/** A tag's value in a query, given as text. */
export function quoteTag(value: string): string {
  return `'${checkPlain(encodeTag(value))}'`;
}

function checkPlain(encoded: string): string {
  if (plainPattern.test(encoded)) return encoded;
  throw new RangeError(`${JSON.stringify(encoded)} is no encoded name.`);
}
