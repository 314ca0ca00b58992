import { isDeviceId } from "../ids.ts";
import { type Candidate, assembleReading, wrongType } from "./assemble.ts";
import {
  type Codec,
  type CodecReject,
  collect,
  ignore,
  type MadeReading,
  reject,
} from "./codec.ts";
import { isJsonObject, type JsonObject, ownValue, parseJsonObject } from "./json.ts";
import { knotsToKmh, parseIsoTime } from "./units.ts";

type Rejected = { ok: false } & CodecReject;

/**
 * The position forwarder of a Traccar server (`forward.type=mqtt`), which is a gateway: the
 * tracker's `uniqueId` names the child. Speed is in knots. A position happened at `fixTime`; wired
 * temperature probes (`temp1` …) are read at `deviceTime`, since an old fix may be sent with them.
 */
export const traccarCodec: Codec = {
  decode({ payload }) {
    const parsed = parseJsonObject(payload);
    if (!parsed.ok) return parsed;
    const message = parsed.value;
    const position = ownValue(message, "position");
    // The event forwarder may share the topic; its events are the server's opinions.
    if (position === undefined && Object.hasOwn(message, "event")) return ignore("notTelemetry");
    if (!isJsonObject(position)) return wrongType("position", "an object", position);
    const childId = readUniqueId(ownValue(message, "device"));
    if (typeof childId === "object") return childId;
    const attributes = ownValue(position, "attributes") ?? {};
    if (!isJsonObject(attributes)) return wrongType("attributes", "an object", attributes);
    return collect([
      decodeFix(position, attributes, childId),
      ...decodeProbes(position, attributes, childId),
    ]);
  },
};

function decodeFix(
  position: JsonObject,
  attributes: JsonObject,
  childId: string,
): MadeReading | Rejected {
  // A tracker without a fix repeats its last place, or sends none.
  if (ownValue(position, "valid") === false) {
    return reject("DEVICES_POSITION_NO_FIX", "valid: false");
  }
  const speed = ownValue(position, "speed");
  const accuracy = ownValue(position, "accuracy");
  return fromTime(position, "fixTime", {
    reading: "position",
    childId,
    values: {
      lat: ownValue(position, "latitude"),
      lon: ownValue(position, "longitude"),
      speedKmh: typeof speed === "number" ? knotsToKmh(speed) : speed,
      headingDeg: ownValue(position, "course"),
      // Traccar writes 0 when the tracker did not say.
      accuracyM: accuracy === 0 ? undefined : accuracy,
      altitudeM: ownValue(position, "altitude"),
    },
    batteryPct: ownValue(attributes, "batteryLevel"),
  });
}

const probePattern = /^temp[1-9]$/;

function decodeProbes(
  position: JsonObject,
  attributes: JsonObject,
  childId: string,
): (MadeReading | Rejected)[] {
  const clock = ownValue(position, "deviceTime") === undefined ? "fixTime" : "deviceTime";
  return Object.entries(attributes)
    .filter(([key]) => probePattern.test(key))
    .map(([channel, celsius]) =>
      fromTime(position, clock, { reading: "temperature", childId, channel, values: { celsius } }),
    );
}

/** Ms, or an ISO date with its zone: Traccar versions differ in which they write. */
function fromTime(
  position: JsonObject,
  key: "fixTime" | "deviceTime",
  candidate: Omit<Candidate, "deviceTimeMs">,
): MadeReading | Rejected {
  const time = ownValue(position, key);
  if (typeof time !== "string") return assembleReading({ ...candidate, deviceTimeMs: time });
  const deviceTimeMs = parseIsoTime(time, undefined);
  if (typeof deviceTimeMs !== "number") {
    return reject("DEVICES_TIME_INVALID", `${key}: ${time.slice(0, 64)}`);
  }
  return assembleReading({ ...candidate, deviceTimeMs });
}

function readUniqueId(device: unknown): string | Rejected {
  if (!isJsonObject(device)) return wrongType("device", "an object", device);
  const uniqueId = ownValue(device, "uniqueId");
  if (typeof uniqueId !== "string") return wrongType("uniqueId", "a string", uniqueId);
  if (isDeviceId(uniqueId)) return uniqueId;
  return reject("DEVICES_CHILD_ID_INVALID", uniqueId.slice(0, 64));
}
