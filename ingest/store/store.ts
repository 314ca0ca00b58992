/**
 * The telemetry store's port: the history of every series. `TelemetryStore` is the recorder's side,
 * `History` the side of those who look; they may stand in different threads.
 */
import type { JournaledReading } from "../decode/decoded.ts";

export interface WriteOutcome {
  /** Readings that were new. */
  stored: number;
  /** Readings that the store held already: a resend, or a replay after a crash. */
  duplicates: number;
  /** Of those, the ones whose values differ from the stored ones: the first one stays. */
  collisions: number;
  /** Readings that the store will never take, each with why; the others are stored. */
  rejected: readonly { reading: JournaledReading; detail: string }[];
}

export interface TelemetryStore {
  /**
   * Takes readings in any order of time. Idempotent by identity: (sppgId, deviceId, channel,
   * reading, original time, seq), or the journal's offset and index for one without a time. When
   * it resolves, `History` answers them; what survives a power cut is what `sync` has covered.
   * Rejects with `INGEST_STORE_UNAVAILABLE` (retryable) when nothing is known to be stored.
   */
  write(readings: readonly JournaledReading[]): Promise<WriteOutcome>;
  /** Everything that was written before the call is on disk when it resolves. */
  sync(): Promise<void>;
  /**
   * Copies the rollups of days that nothing late can reach into their month, and deletes what its
   * retention has ended, in slices; idempotent. `nowMs` is wall time, which may jump: called every
   * hour, upkeep follows a jump by a day a call.
   */
  maintain(nowMs: number): Promise<void>;
  /** Calls under way reject as retryable, if they can be ended: the process is about to end. */
  giveUp(): void;
  /** Idempotent; syncs first. */
  close(): Promise<void>;
}

/** One line of a chart: a field of a reading of a sensor. */
export interface SeriesQuery {
  sppgId: string;
  deviceId: string;
  channel: string;
  reading: string;
  field: string;
}

export interface BucketQuery extends SeriesQuery {
  /** `fromMs` ≤ t < `toMs`, UTC ms of event time. */
  fromMs: number;
  toMs: number;
  /** At most this many buckets: 1 is one bucket over the whole range. */
  pointsMax: number;
}

/**
 * What happened in one bucket. Readings with a flag count in `flagged` alone; a bucket that holds
 * nothing else has `null` values. Buckets without any reading are left out.
 */
export interface Bucket {
  /** Start of the bucket, or of the range where the range begins within it: UTC ms. */
  t: number;
  min: number | null;
  max: number | null;
  mean: number | null;
  /** The value with the newest (event time, seq). */
  last: number | null;
  count: number;
  flagged: number;
}

export interface BucketAnswer {
  /** Width of a bucket, from the list of design.md section 11; the whole range for one point. */
  widthMs: number;
  buckets: Bucket[];
}

export interface RawQuery extends SeriesQuery {
  fromMs: number;
  toMs: number;
  rowsMax: number;
  /** Goes on behind this row of the page before. */
  after?: RawPlace | undefined;
}

/** Where a raw row stands: total within a series. */
export interface RawPlace {
  t: number;
  seq: number;
  index: number;
}

export interface RawRow extends RawPlace {
  value: number;
  /** A sum of `flagBits`. */
  flags: number;
  /** The device's own time where it was not believed, else `null`. */
  originalTimeMs: number | null;
}

export interface TrackQuery {
  sppgId: string;
  deviceId: string;
  channel: string;
  fromMs: number;
  toMs: number;
  fixesMax: number;
}

/** A position with what was measured at the same moment. */
export interface Fix {
  t: number;
  lat: number;
  lon: number;
  speedKmh: number | null;
  headingDeg: number | null;
  accuracyM: number | null;
}

/** The newest reading without a flag of one series, by (event time, seq). */
export interface LatestValue {
  deviceId: string;
  channel: string;
  reading: string;
  field: string;
  value: number;
  eventTimeMs: number;
}

/** Reads what `TelemetryStore` wrote. All times are event times, UTC ms. */
export interface History {
  buckets(query: BucketQuery): Promise<BucketAnswer>;
  /** Raw rows in the order of (t, seq, index), while their retention lasts. */
  raw(query: RawQuery): Promise<RawRow[]>;
  /** The oldest `fixesMax` fixes of the range, oldest first. */
  track(query: TrackQuery): Promise<Fix[]>;
  /** Every series of a kitchen, ordered by device, channel, reading, field. */
  latest(sppgId: string): Promise<LatestValue[]>;
  close(): Promise<void>;
}
