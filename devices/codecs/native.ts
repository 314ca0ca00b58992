import { assembleReading, knownReading } from "./assemble.ts";
import {
  type Codec,
  type CodecReject,
  collect,
  ignore,
  type MadeReading,
  reject,
} from "./codec.ts";
import { describe, isJsonObject, parseJson } from "./json.ts";
import type { ReadingName } from "../readings.ts";

interface Target {
  reading: ReadingName;
  childId: string | null;
}

/**
 * Nadi's own JSON: one object, or an array that is a device's own backlog. The topic names the
 * reading: `telemetry/{deviceId}/{reading}`, below a gateway `…/{childId}/{reading}`. Beside the
 * reading's own fields an item may have `ts` (ms), `seq`, `channel` and `batteryPct`; `null` is
 * the same as leaving one out. Checked by hand and not by zod: this is the ingest's hot path.
 */
export const nativeCodec: Codec = {
  decode({ topicRest, payload }) {
    const [first, second, ...more] = topicRest;
    if (first === undefined || more.length > 0) {
      return reject("DEVICES_TOPIC_INVALID", topicRest.join("/").slice(0, 200));
    }
    const reading = knownReading(second ?? first);
    if (typeof reading === "object") return reading;
    const target = { reading, childId: second === undefined ? null : first };
    const parsed = parseJson(payload);
    if (!parsed.ok) return parsed;
    const { value } = parsed;
    if (!Array.isArray(value)) {
      const made = decodeItem(target, value);
      return made.ok ? { ok: true, readings: [made.reading], rejected: none } : made;
    }
    if (value.length === 0) return ignore("empty");
    return collect(value.map((item: unknown) => decodeItem(target, item)));
  },
};

const none: readonly CodecReject[] = Object.freeze([]);

function decodeItem(target: Target, item: unknown): MadeReading | ({ ok: false } & CodecReject) {
  if (!isJsonObject(item)) {
    return reject("DEVICES_PAYLOAD_SHAPE", `expected an object, got ${describe(item)}`);
  }
  return assembleReading({
    reading: target.reading,
    childId: target.childId,
    values: item,
    deviceTimeMs: item["ts"],
    seq: item["seq"],
    channel: item["channel"],
    batteryPct: item["batteryPct"],
  });
}
