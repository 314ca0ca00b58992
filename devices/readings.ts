import * as z from "zod/mini";

/** Every value is stored in one of these units; a codec converts, once. */
export type Unit = "Cel" | "deg" | "km/h" | "m" | "kg" | "%" | "count" | "switch";

export interface FieldType {
  unit: Unit;
  /** A value outside is stored and flagged `implausible`. */
  plausible: readonly [min: number, max: number];
  isRequired: boolean;
  /** A value outside can't exist: the reading is refused. */
  possible?: readonly [min: number, max: number];
  /** Codes that a sensor puts in the place of a measurement: stored, flagged `sensorFault`. */
  faultValues?: readonly number[];
  /** A number that says "unknown": the field is left out. */
  unknownValue?: number;
}

export interface ReadingType {
  /** What a chart shows when no field is named. */
  primaryField: string;
  fields: Readonly<Record<string, FieldType>>;
  /** Fields that, if all are exactly 0, mean that there is no measurement. */
  voidIfZero?: readonly string[];
}

const coordinate = { unit: "deg", isRequired: true } as const;
const optional = { isRequired: false } as const;
/** Phones write -1 for a speed or heading that they do not know. */
const minusOneIsUnknown = { unknownValue: -1 } as const;

/**
 * Every reading type. To add one, add a few lines here; field names are unique over all types,
 * since a series is (sppgId, deviceId, channel, field). Plausible ranges are choices of this
 * project: wide enough for every right sensor in a kitchen, so that what lies outside is a fault.
 */
export const readingTypes = {
  temperature: {
    primaryField: "celsius",
    fields: {
      celsius: {
        unit: "Cel",
        isRequired: true,
        // Blast freezers reach -40 °C, frying oil 200 °C, an oven 300 °C.
        plausible: [-60, 350],
        // DS18B20: power-on value and "disconnected". 85.0 may also be a soup: on a cooking probe
        // the monitor accepts it when both neighbours lie within 2 °C. That needs neighbours, so
        // it can't be decided here.
        faultValues: [85, -127],
      },
    },
  },
  position: {
    primaryField: "speedKmh",
    fields: {
      lat: { ...coordinate, plausible: [-90, 90], possible: [-90, 90] },
      lon: { ...coordinate, plausible: [-180, 180], possible: [-180, 180] },
      speedKmh: { ...optional, ...minusOneIsUnknown, unit: "km/h", plausible: [0, 200] },
      headingDeg: { ...optional, ...minusOneIsUnknown, unit: "deg", plausible: [0, 360] },
      accuracyM: { ...optional, unit: "m", plausible: [0, 100_000] },
      altitudeM: { ...optional, unit: "m", plausible: [-500, 9000] },
    },
    // A tracker without a fix reports the sea off Ghana.
    voidIfZero: ["lat", "lon"],
  },
  weight: {
    primaryField: "weightKg",
    fields: {
      // Below zero after a tare with something on the pan: normal for a scale.
      weightKg: { unit: "kg", isRequired: true, plausible: [-200, 2000] },
      // What the 24-bit converter counted, before tare: the only thread across a power cut.
      rawCount: { ...optional, unit: "count", plausible: [-8_388_608, 8_388_607] },
    },
  },
  humidity: {
    primaryField: "humidityPct",
    fields: { humidityPct: { unit: "%", isRequired: true, plausible: [0, 100] } },
  },
  door: {
    primaryField: "open",
    fields: { open: { unit: "switch", isRequired: true, plausible: [0, 1] } },
  },
} as const satisfies Record<string, ReadingType>;

export type ReadingName = keyof typeof readingTypes;
export const readingNames = Object.keys(readingTypes) as readonly ReadingName[];

/** Map, not the object: the name comes from a device's topic and may be `constructor`. */
const typesByName: ReadonlyMap<string, ReadingType> = new Map(Object.entries(readingTypes));

export function findReadingType(name: string): ReadingType | null {
  return typesByName.get(name) ?? null;
}

export function isReadingName(name: string): name is ReadingName {
  return typesByName.has(name);
}

/** Any flag keeps a reading out of limits, formulas and "latest"; it is stored all the same. */
export const readingFlags = ["sensorFault", "implausible", "clockSuspect"] as const;
export type ReadingFlag = (typeof readingFlags)[number];

/** Tells two sensors of one device apart; the sensor's own id where it has one. */
export const channelPattern = /^[A-Za-z0-9_-]{1,64}$/;
export const defaultChannel = "0";

/** The widest time that a date can hold, in ms either side of 1970. */
export const timeMsMax = 8.64e15;

/** Also keeps `__proto__` out of the record. */
const fieldNamePattern = /^[a-z][A-Za-z0-9]{0,31}$/;
/** zod's numbers are finite. */
const finite = z.number();

export const readingSchema = z.object({
  reading: z.enum(readingNames as readonly [ReadingName, ...ReadingName[]]),
  channel: z.string().check(z.regex(channelPattern)),
  /** The device's own clock, not yet judged (see `event-time.ts`); `null` if it sent none. */
  deviceTimeMs: z.nullable(z.int().check(z.minimum(-timeMsMax), z.maximum(timeMsMax))),
  seq: z.nullable(z.int().check(z.minimum(0))),
  /** By field name, in the units of the reading type. */
  fields: z.record(z.string().check(z.regex(fieldNamePattern)), finite),
  batteryPct: z.optional(finite.check(z.minimum(0), z.maximum(100))),
  flags: z.readonly(z.array(z.enum(readingFlags))),
});

export type Reading = z.infer<typeof readingSchema>;

/** A flag for the value, or `null`. Fault codes come first: they lie outside the range too. */
export function judgeValue(field: FieldType, value: number): ReadingFlag | null {
  if (field.faultValues?.includes(value)) return "sensorFault";
  const [min, max] = field.plausible;
  return value >= min && value <= max ? null : "implausible";
}

export interface SeriesRef {
  sppgId: string;
  deviceId: string;
  channel: string;
}

/** One line of a chart. No id may hold a slash, so that two series never share a key. */
export function seriesKey(series: SeriesRef, field: string): string {
  return `${series.sppgId}/${series.deviceId}/${series.channel}/${field}`;
}

/** Where a reading arrived: the journal offset, and its index within that payload. */
export interface Arrival {
  offset: number;
  index: number;
}

/**
 * The same identity twice is one reading. The device's original time counts, believed or not, and
 * a missing `seq` is 0. Without a time the arrival stands in for both: such readings are never
 * merged, and one sent again is stored twice.
 */
export function readingIdentity(
  series: SeriesRef,
  reading: Pick<Reading, "reading" | "deviceTimeMs" | "seq">,
  arrival: Arrival,
): string {
  const { reading: name, deviceTimeMs, seq } = reading;
  const when =
    deviceTimeMs === null ? `@${arrival.offset}.${arrival.index}` : `${deviceTimeMs}.${seq ?? 0}`;
  return `${series.sppgId}/${series.deviceId}/${series.channel}/${name}/${when}`;
}
