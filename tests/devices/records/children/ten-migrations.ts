import { identityColumn, identityType } from "../../../../devices/records/migrations.ts";
import type { Migration } from "../../../../devices/records/migrations.ts";

export const migrations: readonly Migration[] = Array.from({ length: 10 }, (_, index) => ({
  id: `${String(index + 1).padStart(4, "0")}-table`,
  async up(tx, dialect) {
    await tx.schema
      .createTable(`table_${index + 1}`)
      .addColumn("id", identityType(dialect), identityColumn(dialect))
      .execute();
  },
}));
