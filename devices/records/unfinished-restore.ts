import { existsSync } from "node:fs";
import { join } from "node:path";
import { recordsError } from "./errors.ts";

/** In the data folder while `nadi restore` writes it: what lies beside it is not whole. */
export const unfinishedRestoreName = "restoring";

/** Throws `RECORDS_RESTORE_UNFINISHED`: nobody may go on with half of a data folder. */
export function refuseUnfinishedRestore(dataDir: string): void {
  if (!existsSync(join(dataDir, unfinishedRestoreName))) return;
  throw recordsError("RECORDS_RESTORE_UNFINISHED", {
    message:
      `A restore into ${dataDir} did not come to its end: run nadi restore again with the same ` +
      "backup, or empty the folder.",
    facts: { dataDir },
  });
}
