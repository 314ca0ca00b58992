import { freshnessOf } from "../../components/freshness.ts";
import { sensorNumber, type HeardDevice } from "../../kitchens/sensor-number.ts";
import { distanceMeters } from "../../map/mercator.ts";
import type { Place, VehicleState } from "../../map/map-port.ts";
import type { Kitchen } from "../../realtime/kitchen-state.ts";

/** Where a tracker was, and what it says of its way. */
export interface Fix extends Place {
  eventTimeMs: number;
  speedKmh: number | null;
  headingDeg: number | null;
}

/** A tracker's newest values, however they came here. */
export interface TrackerValues {
  fields: Readonly<Record<string, number>> | null;
  eventTimeMs: number;
  /** The page's clock. */
  receivedTimeMs: number;
  batteryPct: number | null;
}

export interface FleetVehicle {
  /** Unique over all kitchens. */
  id: string;
  deviceId: string;
  kitchen: Kitchen;
  /** What people call it; `null`: by its number. */
  name: string | null;
  /** Which of its kitchen's vehicles, from 1; `null` if it is the only one. */
  number: number | null;
  /** `missing`: it has never sent a position. */
  state: VehicleState | "missing";
  fix: Fix | null;
  /** What the tracker says, or else its way since the fix before. */
  speedKmh: number | null;
  /** From its kitchen; `null` where either place is not known. */
  distanceMeters: number | null;
  receivedTimeMs: number | null;
  expectedIntervalSeconds: number;
  batteryPct: number | null;
}

/** A parked tracker's fixes creep by some metres, which is up to this fast. */
const movingKmhMin = 3;

export interface FleetKitchen {
  kitchen: Kitchen;
  devices: readonly HeardDevice[];
  valuesOf: (deviceId: string) => TrackerValues | null;
}

/** Every vehicle of a kitchen, also one that was never heard of; in the order of their ids. */
export function fleetOf(
  { kitchen, devices, valuesOf }: FleetKitchen,
  memory: FixMemory,
  nowMs: number,
): FleetVehicle[] {
  const trackers = devices
    .filter(({ enabled, place }) => enabled && place === "vehicle")
    .toSorted((a, b) => naturally.compare(a.deviceId, b.deviceId));
  const site = siteOf(kitchen);
  return trackers.map((device): FleetVehicle => {
    const { deviceId, expectedIntervalSeconds } = device;
    const id = `${kitchen.sppgId}/${deviceId}`;
    const values = valuesOf(deviceId);
    const fix = values === null ? null : fixOf(values);
    const receivedTimeMs = values?.receivedTimeMs ?? null;
    const heard = { lastHeardAtMs: receivedTimeMs, expectedIntervalSeconds };
    const speedKmh = fix === null ? null : memory.speedKmh(id, fix);
    const isMoving = speedKmh !== null && speedKmh >= movingKmhMin;
    const isSilent = freshnessOf(heard, nowMs) === "silent";
    const known = isMoving ? "moving" : "stopped";
    return {
      id,
      deviceId,
      kitchen,
      name: device.name,
      number: sensorNumber(devices, deviceId),
      state: fix === null ? "missing" : isSilent ? "silent" : known,
      fix,
      speedKmh,
      distanceMeters: fix === null || site === null ? null : distanceMeters(site, fix),
      receivedTimeMs,
      expectedIntervalSeconds,
      batteryPct: values?.batteryPct ?? null,
    };
  });
}

/** `null`: nobody has said where it is. */
export function siteOf({ latitude, longitude }: Kitchen): Place | null {
  return latitude === null || longitude === null ? null : { lat: latitude, lon: longitude };
}

/** `null` for what has no place in it. */
export function fixOf({ fields, eventTimeMs }: Omit<TrackerValues, "receivedTimeMs">): Fix | null {
  const [lat, lon] = [fields?.["lat"], fields?.["lon"]];
  if (fields === null || lat === undefined || lon === undefined) return null;
  const { speedKmh = null, headingDeg = null } = fields;
  return { lat, lon, eventTimeMs, speedKmh, headingDeg };
}

/** The last two fixes of each vehicle: some trackers say no speed. */
export class FixMemory {
  readonly #seen = new Map<string, { now: Fix; before: Fix | null }>();

  /** The same answer for the same fix, however often it is asked. */
  speedKmh(id: string, fix: Fix): number | null {
    const known = this.#seen.get(id);
    if (known === undefined) this.#seen.set(id, { now: fix, before: null });
    else if (fix.eventTimeMs > known.now.eventTimeMs) {
      this.#seen.set(id, { now: fix, before: known.now });
    }
    if (fix.speedKmh !== null) return fix.speedKmh;
    const before = this.#seen.get(id)?.before ?? null;
    if (before === null || fix.eventTimeMs <= before.eventTimeMs) return null;
    return (distanceMeters(before, fix) / (fix.eventTimeMs - before.eventTimeMs)) * 3_600;
  }
}

export const sortColumns = ["name", "state", "speed", "distance", "age"] as const;
export type SortColumn = (typeof sortColumns)[number];

export interface Sorting {
  column: SortColumn;
  isDescending: boolean;
}

/** What is not known stands last, whichever way one sorts; ties stay in the order given. */
export function sortFleet(vehicles: readonly FleetVehicle[], sorting: Sorting): FleetVehicle[] {
  const { column, isDescending } = sorting;
  if (column === "name") return isDescending ? vehicles.toReversed() : [...vehicles];
  const key = (vehicle: FleetVehicle): number | null => sortKey(vehicle, column);
  return vehicles.toSorted((a, b) => {
    const [left, right] = [key(a), key(b)];
    if (left === null || right === null) return Number(left === null) - Number(right === null);
    return isDescending ? right - left : left - right;
  });
}

const worstFirst = ["silent", "moving", "stopped", "missing"] as const;

function sortKey(vehicle: FleetVehicle, column: Exclude<SortColumn, "name">): number | null {
  switch (column) {
    case "state":
      return worstFirst.indexOf(vehicle.state);
    case "speed":
      return vehicle.state === "silent" ? null : vehicle.speedKmh;
    case "distance":
      return vehicle.distanceMeters;
    case "age":
      return vehicle.receivedTimeMs === null ? null : -vehicle.receivedTimeMs;
    default:
      return column satisfies never;
  }
}

/** Fixes in order, in parts without a gap: no line across what nobody has seen. */
export function trailOf(fixes: readonly Fix[], gapMs: number): Fix[][] {
  const parts: Fix[][] = [];
  for (const fix of fixes) {
    const part = parts.at(-1);
    const last = part?.at(-1);
    if (part === undefined || last === undefined || fix.eventTimeMs - last.eventTimeMs > gapMs) {
      parts.push([fix]);
    } else part.push(fix);
  }
  return parts;
}

const naturally = new Intl.Collator("en", { numeric: true });
