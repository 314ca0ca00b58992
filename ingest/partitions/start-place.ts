import type { PartitionJournal } from "../../broker/index.ts";
import type { StartPlace } from "../worker/service.ts";

/** Each entry of the journal leaves room for a change before it. */
export const offsetStep = 2;
/** Of what waited for an owner, the newest: those of 10 s at 1,000/s. What is older is history. */
export const caughtUpLiveMax = 10_000;

/**
 * Where an owner begins. What waited for one has been shown by nobody: live values begin where the
 * last owner is known to have stood. What it has shown since, and could not say, comes again with
 * the ids that it had.
 */
export function startPlaceOf(
  journal: Pick<PartitionJournal, "firstOffset" | "syncedOffset" | "cursor">,
): Required<StartPlace> {
  const { firstOffset, syncedOffset: replayUpTo } = journal;
  const shownUpTo = (journal.cursor("monitor") ?? firstOffset) - 1;
  return {
    firstOffset,
    recorderOffset: journal.cursor("recorder") ?? firstOffset,
    replayUpTo,
    liveAfter: Math.max(shownUpTo, replayUpTo - caughtUpLiveMax * offsetStep),
  };
}
