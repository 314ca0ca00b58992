import { DatabaseSync } from "node:sqlite";
import { Kysely, SqliteDialect, type SqliteDatabase, type SqliteStatement } from "kysely";
import type { Records } from "../../devices/index.ts";
import { migrate } from "../../devices/records/migrations.ts";
import { bridgeToKysely } from "../../devices/records/sqlite-bridge.ts";
import { createRegistry } from "../../devices/registry/create-registry.ts";
import { migrations as registryMigrations } from "../../devices/registry/migrations.ts";
import { createDesk } from "../../ingest/desk/desk-service.ts";
import { migrations as ingestMigrations } from "../../ingest/desk/migrations.ts";
import { shortRules } from "../ingest/monitor/support/replay.ts";
import { sites } from "./sites.ts";

let template: Promise<Uint8Array> | null = null;

/** Records in memory with kitchens, devices and rules: the same for every seed, made once. */
export async function openFurnished(): Promise<Records> {
  template ??= furnish();
  const { database, records } = open();
  database.deserialize(await template);
  return records;
}

async function furnish(): Promise<Uint8Array> {
  const { database, records } = open();
  await migrate(records, [...registryMigrations, ...ingestMigrations]);
  const clock = { nowMs: () => 0 };
  const registry = createRegistry(records, clock);
  const desk = createDesk({ records, clock, defaultRules: [] });
  const sppgIds = new Set(sites.map(({ sppgId }) => sppgId));
  for (const sppgId of sppgIds) {
    await registry.addKitchen({ sppgId, name: sppgId, timeZone: "Asia/Jakarta" }, "cli");
  }
  for (const site of sites) {
    await registry.addDevice({ ...site, expectedIntervalSeconds: 3 }, "cli");
  }
  for (const sppgId of sppgIds) {
    for (const rule of shortRules) {
      await desk.putRule({ sppgId, rule, isEnabled: true, expectedVersion: 0 }, "cli");
    }
  }
  const image = database.serialize();
  await records.close();
  return image;
}

function open(): { database: DatabaseSync; records: Records } {
  const database = new DatabaseSync(":memory:", { enableForeignKeyConstraints: true });
  const dialect = new SqliteDialect({ database: prepareOnce(bridgeToKysely(database, "memory")) });
  const db = new Kysely<unknown>({ dialect });
  const close = async (): Promise<void> => {
    await db.destroy();
    if (database.isOpen) database.close();
  };
  return { database, records: { db, dialect: "sqlite", close } };
}

/** A fifth of a seed's time was the parsing of the same statements. */
function prepareOnce(bridge: SqliteDatabase): SqliteDatabase {
  const known = new Map<string, SqliteStatement>();
  return {
    close: () => bridge.close(),
    prepare(sql) {
      const statement = known.get(sql) ?? bridge.prepare(sql);
      // What a rollback does depends on whether there is anything to roll back.
      if (sql !== "rollback") known.set(sql, statement);
      return statement;
    },
  };
}
