import type { Records } from "../../devices/index.ts";
import { applyEffects } from "./apply-effects.ts";
import type { IngestRecords } from "./desk.ts";
import { createStateMethods } from "./monitor-state.ts";
import { createMovedAlertMethods } from "./moved-alerts.ts";
import { createOutboxMethods } from "./outbox.ts";
import { createFactMethods } from "./rule-versions.ts";

/** Handed to `startRecordsWorker({ services: { ingest: ingestServiceModule } })`. */
export const ingestServiceModule: string = import.meta.url;

/** What the ingest worker calls, through a port of its own. It reads no clock. */
export function createService(records: Records): IngestRecords {
  return {
    applyEffects: (effects) => applyEffects(records, effects),
    ...createFactMethods(records),
    ...createStateMethods(records),
    ...createOutboxMethods(records),
    ...createMovedAlertMethods(records),
  };
}
