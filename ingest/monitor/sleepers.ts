import type { RuleBook } from "../rules/rule-book.ts";
import type { Kitchens } from "./kitchens.ts";
import type { StateRow } from "./monitor.ts";
import { deviceRulesOf, endByRule, seriesRulesOf } from "./refresh.ts";
import { decodeCell, type DecodedCell, type LooseEpisodes } from "./rows.ts";
import { cellDeadline } from "./silence.ts";
import type { Device, Fold, Series, Watched } from "./state.ts";

/**
 * Cells whose row is newer than what is being replayed. Each wakes with the first entry that its
 * row does not hold: only then do the rules stand as they stood when the row was written.
 */
export interface Sleepers {
  /** Of the row that wakes next; infinite when all are awake. */
  readonly nextOffset: number;
  /** Wakes every cell whose row ends before the fold's entry. */
  wake(fold: Fold): void;
}

export function createSleepers(
  rows: Iterable<StateRow>,
  kitchens: Kitchens,
  rules: RuleBook,
): Sleepers {
  const decoded = Array.from(rows, (row) => decodeCell(row, kitchens.numbers));
  for (const { cell } of decoded) kitchens.addCell(cell);
  // The last one wakes first.
  const asleep = decoded.toSorted((a, b) => b.cell.rowOffset - a.cell.rowOffset);
  const offsetOf = (one: DecodedCell | undefined) => one?.cell.rowOffset ?? Infinity;
  let nextOffset = offsetOf(asleep.at(-1));

  function wake(fold: Fold): void {
    while (nextOffset < fold.offset) {
      const next = asleep.pop();
      if (next === undefined) return;
      for (const loose of next.loose) attach(fold, loose, rules);
      fold.schedule(next.cell, cellDeadline(next.cell));
      nextOffset = offsetOf(asleep.at(-1));
    }
  }

  return {
    get nextOffset() {
      return nextOffset;
    },
    wake,
  };
}

function attach(fold: Fold, { device, watched, byKey }: LooseEpisodes, rules: RuleBook): void {
  watched.rules = isSeries(watched)
    ? seriesRulesOf(device, watched, rules)
    : deviceRulesOf(device, rules);
  if (byKey.size === 0) return;
  const episodes = watched.rules.map(({ key }) => {
    const episode = byKey.get(key) ?? null;
    byKey.delete(key);
    return episode;
  });
  watched.episodes = episodes.some((episode) => episode !== null) ? episodes : null;
  // A default that this version of Nadi no longer has.
  for (const episode of byKey.values()) {
    endByRule(fold, device, episode);
    fold.touch(device.cell);
  }
}

function isSeries(watched: Watched | Device): watched is Series {
  return "channel" in watched;
}
