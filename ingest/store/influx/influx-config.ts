import type { StoreKeep } from "../retention.ts";

/** How to reach InfluxDB; holds secrets, so that it is handed over and never logged. */
export interface InfluxConfig {
  /** Without credentials and without a slash at its end. */
  readonly url: string;
  /** Picks the paths: 1.x, 2.x, or 3 Core. */
  readonly version: 1 | 2 | 3;
  /** The bucket of raw readings, or the database; the others' names begin with it. */
  readonly bucket: string;
  /** 2.x only, where it is required. */
  readonly org: string | null;
  /** 2.x and 3. */
  readonly token: string | null;
  /** 1.x with authentication. */
  readonly login: { readonly username: string; readonly password: string } | null;
}

/** Of the kitchens, where several write: each sums up its own, and notes how far it has come. */
export interface InfluxPart {
  partition: number;
  /** How many there are. */
  partitions: number;
  ownsKitchen(sppgId: string): boolean;
}

export interface InfluxStoreOptions {
  influx: InfluxConfig;
  /** Left out: all kitchens are this store's. */
  part?: InfluxPart;
  limits?: Partial<InfluxLimits>;
  log?: (event: InfluxEvent) => void;
}

/** What an operator should hear: sums that InfluxDB does not take are missing in long charts. */
export interface InfluxEvent {
  kind: "sumsRefused";
  /** How many were refused; 0: InfluxDB could not make them. */
  lines: number;
  field?: string;
  detail: string;
}

export interface InfluxHistoryOptions {
  influx: InfluxConfig;
  keep: StoreKeep;
  limits?: Partial<InfluxLimits>;
  /** Tells which readings are gone by retention; the wall clock if it is left out. */
  nowMs?: () => number;
}

/** What one request may take; each is told to the transport at the call. */
export interface InfluxLimits {
  /** Of a write: a slow server that answers after 5 s is still waited for. */
  writeMsMax: number;
  /** Of a query: below the deadline of the history's thread, so that its reason is told. */
  queryMsMax: number;
  /** Lines of one write; InfluxDB's own advice is 5,000 to 10,000. */
  writeLinesMax: number;
  /** Characters of one write: InfluxDB 1.x takes 25 MB, a proxy often 8. */
  writeLengthMax: number;
  /** Bytes of an answer that are read at all. */
  answerBytesMax: number;
  /** Longest wait that a Retry-After can ask for. */
  retryAfterMsMax: number;
}

export const influxLimits: Readonly<InfluxLimits> = {
  writeMsMax: 15_000,
  queryMsMax: 9_000,
  writeLinesMax: 5_000,
  writeLengthMax: 2 * 1024 * 1024,
  answerBytesMax: 64 * 1024 * 1024,
  retryAfterMsMax: 60_000,
};

/** Raw readings and the two sorts of sums, each with a retention of its own. */
export const levelNames = ["raw", "minute", "hour"] as const;
export type LevelName = (typeof levelNames)[number];

/**
 * Where a level lies in 2.x and 3: there the second part of a name is what InfluxQL calls the
 * retention policy, so that one query reads all versions.
 */
export function bucketOf(config: Pick<InfluxConfig, "bucket">, level: LevelName): string {
  return level === "raw" ? config.bucket : `${config.bucket}/${level}`;
}
