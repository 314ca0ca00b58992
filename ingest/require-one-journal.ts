import { ingestError } from "./errors.ts";
import type { LayoutRecords } from "./desk/layout.ts";

/**
 * Before segment files are opened: offsets of a journal on Redis say nothing of this one's, and
 * rows would wait for theirs for ever. Rejects with `INGEST_LAYOUT_DIFFERS` if the records follow
 * one, before anything has been acknowledged.
 */
export async function requireOneJournal(records: Pick<LayoutRecords, "readLayout">): Promise<void> {
  const partitions = await records.readLayout();
  if (partitions === 1) return;
  throw ingestError("INGEST_LAYOUT_DIFFERS", {
    message:
      `These records follow a journal of ${partitions} partitions: set NADI_JOURNAL=redis ` +
      "as before, or start with records of another place.",
    facts: { partitions },
  });
}
