import type { Records } from "../records/records.ts";
import { createAuditMethods } from "./audit.ts";
import { createChangeMethods, type WallClock } from "./changes.ts";
import { createDeviceMethods } from "./devices.ts";
import { createKitchenMethods } from "./kitchens.ts";
import type { Registry } from "./registry.ts";
import { createUserMethods } from "./users.ts";

/** The registry over an open, migrated database; in the records worker or in a command. */
export function createRegistry(records: Records, clock: WallClock): Registry {
  const context = { records, clock };
  return {
    ...createKitchenMethods(context),
    ...createDeviceMethods(context),
    ...createUserMethods(context),
    ...createChangeMethods(context),
    ...createAuditMethods(context),
  };
}
