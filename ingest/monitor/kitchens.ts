/** Finds the state of a device, whichever cell it is in. */
import type { Directory } from "../decode/directory.ts";
import {
  type Cell,
  createCell,
  createDirtyCells,
  type Device,
  type DeviceFacts,
  type DirtyCells,
} from "./state.ts";
import { shareFacts } from "./facts.ts";
import { createNumbers, FlatDevice, type Numbers } from "./numbers.ts";
import { createSeriesSlots, type SeriesSlots } from "./series-slots.ts";

export interface KitchenState {
  sppgId: string;
  dirty: DirtyCells;
  cells: Map<string, Cell>;
  /** Of all cells. */
  devices: Map<string, Device>;
}

export interface Kitchens {
  bySppgId: ReadonlyMap<string, KitchenState>;
  /** Takes a cell as its row gave it; before anything is folded. */
  addCell(cell: Cell): void;
  /** Made if it is new; `null` while its cell's row already holds what `offset` brought. */
  findDevice(sppgId: string, deviceId: string, offset: number): Device | null;
  /** Out of its cell: it has moved to another. */
  removeDevice(device: Device): void;
  slots: SeriesSlots;
  numbers: Numbers;
}

export function createKitchens(
  directory: Directory,
  onNewDevice: (device: Device) => void,
): Kitchens {
  const bySppgId = new Map<string, KitchenState>();
  const slots = createSeriesSlots();
  const numbers = createNumbers();

  function kitchenOf(sppgId: string): KitchenState {
    const known = bySppgId.get(sppgId);
    if (known !== undefined) return known;
    const made: KitchenState = {
      sppgId,
      dirty: createDirtyCells(),
      cells: new Map(),
      devices: new Map(),
    };
    bySppgId.set(sppgId, made);
    return made;
  }

  function addCell(cell: Cell): void {
    const kitchen = kitchenOf(cell.sppgId);
    cell.dirty = kitchen.dirty;
    kitchen.cells.set(cell.key, cell);
    for (const device of cell.devices.values()) {
      const other = kitchen.devices.get(device.deviceId);
      // It has moved between the two rows: the older row is folded further first.
      if (other !== undefined && other.cell.rowOffset <= cell.rowOffset) continue;
      kitchen.devices.set(device.deviceId, device);
    }
  }

  function findDevice(sppgId: string, deviceId: string, offset: number): Device | null {
    const known = bySppgId.get(sppgId)?.devices.get(deviceId);
    if (known !== undefined) return known.cell.rowOffset < offset ? known : null;
    const facts = factsOf(directory, sppgId, deviceId);
    const kitchen = kitchenOf(sppgId);
    const key = cellKeyOf(deviceId, facts);
    const cell =
      kitchen.cells.get(key) ?? createCell(sppgId, key, { dirty: kitchen.dirty, numbers });
    kitchen.cells.set(key, cell);
    if (cell.rowOffset >= offset) return null;
    const device = new FlatDevice(cell, deviceId);
    device.facts = facts;
    cell.devices.set(deviceId, device);
    kitchen.devices.set(deviceId, device);
    onNewDevice(device);
    return device;
  }

  function removeDevice(device: Device): void {
    const { cell, deviceId } = device;
    slots.forget();
    device.release();
    cell.devices.delete(deviceId);
    const kitchen = kitchenOf(cell.sppgId);
    kitchen.devices.delete(deviceId);
    for (const other of kitchen.cells.values()) {
      const moved = other.devices.get(deviceId);
      if (moved !== undefined) kitchen.devices.set(deviceId, moved);
    }
  }

  return { bySppgId, addCell, findDevice, removeDevice, slots, numbers };
}

export function factsOf(
  directory: Directory,
  sppgId: string,
  deviceId: string,
): DeviceFacts | null {
  const row = directory.device(sppgId, deviceId);
  if (row === null) return null;
  return shareFacts({
    deviceId,
    kind: row.kind,
    place: row.place,
    gatewayId: row.gatewayId,
    isEnabled: row.enabled,
    intervalMs: row.expectedIntervalSeconds * 1000,
  });
}

/** A gateway and its children share a cell, since its silence is theirs. */
export function cellKeyOf(deviceId: string, facts: DeviceFacts | null): string {
  return facts?.gatewayId ?? deviceId;
}
