import type { Records } from "../../devices/index.ts";
import { applyEffects } from "./apply-effects.ts";
import type { IngestRecords, PartitionRecords } from "./desk.ts";
import { createLayoutMethods } from "./layout.ts";
import { createLeaseMethods, soleTenure, type Tenure } from "./leases.ts";
import { createStateMethods } from "./monitor-state.ts";
import { createMovedAlertMethods } from "./moved-alerts.ts";
import { createOutboxMethods } from "./outbox.ts";
import { createFactMethods } from "./rule-versions.ts";

/** Handed to `startRecordsWorker({ services: { ingest: ingestServiceModule } })`. */
export const ingestServiceModule: string = import.meta.url;

/** What the ingest worker calls, through a port of its own. */
export function createService(records: Records): IngestRecords {
  return {
    ...createPartitionMethods(records, soleTenure),
    ...createLeaseMethods(records),
    ...createLayoutMethods(records),
    asOwner: (tenure, name, args) => {
      const method = createPartitionMethods(records, tenure)[name];
      // The name and its arguments belong together by the signature, which a union does not keep.
      return (method as (...given: typeof args) => ReturnType<typeof method>)(...args);
    },
  };
}

/** They read no clock. */
function createPartitionMethods(records: Records, tenure: Tenure): PartitionRecords {
  return {
    applyEffects: (effects) => applyEffects(records, tenure, effects),
    ...createFactMethods(records),
    ...createStateMethods(records, tenure),
    ...createOutboxMethods(records, tenure),
    ...createMovedAlertMethods(records, tenure),
  };
}
