import type { ReadingFlag, ReadingName } from "../../devices/index.ts";

/** `JournaledReading.flags` is a sum of these: any of them keeps it out of rules and formulas. */
export const flagBits = {
  sensorFault: 1,
  implausible: 2,
  clockSuspect: 4,
} as const satisfies Record<ReadingFlag, number>;

/** Three times a country of 300,000 series: 8 MB for each list that has all. */
export const seriesSlots = 2 ** 20;

/** One reading as the journal gave it: what the store keeps and the monitor thinks about. */
export interface JournaledReading {
  sppgId: string;
  /** The device that measured: a gateway's child, not the gateway. */
  deviceId: string;
  channel: string;
  reading: ReadingName;
  /** `{sppgId}/{deviceId}/{channel}/{reading}`, made once for each topic and channel. */
  seriesKey: string;
  /**
   * Where in a list of its own a consumer may look for the series before it looks anywhere else:
   * the same number for each message of a topic and channel, below `seriesSlots`. Numbers come
   * round again, so whoever finds something there compares the key. Left out: no such place.
   */
  slot?: number;
  /** When it happened, as Nadi stores it (see `resolveEventTime`): UTC ms. */
  eventTimeMs: number;
  /** What the device said, believed or not; `null` if it sent none. Part of the identity. */
  originalTimeMs: number | null;
  /** As sent; `null` if it sent none. */
  seq: number | null;
  receivedTimeMs: number;
  /** Where it stands in the journal, and its place within that payload. */
  offset: number;
  index: number;
  /** By field name, in the units of the reading type. */
  fields: Readonly<Record<string, number>>;
  flags: number;
  batteryPct: number | null;
}

/** What of a payload is not a reading, and why: it becomes a dead letter. */
export interface DecodeFailure {
  sppgId: string;
  /** The publisher, as its login says. */
  deviceId: string;
  topicName: string;
  /** The first bytes of the payload, copied: at most `failureBytesMax`. */
  firstBytes: Uint8Array;
  payloadBytes: number;
  /** A code of `devices/errors.ts` or `ingest/errors.ts`. */
  reason: string;
  detail: string;
  receivedTimeMs: number;
  offset: number;
  index: number;
}

export const failureBytesMax = 256;

interface Place {
  offset: number;
  receivedTimeMs: number;
}

/** An entry of the journal, decoded once for both consumers. */
export type DecodedEntry = Place &
  (
    | {
        kind: "publish";
        sppgId: string;
        /** The publisher: it has been heard, whatever it sent. */
        deviceId: string;
        readings: readonly JournaledReading[];
        failures: readonly DecodeFailure[];
      }
    | { kind: "change"; changeSeq: number }
    | { kind: "tick" }
    /** Received times jump by `stepMs` here; nothing else does. */
    | { kind: "clock"; stepMs: number }
  );
