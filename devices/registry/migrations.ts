import type { ColumnDefinitionBuilder, Transaction } from "kysely";
import { identityColumn, identityType, type Migration } from "../records/migrations.ts";
import type { RecordsDialect } from "../records/records.ts";

/** Handed to the records worker and to the commands. */
export const registryMigrationsModule: string = import.meta.url;

export const migrations: readonly Migration[] = [
  {
    id: "0001-registry",
    async up(tx, dialect) {
      await createKitchens(tx);
      await createDevices(tx);
      await createDeviceSecrets(tx, dialect);
      await createPeople(tx);
      await createLogs(tx, dialect);
    },
  },
  {
    id: "0010-device-name",
    async up(tx) {
      await tx.schema.alterTable("device").addColumn("name", "text").execute();
      await tx.schema
        .alterTable("device")
        .addColumn("version", "integer", (column) => column.notNull().defaultTo(1))
        .execute();
    },
  },
  { id: "0012-people-change", up: (tx) => countChanges(tx) },
  {
    id: "0005-kitchen-coordinates",
    async up(tx) {
      await tx.schema.alterTable("kitchen").addColumn("latitude", "double precision").execute();
      await tx.schema.alterTable("kitchen").addColumn("longitude", "double precision").execute();
    },
  },
];

/** People can be disabled; people and kitchens count their changes; the audit log is read. */
async function countChanges(tx: Transaction<unknown>): Promise<void> {
  const one = (column: ColumnDefinitionBuilder) => column.notNull().defaultTo(1);
  await tx.schema.alterTable("kitchen").addColumn("version", "integer", one).execute();
  await tx.schema.alterTable("person").addColumn("enabled", "integer", one).execute();
  await tx.schema.alterTable("person").addColumn("version", "integer", one).execute();
  await tx.schema.createIndex("audit_log_by_time").on("audit_log").columns(["at_ms"]).execute();
  await tx.schema
    .createIndex("person_kitchen_by_kitchen")
    .on("person_kitchen")
    .columns(["sppg_id"])
    .execute();
}

async function createKitchens(tx: Transaction<unknown>): Promise<void> {
  await tx.schema
    .createTable("kitchen")
    .addColumn("sppg_id", "text", (column) => column.primaryKey())
    .addColumn("name", "text", (column) => column.notNull())
    .addColumn("time_zone", "text", (column) => column.notNull())
    .addColumn("created_at_ms", "bigint", (column) => column.notNull())
    .execute();
}

async function createDevices(tx: Transaction<unknown>): Promise<void> {
  await tx.schema
    .createTable("device")
    .addColumn("sppg_id", "text", (column) => column.notNull().references("kitchen.sppg_id"))
    .addColumn("device_id", "text", (column) => column.notNull())
    .addColumn("kind", "text", (column) => column.notNull())
    .addColumn("place", "text")
    .addColumn("codec", "text")
    .addColumn("gateway_id", "text")
    .addColumn("enabled", "integer", (column) => column.notNull())
    .addColumn("expected_interval_seconds", "integer", (column) => column.notNull())
    .addColumn("created_at_ms", "bigint", (column) => column.notNull())
    .addPrimaryKeyConstraint("device_key", ["sppg_id", "device_id"])
    .addForeignKeyConstraint("device_gateway", ["sppg_id", "gateway_id"], "device", [
      "sppg_id",
      "device_id",
    ])
    .execute();
}

async function createDeviceSecrets(
  tx: Transaction<unknown>,
  dialect: RecordsDialect,
): Promise<void> {
  await tx.schema
    .createTable("device_secret")
    .addColumn("id", identityType(dialect), identityColumn(dialect))
    .addColumn("sppg_id", "text", (column) => column.notNull())
    .addColumn("device_id", "text", (column) => column.notNull())
    .addColumn("sha256_hex", "text", (column) => column.notNull())
    .addColumn("created_at_ms", "bigint", (column) => column.notNull())
    .addColumn("expires_at_ms", "bigint")
    .addForeignKeyConstraint("device_secret_device", ["sppg_id", "device_id"], "device", [
      "sppg_id",
      "device_id",
    ])
    .execute();
  await tx.schema
    .createIndex("device_secret_by_device")
    .on("device_secret")
    .columns(["sppg_id", "device_id"])
    .execute();
}

async function createPeople(tx: Transaction<unknown>): Promise<void> {
  await tx.schema
    .createTable("person")
    .addColumn("email", "text", (column) => column.primaryKey())
    .addColumn("role", "text", (column) => column.notNull())
    .addColumn("password_hash", "text", (column) => column.notNull())
    .addColumn("created_at_ms", "bigint", (column) => column.notNull())
    .execute();
  await tx.schema
    .createTable("person_kitchen")
    .addColumn("email", "text", (column) => column.notNull().references("person.email"))
    .addColumn("sppg_id", "text", (column) => column.notNull().references("kitchen.sppg_id"))
    .addPrimaryKeyConstraint("person_kitchen_key", ["email", "sppg_id"])
    .execute();
}

async function createLogs(tx: Transaction<unknown>, dialect: RecordsDialect): Promise<void> {
  await tx.schema
    .createTable("change_log")
    .addColumn("seq", identityType(dialect), identityColumn(dialect))
    .addColumn("kind", "text", (column) => column.notNull())
    .addColumn("sppg_id", "text")
    .addColumn("subject", "text")
    .addColumn("at_ms", "bigint", (column) => column.notNull())
    .execute();
  await tx.schema
    .createTable("audit_log")
    .addColumn("id", identityType(dialect), identityColumn(dialect))
    .addColumn("at_ms", "bigint", (column) => column.notNull())
    .addColumn("actor", "text", (column) => column.notNull())
    .addColumn("action", "text", (column) => column.notNull())
    .addColumn("sppg_id", "text")
    .addColumn("subject", "text")
    .addColumn("address", "text")
    .addColumn("outcome", "text", (column) => column.notNull())
    .addColumn("detail_json", "text", (column) => column.notNull())
    .execute();
  await tx.schema
    .createIndex("audit_log_by_kitchen_and_time")
    .on("audit_log")
    .columns(["sppg_id", "at_ms"])
    .execute();
}
