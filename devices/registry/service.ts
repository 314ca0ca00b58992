import type { Records } from "../records/records.ts";
import { createRegistry } from "./create-registry.ts";
import type { Registry } from "./registry.ts";

/** Handed to `startRecordsWorker({ services: { registry: registryServiceModule } })`. */
export const registryServiceModule: string = import.meta.url;

/** What the records worker calls; on the wall clock. */
export function createService(records: Records): Registry {
  return createRegistry(records, { nowMs: () => Date.now() });
}
