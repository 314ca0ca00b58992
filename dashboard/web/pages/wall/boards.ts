import { liveAddress } from "../../../../devices/browser.ts";
import type { Standing } from "../../kitchens/standing.ts";

/** What the wall shows at a time. */
export interface Board {
  /** The same for as long as it means the same: the rotation goes by it. */
  key: string;
  kind: "kitchens" | "probes" | "stock" | "alerts";
  /** `null`: of all kitchens. */
  sppgId: string | null;
  /** From 0, where one board does not hold all. */
  page: number;
  pages: number;
  /** Something on it is critical and nobody has acknowledged it: it stays. */
  isHeld: boolean;
}

/** More tiles or rows are no longer read from five metres. */
export const tilesMax = 8;
export const rowsMax = 6;
/** So few rows are larger. */
export const fewRows = 4;

const naturally = new Intl.Collator("id", { numeric: true });

/**
 * By name, so that a kitchen whose state changes neither skips its turn nor takes another's; which
 * is worst the board of all kitchens says. Of a calm kitchen there are no alerts to show, and of
 * one without scales no stock.
 */
export function listBoards(standings: readonly Standing[]): readonly Board[] {
  const ofKitchens = standings
    .toSorted((a, b) => naturally.compare(a.snapshot.kitchen.name, b.snapshot.kitchen.name))
    .flatMap(boardsOf);
  if (standings.length < 2) return ofKitchens;
  return [...paged({ kind: "kitchens", sppgId: null }, standings.length, rowsMax), ...ofKitchens];
}

function boardsOf({ snapshot, alerts }: Standing): Board[] {
  const { sppgId } = snapshot.kitchen;
  const isHeld = alerts.some(
    ({ severity, response }) => severity === "critical" && response === "unacknowledged",
  );
  const { probes, stock } = countSensors(snapshot);
  const calm = [
    ...paged({ kind: "probes", sppgId }, Math.max(1, probes), tilesMax),
    ...paged({ kind: "stock", sppgId }, stock, tilesMax),
  ];
  const [first, ...others] = calm;
  const urgent = paged({ kind: "alerts", sppgId }, Math.min(alerts.length, rowsMax), rowsMax);
  return [...(first === undefined ? [] : [{ ...first, isHeld }]), ...urgent, ...others];
}

/** A device that measures several things is as many tiles; one that is not heard yet is one. */
function countSensors({ kitchen, devices, latest }: Standing["snapshot"]) {
  const counts = { probes: 0, stock: 0 };
  for (const { deviceId, enabled, place } of devices) {
    if (!enabled || place === null || place === "vehicle") continue;
    const heard = latest.filter((one) => one.deviceId === deviceId).length;
    const isStock = liveAddress(kitchen.sppgId, place).domain === "inventory";
    counts[isStock ? "stock" : "probes"] += Math.max(1, heard);
  }
  return counts;
}

/** Which of them stand on a page: all pages are as full as each other. */
export function onPage<Item>(items: readonly Item[], page: number): readonly Item[] {
  const pages = Math.max(1, Math.ceil(items.length / tilesMax));
  const size = Math.ceil(items.length / pages);
  return items.slice(page * size, (page + 1) * size);
}

function paged(what: Pick<Board, "kind" | "sppgId">, count: number, max: number): Board[] {
  const pages = Math.ceil(count / max);
  return Array.from({ length: pages }, (_none, page) => ({
    ...what,
    key: `${what.kind} ${what.sppgId ?? ""} ${page}`,
    page,
    pages,
    isHeld: false,
  }));
}

/** How long a board stands. */
export const boardMs = 20_000;

/** Which board stands, and since when. Immutable: the same object until it changes. */
export interface Rotation {
  key: string | null;
  sinceMs: number;
  /** Somebody has asked for it: it stands its time, also beside a critical one. */
  isByHand: boolean;
}

export const noRotation: Rotation = { key: null, sinceMs: 0, isByHand: false };

/** The next board once this one's time is over. Where some are held, only they take turns. */
export function rotate(rotation: Rotation, boards: readonly Board[], nowMs: number): Rotation {
  const held = boards.filter(({ isHeld }) => isHeld);
  const turns = held.length > 0 ? held : boards;
  // A clock that was set back must not stop the wall for hours.
  const passedMs = Math.abs(nowMs - rotation.sinceMs);
  const isThere = (list: readonly Board[]): boolean => list.some(({ key }) => key === rotation.key);
  if (rotation.isByHand && passedMs < boardMs && isThere(boards)) return rotation;
  if (isThere(turns) && passedMs < boardMs) return rotation;
  const at = turns.findIndex(({ key }) => key === rotation.key);
  const next = turns[(at + 1) % turns.length];
  if (next === undefined) return rotation.key === null ? rotation : noRotation;
  return { key: next.key, sinceMs: nowMs, isByHand: false };
}

/** What comes after it, for the foot line; `null`: it stays. */
export function following(rotation: Rotation, boards: readonly Board[]): Board | null {
  const later = rotate(rotation, boards, rotation.sinceMs + boardMs);
  const next = boards.find(({ key }) => key === later.key) ?? null;
  return next?.key === rotation.key ? null : next;
}

/** By an arrow key or a remote control. */
export function step(
  rotation: Rotation,
  boards: readonly Board[],
  { by, nowMs }: { by: 1 | -1; nowMs: number },
): Rotation {
  const at = boards.findIndex(({ key }) => key === rotation.key);
  const next = boards[(Math.max(at, 0) + by + boards.length) % boards.length];
  return next === undefined ? rotation : { key: next.key, sinceMs: nowMs, isByHand: true };
}

/** Where nothing stays at one place a panel does not burn in: one step of 4 px a minute. */
const shiftPx = 4;
const path = [
  [0, 0],
  [1, 0],
  [1, 1],
  [0, 1],
  [-1, 1],
  [-1, 0],
  [-1, -1],
  [0, -1],
  [1, -1],
] as const;

export function shiftAt(nowMs: number): { xPx: number; yPx: number } {
  const [x, y] = path[Math.floor(nowMs / 60_000) % path.length] ?? path[0];
  return { xPx: x * shiftPx, yPx: y * shiftPx };
}
