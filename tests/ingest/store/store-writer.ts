// A process that writes until it is killed: `node store-writer.ts <directory> <seed>`.
// It says the number of each batch that is written.
import { openSqliteStore } from "../../../ingest/store/sqlite-store.ts";
import { batchOf } from "./batches.ts";

const [directory = "", seed = "1"] = process.argv.slice(2);
const store = openSqliteStore({ directory });
for (let batch = 0; ; batch += 1) {
  await store.write(batchOf(Number(seed), batch));
  process.stdout.write(`${batch}\n`);
}
