import type { Records } from "../../../devices/index.ts";
import { createPeople } from "./create-people.ts";
import type { People } from "./people.ts";

/** Handed to `startRecordsWorker({ services: { people: peopleServiceModule } })`. */
export const peopleServiceModule: string = import.meta.url;

/** What the records worker calls. */
export function createService(records: Records): People {
  return createPeople(records, {
    wallMs: () => Date.now(),
    monotonicMs: () => performance.now(),
  });
}
