import { JournalError } from "./errors.ts";
import { type JournalFolder, readCursors, readJournal } from "./inspect.ts";

/**
 * Before a journal elsewhere takes the place of these files: rejects with `JOURNAL_NOT_EMPTY` while
 * they hold readings that were acknowledged and that recorder or monitor have not taken yet. Nobody
 * would ever read them again.
 */
export async function requireAllTaken(folder: JournalFolder): Promise<void> {
  const readings = await countUntaken(folder);
  if (readings === 0) return;
  const message =
    `the files in ${folder.directory} hold ${readings} acknowledged messages that have not been ` +
    "stored and judged yet: start once more with NADI_JOURNAL=file and the store as it was, wait " +
    'until "nadi journal inspect" shows a lag of 0, and change the journal then';
  throw new JournalError("JOURNAL_NOT_EMPTY", message);
}

/** Entries of other kinds say only what time it was. */
async function countUntaken(folder: JournalFolder): Promise<number> {
  const cursors = await readCursors(folder, 0);
  const fromOffset = Math.min(...cursors.map(({ nextOffset }) => nextOffset), Infinity);
  const range = { fromOffset: Number.isFinite(fromOffset) ? fromOffset : 1, entriesMax: Infinity };
  let count = 0;
  for await (const { kind } of readJournal(folder, range)) if (kind === "publish") count += 1;
  return count;
}
