import { codecFor } from "../../../devices/codecs/catalog.ts";
import type { CodecResult } from "../../../devices/codecs/codec.ts";
import type { KitchenTimeZone } from "../../../devices/registry/model.ts";
import { parseDeviceTopic } from "../../../devices/topics.ts";

export const receivedTimeMs = Date.UTC(2026, 10, 22, 3, 0, 0);

export interface Published {
  /** Below `sppg/sppg-1/`, e.g. `telemetry/probe-1/temperature`. */
  topic: string;
  /** Text as it is, bytes as they are, anything else as JSON. */
  payload: unknown;
  timeZone?: KitchenTimeZone;
}

/** Takes the way of a journaled entry: topic, codec of its tree, payload. */
export function decode({ topic, payload, timeZone }: Published): CodecResult {
  const parsed = parseDeviceTopic(`sppg/sppg-1/${topic}`);
  if (parsed === null) throw new Error(`no device topic: ${topic}`);
  return codecFor(parsed.tree).decode({
    topicRest: parsed.rest,
    payload: toBytes(payload),
    receivedTimeMs,
    ...(timeZone === undefined ? {} : { timeZone }),
  });
}

function toBytes(payload: unknown): Uint8Array {
  if (payload instanceof Uint8Array) return payload;
  return new TextEncoder().encode(typeof payload === "string" ? payload : JSON.stringify(payload));
}
