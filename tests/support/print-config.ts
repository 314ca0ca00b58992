// `node tests/support/print-config.ts` prints `.env.example` and the README's configuration
// table as they should be; with `--write` it puts them in place.
import {
  collectConfigKeys,
  renderEnvExample,
  renderReadmeTable,
  writeConfigDocs,
} from "./config-docs.ts";

const keys = await collectConfigKeys();
if (process.argv.includes("--write")) {
  writeConfigDocs(keys);
  process.stdout.write(`wrote ${keys.length} variables to .env.example and README.md\n`);
} else {
  process.stdout.write(`${renderEnvExample(keys)}\n${renderReadmeTable(keys)}\n`);
}
