import { randomBytes } from "node:crypto";
import type { RecordSeeds } from "./record.ts";

/** New secrets for a new segment: a payload that can't guess them can't look like a record. */
export function systemSeeds(): RecordSeeds {
  const bytes = randomBytes(8);
  return { header: bytes.readUInt32LE(0), body: bytes.readUInt32LE(4) };
}
