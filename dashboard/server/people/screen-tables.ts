import type { Transaction } from "kysely";

export interface ScreenTables {
  screen_pairing: ScreenPairingRow;
  screen_session: ScreenSessionRow;
}

export interface ScreenPairingRow {
  /** The secret collects a session; whoever reads the database collects none. */
  secret_sha256_hex: string;
  code: string;
  /** Addresses that count as one. */
  place: string;
  address: string;
  user_agent: string | null;
  created_at_ms: number;
  expires_at_ms: number;
  /** From here on `null` until somebody has entered the code. */
  session_id: string | null;
  sppg_id: string | null;
  name: string | null;
  paired_by: string | null;
}

export interface ScreenSessionRow {
  token_sha256_hex: string;
  session_id: string;
  sppg_id: string;
  name: string;
  paired_by: string;
  created_at_ms: number;
  last_seen_at_ms: number;
  expires_at_ms: number;
  address: string | null;
  user_agent: string | null;
}

export async function createScreenTables(tx: Transaction<unknown>): Promise<void> {
  await tx.schema
    .createTable("screen_pairing")
    .addColumn("secret_sha256_hex", "text", (column) => column.primaryKey())
    .addColumn("code", "text", (column) => column.notNull().unique())
    .addColumn("place", "text", (column) => column.notNull())
    .addColumn("address", "text", (column) => column.notNull())
    .addColumn("user_agent", "text")
    .addColumn("created_at_ms", "bigint", (column) => column.notNull())
    .addColumn("expires_at_ms", "bigint", (column) => column.notNull())
    .addColumn("session_id", "text")
    .addColumn("sppg_id", "text", (column) => column.references("kitchen.sppg_id"))
    .addColumn("name", "text")
    .addColumn("paired_by", "text")
    .execute();
  await tx.schema
    .createTable("screen_session")
    .addColumn("token_sha256_hex", "text", (column) => column.primaryKey())
    .addColumn("session_id", "text", (column) => column.notNull().unique())
    .addColumn("sppg_id", "text", (column) => column.notNull().references("kitchen.sppg_id"))
    .addColumn("name", "text", (column) => column.notNull())
    // No reference: who paired it may leave, and the screen stays on its wall.
    .addColumn("paired_by", "text", (column) => column.notNull())
    .addColumn("created_at_ms", "bigint", (column) => column.notNull())
    .addColumn("last_seen_at_ms", "bigint", (column) => column.notNull())
    .addColumn("expires_at_ms", "bigint", (column) => column.notNull())
    .addColumn("address", "text")
    .addColumn("user_agent", "text")
    .execute();
  await tx.schema
    .createIndex("screen_session_by_kitchen")
    .on("screen_session")
    .columns(["sppg_id", "created_at_ms"])
    .execute();
}
