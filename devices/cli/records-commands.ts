import { databaseUrlSchema, loadDevicesConfig } from "../config.ts";
import { copyRecords } from "../records/copy.ts";
import { loadMigrations } from "../records/migrations.ts";
import type { Command } from "./command.ts";
import { UsageError } from "./errors.ts";
import { answer, type RegistryCommandOptions, textOption } from "./registry-session.ts";
import { formatTable } from "./text.ts";

export function createRecordsCommands(options: RegistryCommandOptions): Command[] {
  return [recordsCopy(options)];
}

function recordsCopy({ migrationModules }: RegistryCommandOptions): Command {
  return {
    path: ["records", "copy"],
    summary: "Copy the records of the data folder into PostgreSQL",
    usage: "nadi records copy [--to <url>]",
    details: `
  --to    postgres://user:password@host:port/database, which must be empty;
          default: NADI_DATABASE_URL, which keeps the password out of the list of processes

Stop nadi serve first. All is copied in one transaction, read back and compared row by row: after
a crash run it again. Journal and readings stay in the data folder. What was copied stays there
too, and is no longer used once NADI_DATABASE_URL is set.

example: NADI_DATABASE_URL=postgres://nadi:secret@db/nadi nadi records copy`,
    options: { to: { type: "string" } },
    positionals: { min: 0, max: 0 },
    async run(args, context) {
      const { dataDir, databaseUrl } = loadDevicesConfig(context.env);
      const to = textOption(args, "to");
      const url = to ?? databaseUrl;
      if (url === undefined) throw new UsageError("--to is missing, and NADI_DATABASE_URL too.");
      if (!databaseUrlSchema.safeParse(url).success) {
        throw new UsageError("--to must be postgres://user:password@host:port/database.");
      }
      const migrations = await loadMigrations(migrationModules);
      const report = await copyRecords({
        dataDir,
        url,
        setting: to === undefined ? "NADI_DATABASE_URL" : "--to",
        migrations,
      });
      const rows = report.tables.map(({ table, rows: count, sha256 }) => [
        table,
        String(count),
        sha256.slice(0, 16),
      ]);
      const what = report.wasThere ? "was there already and is the same" : "is copied and the same";
      const text = `${formatTable(["TABLE", "ROWS", "SHA-256"], rows, "")}
Every row ${what} in ${report.target}. Now set NADI_DATABASE_URL for nadi serve and all commands.
`;
      return answer(context, report, text);
    },
  };
}
