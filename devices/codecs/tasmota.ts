import { assembleReading, wrongType } from "./assemble.ts";
import {
  type Codec,
  type CodecInput,
  type CodecReject,
  collect,
  ignore,
  type MadeReading,
  reject,
} from "./codec.ts";
import { describe, isJsonObject, type JsonObject, ownValue, parseJsonObject } from "./json.ts";
import { fahrenheitToCelsius, parseIsoTime } from "./units.ts";

type Rejected = { ok: false } & CodecReject;

/**
 * Tasmota's SENSOR message, with FullTopic `sppg/{sppgId}/tasmota/{deviceId}/%prefix%/`: DS18B20,
 * HX711, and every sensor that writes `Temperature` or `Humidity` (AM2301, SHT3X, BME280, …). A
 * sensor's channel is its `Id` (the index in `DS18B20-1` changes when a probe is replaced), or its
 * key where it has none.
 *
 * `Time` is local without a zone: Tasmota's own time zone must be set to the kitchen's (`Timezone
 * 7`), which its default is not. `Time 2` adds an exact `Epoch`, and `SetOption52 1` a zone; both
 * are used where sent. `Weight` is taken as kg: confirm that when installing.
 */
export const tasmotaCodec: Codec = {
  decode(input) {
    // STATE, LWT, INFO1, RESULT, STATUS8, … are status of the maker's, some of them not JSON.
    if (input.topicRest.at(-1) !== "SENSOR") return ignore("notTelemetry");
    const parsed = parseJsonObject(input.payload);
    if (!parsed.ok) return parsed;
    const message = parsed.value;
    const time = readTime(message, input);
    if (!time.ok) return time;
    const toCelsius = temperatureScale(ownValue(message, "TempUnit"));
    if (typeof toCelsius === "object") return toCelsius;
    return collect(
      Object.entries(message).flatMap(([key, sensor]) =>
        isJsonObject(sensor) && !notFood.has(key)
          ? decodeSensor({ key, sensor, deviceTimeMs: time.deviceTimeMs, toCelsius })
          : [],
      ),
    );
  },
};

/** The temperature of the ESP32's own chip stands among the sensors. */
const notFood: ReadonlySet<string> = new Set(["ESP32"]);

interface Sensor {
  key: string;
  sensor: JsonObject;
  deviceTimeMs: number | null;
  toCelsius: (value: number) => number;
}

/** A failing sensor writes `null`: that is a reject of this sensor, and the others stand. */
function decodeSensor(found: Sensor): (MadeReading | Rejected)[] {
  const { key, sensor, deviceTimeMs } = found;
  const common = { deviceTimeMs, channel: ownValue(sensor, "Id") ?? key };
  const made: (MadeReading | Rejected)[] = [];
  if (Object.hasOwn(sensor, "Temperature")) {
    const raw = sensor["Temperature"];
    const celsius = typeof raw === "number" ? found.toCelsius(raw) : raw;
    made.push(assembleReading({ ...common, reading: "temperature", values: { celsius } }));
  }
  if (Object.hasOwn(sensor, "Humidity")) {
    const values = { humidityPct: sensor["Humidity"] };
    made.push(assembleReading({ ...common, reading: "humidity", values }));
  }
  if (Object.hasOwn(sensor, "Weight")) {
    const values = { weightKg: sensor["Weight"], rawCount: ownValue(sensor, "AbsRaw") };
    made.push(assembleReading({ ...common, reading: "weight", values }));
  }
  return made.map((item) =>
    item.ok ? item : { ...item, detail: `${key.slice(0, 64)}: ${item.detail}` },
  );
}

function temperatureScale(unit: unknown): ((value: number) => number) | Rejected {
  if (unit === undefined || unit === "C") return (celsius) => celsius;
  if (unit === "F") return fahrenheitToCelsius;
  const detail = typeof unit === "string" ? unit.slice(0, 16) : describe(unit);
  return reject("DEVICES_UNIT_UNKNOWN", `TempUnit: ${detail}`);
}

type FoundTime = { ok: true; deviceTimeMs: number | null } | Rejected;

/** `Epoch` and a numeric `Time` (format 3) are seconds of UTC, whatever the time zone. */
function readTime(message: JsonObject, input: CodecInput): FoundTime {
  const time = ownValue(message, "Time");
  const epoch = ownValue(message, "Epoch") ?? time;
  if (typeof epoch === "number") return { ok: true, deviceTimeMs: epoch * 1000 };
  if (time === undefined) return { ok: true, deviceTimeMs: null };
  if (typeof time !== "string") return wrongType("Time", "a date", time);
  const deviceTimeMs = parseIsoTime(time, input.timeZone);
  if (deviceTimeMs === undefined) return reject("DEVICES_TIME_INVALID", time.slice(0, 64));
  return { ok: true, deviceTimeMs };
}
