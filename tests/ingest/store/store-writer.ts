// A process that writes until it is killed: `node store-writer.ts <directory> <seed>`.
// It says the number of each batch that is written.
import { openSqliteStore } from "../../../ingest/store/sqlite-store.ts";
import { batchOf } from "./batches.ts";

const [directory = "", seed = "1"] = process.argv.slice(2);
/** Every other one's clock runs fast: two of four days are closed and opened again a batch. */
const tickMs = Number(seed) % 2 === 0 ? 0 : 200_000;
let uptimeMs = 0;
const monotonicMs = (): number => (uptimeMs += tickMs);
const store = openSqliteStore({ directory, monotonicMs });
for (let batch = 0; ; batch += 1) {
  await store.write(batchOf(Number(seed), batch));
  process.stdout.write(`${batch}\n`);
}
