import { initInfluxStore } from "../../ingest/store/influx/setup.ts";
import type { InfluxConfig } from "../../ingest/store/influx/influx-config.ts";
import { defaultStoreKeep } from "../../ingest/store/retention.ts";
import { type InfluxServer, startInfluxServer } from "../support/influx-server.ts";
import type { Scope } from "../support/nadi-process.ts";
import { type PostgresServer, startPostgres } from "../support/postgres.ts";
import { type RedisServer, startRedis } from "../support/redis.ts";
import { besideTest, type ServerPlace } from "../support/server-place.ts";
import { influxEnv } from "./influx-site.ts";

export const serverNames = ["redis", "influx", "postgres"] as const;
export type ServerName = (typeof serverNames)[number];

/** One of them, for whoever breaks it. */
export interface Breakable {
  name: ServerName;
  url: string;
  /** `kill -9`; resolves when it has ended. */
  kill(): Promise<void>;
  start(): Promise<void>;
  freeze(): Promise<void>;
  thaw(): Promise<void>;
}

/** What a deployment that has outgrown one process has beside its serve. */
export interface Servers {
  redis: RedisServer;
  influx: InfluxServer;
  influxConfig: InfluxConfig;
  postgres: PostgresServer;
  databaseUrl: string;
  breakable: Readonly<Record<ServerName, Breakable>>;
}

/** Real ones of the test's own, with an empty database each; they end with the scope. */
export async function startServers(
  scope: Scope,
  place: ServerPlace = besideTest,
): Promise<Servers> {
  const [redis, influx, postgres] = await Promise.all([
    startRedis(scope, { place }),
    startInfluxServer({ place }),
    startPostgres(scope, { place }),
  ]);
  scope.onTestFinished(() => influx.stop());
  const influxConfig = influx.config();
  await initInfluxStore(influxConfig, defaultStoreKeep);
  const databaseUrl = await postgres.createDatabase();
  const breakable: Servers["breakable"] = {
    redis: {
      name: "redis",
      url: redis.url,
      kill: () => redis.kill(),
      start: () => redis.start(),
      freeze: async () => redis.freeze(),
      thaw: async () => redis.thaw(),
    },
    influx: {
      name: "influx",
      url: influx.url,
      kill: () => influx.kill("SIGKILL"),
      start: () => influx.start(),
      freeze: () => influx.kill("SIGSTOP"),
      thaw: () => influx.kill("SIGCONT"),
    },
    postgres: {
      name: "postgres",
      url: databaseUrl,
      kill: () => postgres.kill(),
      start: () => postgres.start(),
      freeze: async () => postgres.freeze(),
      thaw: async () => postgres.thaw(),
    },
  };
  return { redis, influx, influxConfig, postgres, databaseUrl, breakable };
}

/** The environment of a serve that uses them, at their own addresses or others that lead there. */
export function serversEnv(
  { breakable, influxConfig }: Servers,
  urls: Partial<Record<ServerName, string>> = {},
): Readonly<Record<string, string>> {
  return {
    NADI_REDIS_URL: urls.redis ?? breakable.redis.url,
    NADI_DATABASE_URL: urls.postgres ?? breakable.postgres.url,
    ...influxEnv({ ...influxConfig, url: urls.influx ?? breakable.influx.url }),
  };
}
