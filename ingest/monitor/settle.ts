/**
 * After a replay. The registry has no versions: a replay that meets a newer one than the first
 * fold may judge a device no more, or in another cell, while its alert stands in the records as the
 * first fold left it. What the records hold of the replayed entries is brought in line here.
 */
import { tell } from "./alert.ts";
import { findAlert } from "./commands.ts";
import type { Kitchens } from "./kitchens.ts";
import type { AlertState } from "./monitor.ts";
import type { Fold } from "./state.ts";

/** Where the replay of the same entries gave the same, nothing happens. */
export function settleAlerts(fold: Fold, kitchens: Kitchens, known: readonly AlertState[]): void {
  for (const row of known) {
    const held = findHeld(kitchens, row);
    if (held === null) {
      if (row.condition === "active") endOrphan(fold, row);
      continue;
    }
    const { alert, cell } = held;
    if (alert.revision > row.revision) continue;
    if (alert.revision === row.revision && alert.condition === row.condition) continue;
    // Rows move only to a higher revision than they have: else it could never say anything again.
    alert.revision = row.revision;
    tell(fold, alert);
    fold.touch(cell);
  }
}

function findHeld({ bySppgId }: Kitchens, { sppgId, alertId }: AlertState) {
  for (const cell of bySppgId.get(sppgId)?.cells.values() ?? []) {
    const found = findAlert(cell, alertId);
    const alert = found?.run?.alert ?? found?.episode.alert ?? null;
    if (alert !== null) return { alert, cell };
  }
  return null;
}

/** Nobody watches it any more: nothing else would ever end it. */
function endOrphan(fold: Fold, row: AlertState): void {
  const clearedAtMs = fold.receivedTimeMs;
  tell(fold, { ...row, condition: "cleared", clearedAtMs, clearedBy: "rule" });
}
