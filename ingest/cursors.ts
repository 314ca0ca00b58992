import type { FileJournal } from "../broker/index.ts";
import type { CursorName } from "./worker/service.ts";

const names: readonly CursorName[] = ["recorder", "monitor"];

/** Both stand before anything may be trimmed: an unknown cursor holds nothing. */
export async function registerCursors(
  journal: Pick<FileJournal, "cursor" | "commitCursor" | "firstOffset">,
): Promise<void> {
  for (const name of names) {
    if (journal.cursor(name) === null) await journal.commitCursor(name, journal.firstOffset);
  }
}

/** What a consumer has dealt with. One that began behind its cursor has nothing to move. */
export async function commitForward(
  journal: Pick<FileJournal, "cursor" | "commitCursor">,
  { name, nextOffset }: { name: CursorName; nextOffset: number },
): Promise<void> {
  // Records of an older backup make the monitor begin behind its cursor, which stands further.
  if (nextOffset <= (journal.cursor(name) ?? 0)) return;
  await journal.commitCursor(name, nextOffset);
}
