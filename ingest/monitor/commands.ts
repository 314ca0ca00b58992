/** What people did to alerts, as the change log ordered it. */
import { closeByPerson } from "./episode.ts";
import type { KitchenState } from "./kitchens.ts";
import type { AlertCommand } from "./monitor.ts";
import { scheduleDevice } from "./silence.ts";
import {
  type Cell,
  type Device,
  type Episode,
  type Fold,
  isOpen,
  type LateRun,
  type Series,
} from "./state.ts";

/** @returns the cell that has changed; `null` if no alert of that id is remembered */
export function applyCommand(
  fold: Fold,
  kitchen: KitchenState,
  command: AlertCommand,
): Cell | null {
  for (const cell of kitchen.cells.values()) {
    if (cell.rowOffset >= fold.offset) continue;
    const found = findAlert(cell, command.alertId);
    if (found === null) continue;
    obey(fold, found, command);
    return cell;
  }
  return null;
}

interface Found {
  device: Device;
  series: Series | null;
  index: number;
  episode: Episode;
  /** If the alert is a late one. */
  run: LateRun | null;
}

/** Also if it is a late one. */
export function findAlert(cell: Cell, alertId: string): Found | null {
  for (const device of cell.devices.values()) {
    for (const series of [null, ...device.series.values()]) {
      const episodes = (series ?? device).episodes ?? [];
      for (const [index, episode] of episodes.entries()) {
        if (episode === null) continue;
        const run = episode.lateRuns.find(({ alert }) => alert?.alertId === alertId) ?? null;
        if (run === null && episode.alert?.alertId !== alertId) continue;
        return { device, series, index, episode, run };
      }
    }
  }
  return null;
}

function obey(fold: Fold, found: Found, command: AlertCommand): void {
  const { device, series, index, episode, run } = found;
  if (run !== null) {
    run.isEnded = true;
    return;
  }
  if (!isOpen(episode)) {
    // Cleared and now answered: it is over, and a condition that returns is another alert.
    episode.isEnded = true;
    return;
  }
  const rule = (series ?? device).rules[index];
  if (command.action === "acknowledge" || rule === undefined) return;
  const timeMs = series === null ? fold.listeningMs : Math.max(series.timeMs, series.faultTimeMs);
  closeByPerson(fold, episode, { rule, atMs: command.atMs, timeMs });
  if (series === null) scheduleDevice(fold, device);
}
