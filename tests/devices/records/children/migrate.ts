import { loadMigrations, migrate } from "../../../../devices/records/migrations.ts";
import { openRecords, recordsPath } from "../../../../devices/records/records.ts";

// Waits for a line, so that several of these begin at the same time; prints what it applied.
const [dataDir = "", ...moduleUrls] = process.argv.slice(2);
const migrations = await loadMigrations(moduleUrls);
process.stdout.write("ready\n");
process.stdin.once("data", () => {
  void run();
});

async function run(): Promise<void> {
  process.stdin.pause();
  const records = await openRecords({ path: recordsPath(dataDir) });
  const applied = await migrate(records, migrations);
  await records.close();
  process.stdout.write(`${JSON.stringify(applied)}\n`);
}
