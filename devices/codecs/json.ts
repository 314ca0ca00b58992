import { type CodecReject, reject } from "./codec.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

export const jsonLimits = {
  /** The broker's largest packet; anything above did not come through it. */
  payloadBytesMax: 262_144,
  /** Traccar's cell towers lie 5 deep, and nothing that we read lies deeper. */
  depthMax: 16,
  /** Of one object. A Tasmota with 8 sensors has about 20; Traccar attributes reach 60. */
  keysMax: 256,
  /** Of one array: a backlog of 50-byte readings that fills the largest packet. */
  itemsMax: 5_000,
} as const;

export type ParsedJson = { ok: true; value: unknown } | ({ ok: false } & CodecReject);

// A device's text is data for machines: bytes that are not UTF-8 are refused, not mended.
const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Reads a payload as JSON within `jsonLimits`. Never throws. */
export function parseJson(payload: Uint8Array): ParsedJson {
  if (payload.length > jsonLimits.payloadBytesMax) {
    const detail = `${payload.length} bytes, at most ${jsonLimits.payloadBytesMax}`;
    return reject("DEVICES_PAYLOAD_TOO_LARGE", detail);
  }
  let text: string;
  try {
    text = utf8.decode(payload);
  } catch {
    // The decoder knows no more than this, not even where.
    return reject("DEVICES_PAYLOAD_NOT_UTF8", `${payload.length} bytes`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return reject("DEVICES_PAYLOAD_NOT_JSON", detail.slice(0, 200));
  }
  return checkLimits(value, 1) ?? { ok: true, value };
}

export type ParsedObject = { ok: true; value: JsonObject } | ({ ok: false } & CodecReject);

/** For formats that know no array at their first level. */
export function parseJsonObject(payload: Uint8Array): ParsedObject {
  const parsed = parseJson(payload);
  if (!parsed.ok) return parsed;
  const { value } = parsed;
  if (isJsonObject(value)) return { ok: true, value };
  return reject("DEVICES_PAYLOAD_SHAPE", `expected an object, got ${describe(value)}`);
}

/** The recursion ends at `depthMax`, so that nesting can't exhaust the stack. */
function checkLimits(value: unknown, depth: number): ({ ok: false } & CodecReject) | null {
  if (typeof value !== "object" || value === null) return null;
  if (depth > jsonLimits.depthMax) {
    return reject("DEVICES_PAYLOAD_TOO_DEEP", `deeper than ${jsonLimits.depthMax}`);
  }
  if (Array.isArray(value)) {
    if (value.length > jsonLimits.itemsMax) {
      const detail = `${value.length} items, at most ${jsonLimits.itemsMax}`;
      return reject("DEVICES_PAYLOAD_TOO_MANY_ITEMS", detail);
    }
    for (const item of value) {
      const failure = checkLimits(item, depth + 1);
      if (failure !== null) return failure;
    }
    return null;
  }
  return checkObject(value as JsonObject, depth);
}

function checkObject(value: JsonObject, depth: number): ({ ok: false } & CodecReject) | null {
  let keys = 0;
  // What JSON.parse makes has no inherited enumerable keys, and its `__proto__` is an own key.
  for (const key in value) {
    keys += 1;
    if (keys > jsonLimits.keysMax) {
      return reject("DEVICES_PAYLOAD_TOO_MANY_KEYS", `an object of over ${jsonLimits.keysMax}`);
    }
    const failure = checkLimits(value[key], depth + 1);
    if (failure !== null) return failure;
  }
  return null;
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An own key's value, or `undefined`; `null` counts as left out. Never reads the prototype. */
export function ownValue(object: JsonObject, key: string): unknown {
  return Object.hasOwn(object, key) ? (object[key] ?? undefined) : undefined;
}

/** For the detail of a reject: says what it is, not what it holds. */
export function describe(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? "an object" : typeof value;
}
