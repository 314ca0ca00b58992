import { assembleReading, wrongType } from "./assemble.ts";
import { type Codec, collect, ignore, reject } from "./codec.ts";
import { ownValue, parseJsonObject } from "./json.ts";

/**
 * A driver's phone with OwnTracks, its base topic set to anything below
 * `sppg/{sppgId}/owntracks/{deviceId}/`; what a message is stands in its payload.
 *
 * The app omits fields that equal zero, so an absent latitude is the equator (Pontianak lies on
 * it) and an absent speed is standing still. Absent accuracy, heading and battery stay unknown:
 * no fix is exact to 0 m, a parked car heads nowhere, and a phone at 0 % does not publish.
 */
export const ownTracksCodec: Codec = {
  decode({ payload }) {
    const parsed = parseJsonObject(payload);
    if (!parsed.ok) return parsed;
    const message = parsed.value;
    const type = ownValue(message, "_type");
    if (type === undefined) return reject("DEVICES_FIELD_MISSING", "_type");
    if (typeof type !== "string") return wrongType("_type", "a string", type);
    // Transitions, waypoints, last wills; also `encrypted`, which Nadi has no key for.
    if (type !== "location") return ignore("notTelemetry");
    const tst = ownValue(message, "tst");
    return collect([
      assembleReading({
        reading: "position",
        values: {
          lat: ownValue(message, "lat") ?? 0,
          lon: ownValue(message, "lon") ?? 0,
          speedKmh: ownValue(message, "vel") ?? 0,
          headingDeg: ownValue(message, "cog"),
          accuracyM: ownValue(message, "acc"),
          altitudeM: ownValue(message, "alt"),
        },
        // Seconds; what is not a number is refused by the assembly.
        deviceTimeMs: typeof tst === "number" ? tst * 1000 : tst,
        batteryPct: ownValue(message, "batt"),
      }),
    ]);
  },
};
