import type { Records } from "../../devices/index.ts";
import { defaultRules } from "../rules/defaults.ts";
import { createAlertActions } from "./alert-actions.ts";
import { createAlertListMethods } from "./alert-list.ts";
import { createDeadLetterMethods } from "./dead-letters.ts";
import type { DeskContext } from "./desk-context.ts";
import type { Desk } from "./desk.ts";
import { createRuleMethods } from "./rule-book.ts";

/** Handed to `startRecordsWorker({ services: { desk: deskServiceModule } })`. */
export const deskServiceModule: string = import.meta.url;

/** What the records worker calls: on the wall clock, with the defaults that ship with Nadi. */
export function createService(records: Records): Desk {
  return createDesk({ records, clock: { nowMs: () => Date.now() }, defaultRules });
}

export function createDesk(context: DeskContext): Desk {
  return {
    ...createRuleMethods(context),
    ...createAlertListMethods(context),
    ...createAlertActions(context),
    ...createDeadLetterMethods(context.records),
  };
}
