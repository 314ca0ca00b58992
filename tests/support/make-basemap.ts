import { writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { basemapFile, makeBasemap } from "./basemap.ts";

// node tests/support/make-basemap.ts: makes the bundled map anew, after its packages changed.
const text = await makeBasemap();
writeFileSync(basemapFile, text);
process.stdout.write(
  `${basemapFile}: ${text.length} bytes, ${gzipSync(text, { level: 9 }).length} gzipped\n`,
);
