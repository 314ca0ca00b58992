import assert from "node:assert/strict";
import type { DecodedEntry } from "../decode/decoded.ts";
import type { Directory } from "../decode/directory.ts";
import type { RuleBook } from "../rules/rule-book.ts";
import { advanceClocks, type Clocks } from "./clocks.ts";
import { applyCommand } from "./commands.ts";
import { takeFailure } from "./dead-letters.ts";
import type { Deadlines } from "./deadlines.ts";
import { feedReading } from "./feed.ts";
import type { Kitchens } from "./kitchens.ts";
import type { LiveValues } from "./live.ts";
import type { ChangeFacts } from "./monitor.ts";
import { refreshCell } from "./refresh.ts";
import { cellDeadline, fireCell, hear, hearPublisher } from "./silence.ts";
import type { Sleepers } from "./sleepers.ts";
import type { Device, DirtyCells, Fold } from "./state.ts";
import { countMessage } from "./traffic.ts";

/** The whole state of a monitor, and what it stands on. */
export interface Core {
  fold: Fold;
  clocks: Clocks;
  /** The last change that was followed. */
  changeSeq: number;
  directory: Directory;
  /** At the last change; `null` after a start, which may have missed one. */
  directoryVersion: number | null;
  rules: RuleBook;
  kitchens: Kitchens;
  deadlines: Deadlines;
  sleepers: Sleepers;
  live: LiveValues;
  replayUpTo: number;
  /** Live values begin behind it. */
  liveAfter: number;
  /** A replay from here on has not been settled with the records; `null`: nothing was replayed. */
  unsettledFrom: number | null;
  /** Of kitchens that have any. */
  dirty: DirtyCells[];
}

type PublishEntry = Extract<DecodedEntry, { kind: "publish" }>;

/** The order in here is the meaning: the clocks, the deadlines that are due, the entry itself. */
export function applyEntry(core: Core, entry: DecodedEntry, facts: ChangeFacts | null): void {
  const { fold, clocks, sleepers } = core;
  assert(entry.offset > fold.offset, `entry ${entry.offset} comes after ${fold.offset}`);
  advanceClocks(clocks, entry);
  fold.offset = entry.offset;
  fold.receivedTimeMs = entry.receivedTimeMs;
  fold.monotonicMs = clocks.monotonicMs ?? entry.receivedTimeMs;
  fold.listeningMs = clocks.listeningMs;
  if (sleepers.nextOffset < entry.offset) sleepers.wake(fold);
  fireDue(core);
  if (entry.kind === "publish") applyPublish(core, entry);
  else if (entry.kind === "change") applyChange(core, entry.changeSeq, facts);
}

function fireDue({ fold, deadlines }: Core): void {
  for (;;) {
    const due = deadlines.takeDue(fold.listeningMs);
    if (due === null) return;
    const { cell, atMs } = due;
    // Whoever was heard since the cell was scheduled has moved its deadline. Only what is due at
    // this very time is done: another cell may come before this one's next deadline.
    if (cellDeadline(cell) <= atMs) {
      fireCell(fold, cell, atMs);
      fold.touch(cell);
    }
    deadlines.schedule(cell, cellDeadline(cell));
  }
}

function applyPublish(core: Core, entry: PublishEntry): void {
  const { fold, kitchens, live, liveAfter } = core;
  const { sppgId, deviceId, readings, failures, offset } = entry;
  const publisher = recallPublisher(core, entry) ?? kitchens.findDevice(sppgId, deviceId, offset);
  for (let at = 0; at < readings.length; at += 1) {
    const reading = readings[at];
    if (reading === undefined) continue;
    const isOwn = reading.deviceId === deviceId;
    const device = isOwn ? publisher : kitchens.findDevice(sppgId, reading.deviceId, offset);
    if (device === null) continue;
    fold.touch(device.cell);
    if (!isOwn) {
      hear(fold, device);
      countMessage(fold, device);
    }
    const series = feedReading(fold, device, reading);
    if (series !== null && offset > liveAfter) live.put(device, series, reading);
  }
  if (publisher === null) return;
  fold.touch(publisher.cell);
  for (const failure of failures) takeFailure(fold, publisher, failure);
  hearPublisher(fold, publisher);
  countMessage(fold, publisher);
}

/** Nearly every message has a reading of its publisher's own, whose series knows the device. */
function recallPublisher({ kitchens }: Core, entry: PublishEntry): Device | null {
  const [first] = entry.readings;
  if (first === undefined || first.deviceId !== entry.deviceId) return null;
  return kitchens.slots.recall(first, entry.offset)?.device ?? null;
}

function applyChange(core: Core, changeSeq: number, facts: ChangeFacts | null): void {
  const { directory, fold, kitchens, rules } = core;
  core.changeSeq = Math.max(core.changeSeq, changeSeq);
  const hasMoved = directory.version !== core.directoryVersion;
  core.directoryVersion = directory.version;
  for (const rule of facts?.rules ?? []) rules.put(rule);
  const moved = facts?.sppgIds ?? (hasMoved ? [...kitchens.bySppgId.keys()] : []);
  const ruled = (facts?.rules ?? []).map(({ sppgId }) => sppgId);
  for (const sppgId of new Set([...moved, ...ruled].toSorted())) refreshKitchen(core, sppgId);
  for (const command of facts?.commands ?? []) {
    const kitchen = kitchens.bySppgId.get(command.sppgId);
    const cell = kitchen === undefined ? null : applyCommand(fold, kitchen, command);
    if (cell !== null) fold.touch(cell);
  }
}

function refreshKitchen(core: Core, sppgId: string): void {
  const { fold, kitchens } = core;
  const cells = [...(kitchens.bySppgId.get(sppgId)?.cells.values() ?? [])];
  for (const cell of cells.toSorted((a, b) => (a.key < b.key ? -1 : 1))) {
    if (cell.rowOffset >= fold.offset) continue;
    if (refreshCell(fold, cell, core)) fold.touch(cell);
  }
}
