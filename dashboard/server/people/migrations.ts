import type { Migration } from "../../../devices/index.ts";
import { createScreenTables } from "./screen-tables.ts";

/** Handed to the records worker and to the commands. */
export const peopleMigrationsModule: string = import.meta.url;

export const migrations: readonly Migration[] = [
  {
    id: "0003-people",
    async up(tx) {
      await tx.schema
        .createTable("person_session")
        // The cookie's value is a secret; whoever reads the database gets no session from this.
        .addColumn("token_sha256_hex", "text", (column) => column.primaryKey())
        .addColumn("session_id", "text", (column) => column.notNull().unique())
        .addColumn("email", "text", (column) =>
          column.notNull().references("person.email").onDelete("cascade"),
        )
        .addColumn("person_print", "text", (column) => column.notNull())
        .addColumn("created_at_ms", "bigint", (column) => column.notNull())
        .addColumn("last_seen_at_ms", "bigint", (column) => column.notNull())
        .addColumn("expires_at_ms", "bigint", (column) => column.notNull())
        .addColumn("address", "text")
        .addColumn("user_agent", "text")
        .execute();
      await tx.schema
        .createIndex("person_session_by_email")
        .on("person_session")
        .columns(["email", "created_at_ms"])
        .execute();
      await tx.schema
        .createIndex("person_session_by_last_seen")
        .on("person_session")
        .columns(["last_seen_at_ms"])
        .execute();
    },
  },
  { id: "0007-screens", up: (tx) => createScreenTables(tx) },
  {
    id: "0011-commands",
    async up(tx) {
      await tx.schema
        .createTable("person_command")
        .addColumn("email", "text", (column) =>
          column.notNull().references("person.email").onDelete("cascade"),
        )
        .addColumn("key_sha256_hex", "text", (column) => column.notNull())
        .addColumn("request_sha256_hex", "text", (column) => column.notNull())
        .addColumn("sealed_answer", "text")
        .addColumn("begun_at_ms", "bigint", (column) => column.notNull())
        .addPrimaryKeyConstraint("person_command_key", ["email", "key_sha256_hex"])
        .execute();
      await tx.schema
        .createIndex("person_command_by_time")
        .on("person_command")
        .columns(["begun_at_ms"])
        .execute();
      await tx.schema
        .createIndex("person_session_by_start")
        .on("person_session")
        .columns(["created_at_ms"])
        .execute();
    },
  },
];
