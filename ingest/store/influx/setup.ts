import * as z from "zod";
import { ingestError } from "../../errors.ts";
import type { StoreKeep } from "../retention.ts";
import {
  bucketOf,
  type InfluxConfig,
  influxLimits,
  type LevelName,
  levelNames,
} from "./influx-config.ts";
import { hintsInSetup, InfluxError, storeAway } from "./influx-errors.ts";
import { connectInflux, type InfluxHttp, withParameters } from "./influx-http.ts";
import { runQueries } from "./influx-query.ts";
import { quoteName } from "./names.ts";

export interface SetupStep {
  /** A retention policy of 1.x, a bucket or a database of the others. */
  name: string;
  level: LevelName;
  keepDays: number;
  /** `kept`: as it was; 3 Core does not change the retention of a database that is there. */
  action: "created" | "updated" | "kept";
}

const daysOf = (keep: StoreKeep, level: LevelName): number =>
  ({ raw: keep.rawDays, minute: keep.minuteDays, hour: keep.hourDays })[level];

/** What InfluxDB deletes at once; retention ends up to so much later. */
const shardDays: Readonly<Record<LevelName, number>> = { raw: 1, minute: 7, hour: 90 };

const secondsOfDay = 86_400;

/** Makes what the store needs, or gives it today's retention; idempotent, deletes nothing. */
export function initInfluxStore(influx: InfluxConfig, keep: StoreKeep): Promise<SetupStep[]> {
  return withHttp(influx, async (http) => {
    if (influx.version === 1) return initVersion1(http, keep);
    return influx.version === 2 ? initVersion2(http, keep) : initVersion3(http, keep);
  });
}

async function withHttp<Result>(
  influx: InfluxConfig,
  work: (http: InfluxHttp) => Promise<Result>,
): Promise<Result> {
  const http = connectInflux(influx, influxLimits);
  try {
    return await work(http);
  } catch (error) {
    throw storeAway(error, "setting it up", hintsInSetup);
  } finally {
    http.close();
  }
}

async function command(http: InfluxHttp, statement: string): Promise<void> {
  const body = new URLSearchParams({ q: statement }).toString();
  const text = await http.send({
    method: "POST",
    path: "/query",
    body,
    contentType: "application/x-www-form-urlencoded",
    deadlineMs: http.limits.queryMsMax,
  });
  const [, fault] = /"error":"((?:[^"\\]|\\.)*)"/.exec(text) ?? [];
  if (fault !== undefined) throw new InfluxError(`/query answered: ${fault}`, {});
}

async function initVersion1(http: InfluxHttp, keep: StoreKeep): Promise<SetupStep[]> {
  const { bucket } = http.config;
  const database = quoteName(bucket);
  // Without WITH: it is kept as it is where it is there.
  await command(http, `CREATE DATABASE ${database}`);
  const known = await readPolicies(http);
  const steps: SetupStep[] = [];
  for (const level of levelNames) {
    const keepDays = daysOf(keep, level);
    const isKnown = known.has(level);
    const shard = Math.min(keepDays, shardDays[level]);
    const isDefault = level === "raw" ? " DEFAULT" : "";
    const verb = isKnown ? "ALTER" : "CREATE";
    await command(
      http,
      `${verb} RETENTION POLICY ${quoteName(level)} ON ${database} DURATION ${keepDays}d ` +
        `REPLICATION 1 SHARD DURATION ${shard}d${isDefault}`,
    );
    const action = isKnown ? "updated" : "created";
    steps.push({ name: `${bucket}.${level}`, level, keepDays, action });
  }
  return steps;
}

async function readPolicies(http: InfluxHttp): Promise<ReadonlySet<string>> {
  const statement = `SHOW RETENTION POLICIES ON ${quoteName(http.config.bucket)}`;
  const [rows = []] = await runQueries(http, [statement], { level: "raw" });
  return new Set(rows.flatMap(({ values }) => values.map(([name]) => String(name))));
}

const orgsSchema = z.object({ orgs: z.array(z.object({ id: z.string() })).min(1) });
const bucketSchema = z.object({ id: z.string(), name: z.string() });
const bucketsSchema = z.object({ buckets: z.array(bucketSchema).default([]) });
const mappingsSchema = z.object({
  content: z
    .array(z.object({ retention_policy: z.string(), virtual: z.boolean().optional() }))
    .default([]),
});

async function callApi<Schema extends z.ZodType>(
  http: InfluxHttp,
  request: { method: "GET" | "POST" | "PATCH"; path: string; body?: unknown },
  schema: Schema,
): Promise<z.output<Schema>> {
  const { method, path, body } = request;
  const text = await http.send({
    method,
    path,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    contentType: "application/json",
    deadlineMs: http.limits.queryMsMax,
  });
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    const place = path.split("?", 1)[0];
    throw new InfluxError(`${place} answered with something that InfluxDB 2 does not`, { cause });
  }
}

/** [docs.influxdata.com/influxdb/v2/api: Organizations, Buckets, DBRPs] */
async function initVersion2(http: InfluxHttp, keep: StoreKeep): Promise<SetupStep[]> {
  const { org, bucket: database } = http.config;
  const orgPath = withParameters("/api/v2/orgs", { org: org ?? "" });
  const { orgs } = await callApi(http, { method: "GET", path: orgPath }, orgsSchema);
  const orgID = orgs[0]?.id ?? "";
  const steps: SetupStep[] = [];
  for (const level of levelNames) {
    const name = bucketOf(http.config, level);
    const keepDays = daysOf(keep, level);
    const rule = {
      type: "expire",
      everySeconds: keepDays * secondsOfDay,
      shardGroupDurationSeconds: Math.min(keepDays, shardDays[level]) * secondsOfDay,
    };
    const findPath = withParameters("/api/v2/buckets", { orgID, name });
    const found = await findBucket(http, findPath, name);
    const body = { retentionRules: [rule] };
    const bucket =
      found === null
        ? await callApi(
            http,
            { method: "POST", path: "/api/v2/buckets", body: { orgID, name, ...body } },
            bucketSchema,
          )
        : await callApi(
            http,
            { method: "PATCH", path: `/api/v2/buckets/${found}`, body },
            bucketSchema,
          );
    await mapForInfluxQl(http, { orgID, bucketID: bucket.id, database, level });
    steps.push({ name, level, keepDays, action: found === null ? "created" : "updated" });
  }
  return steps;
}

/** A bucket that is not there is a 404 in some versions, and an empty list in others. */
async function findBucket(http: InfluxHttp, path: string, name: string): Promise<string | null> {
  try {
    const { buckets } = await callApi(http, { method: "GET", path }, bucketsSchema);
    return buckets.find((bucket) => bucket.name === name)?.id ?? null;
  } catch (error) {
    if (error instanceof InfluxError && error.status === 404) return null;
    throw error;
  }
}

/** InfluxQL finds a bucket by database and retention policy. */
async function mapForInfluxQl(
  http: InfluxHttp,
  mapping: { orgID: string; bucketID: string; database: string; level: LevelName },
): Promise<void> {
  const { orgID, bucketID, database, level } = mapping;
  const path = withParameters("/api/v2/dbrps", { orgID, bucketID });
  const { content } = await callApi(http, { method: "GET", path }, mappingsSchema);
  const isThere = content.some((one) => one.retention_policy === level && one.virtual !== true);
  if (isThere) return;
  const body = { orgID, bucketID, database, retention_policy: level, default: level === "raw" };
  await callApi(http, { method: "POST", path: "/api/v2/dbrps", body }, z.unknown());
}

/** [docs.influxdata.com/influxdb3/core/api: configure/database] */
async function initVersion3(http: InfluxHttp, keep: StoreKeep): Promise<SetupStep[]> {
  const steps: SetupStep[] = [];
  for (const level of levelNames) {
    const name = bucketOf(http.config, level);
    const keepDays = daysOf(keep, level);
    const request = { contentType: "application/json", deadlineMs: http.limits.queryMsMax };
    const body = JSON.stringify({ db: name, retention_period: `${keepDays}d` });
    const path = "/api/v3/configure/database";
    try {
      await http.send({ ...request, method: "POST", path, body });
      steps.push({ name, level, keepDays, action: "created" });
    } catch (error) {
      if (!(error instanceof InfluxError && error.status === 409)) throw error;
      steps.push({ name, level, keepDays, action: "kept" });
    }
  }
  return steps;
}

/**
 * Throws `INGEST_STORE_NOT_INITIALISED` if InfluxDB answers and lacks what `nadi store init` makes,
 * or refuses the credentials. Resolves with why it can't be asked; then the recorder waits for it.
 */
export async function checkInfluxStore(influx: InfluxConfig): Promise<string | null> {
  const http = connectInflux(influx, { ...influxLimits, queryMsMax: checkMsMax });
  try {
    const missing = await findMissing(http);
    if (missing.length === 0) return null;
    throw notInitialised(`InfluxDB lacks ${missing.join(", ")}: run \`nadi store init\` once.`);
  } catch (error) {
    if (!(error instanceof InfluxError)) throw error;
    if (error.status === 401 || error.status === 403) {
      const who = influx.version === 1 ? "NADI_INFLUX_USERNAME and _PASSWORD" : "NADI_INFLUX_TOKEN";
      throw notInitialised(`InfluxDB refuses to be asked (${error.message}): check ${who}.`);
    }
    return error.message;
  } finally {
    http.close();
  }
}

/** A start does not wait long for a store that readings may wait for. */
const checkMsMax = 3_000;

async function findMissing(http: InfluxHttp): Promise<string[]> {
  const { version, bucket } = http.config;
  const isAbsent = (error: unknown): boolean =>
    error instanceof InfluxError && /not found|no dbrp|could not find/i.test(error.message);
  if (version === 1) {
    try {
      const known = await readPolicies(http);
      return levelNames.filter((level) => !known.has(level)).map((level) => `${bucket}.${level}`);
    } catch (error) {
      if (isAbsent(error)) return [`the database ${bucket}`];
      throw error;
    }
  }
  const missing: string[] = [];
  for (const level of levelNames) {
    try {
      await runQueries(http, ["SHOW MEASUREMENTS LIMIT 1"], { level });
    } catch (error) {
      if (!isAbsent(error)) throw error;
      missing.push(bucketOf(http.config, level));
    }
  }
  return missing;
}

function notInitialised(message: string): Error {
  return ingestError("INGEST_STORE_NOT_INITIALISED", { message });
}
