import { expect, test } from "vitest";
import type { HeardDevice } from "../../../../../dashboard/web/kitchens/sensor-number.ts";
import {
  type Fix,
  FixMemory,
  fleetOf,
  type FleetVehicle,
  sortFleet,
  trailOf,
  type TrackerValues,
} from "../../../../../dashboard/web/pages/fleet/fleet.ts";

const nowMs = 1_796_000_000_000;
const kitchen = {
  sppgId: "sppg-jakarta-001",
  name: "Menteng",
  timeZone: "Asia/Jakarta",
  latitude: -6.2,
  longitude: 106.8,
} as const;

function tracker(deviceId: string, change: Partial<HeardDevice> = {}): HeardDevice {
  return {
    deviceId,
    kind: "gps-tracker",
    place: "vehicle",
    codec: null,
    gatewayId: null,
    enabled: true,
    expectedIntervalSeconds: 10,
    createdAtMs: 0,
    lastHeardAtMs: null,
    ...change,
  } as HeardDevice;
}

function values(fields: Record<string, number>, ageSeconds = 5): TrackerValues {
  const receivedTimeMs = nowMs - ageSeconds * 1_000;
  return { fields, eventTimeMs: receivedTimeMs, receivedTimeMs, batteryPct: null };
}

function fleet(
  of: Record<string, TrackerValues | null>,
  memory = new FixMemory(),
  site: Partial<typeof kitchen | { latitude: null; longitude: null }> = {},
): FleetVehicle[] {
  const devices = Object.keys(of).map((deviceId) => tracker(deviceId));
  const valuesOf = (deviceId: string): TrackerValues | null => of[deviceId] ?? null;
  return fleetOf({ kitchen: { ...kitchen, ...site }, devices, valuesOf }, memory, nowMs);
}

const place = { lat: -6.21, lon: 106.8 };

test.for([
  ["moving", { ...place, speedKmh: 24 }, 5],
  ["stopped", { ...place, speedKmh: 1.2 }, 5],
  ["stopped", { ...place, speedKmh: 0 }, 60],
  ["silent", { ...place, speedKmh: 24 }, 101],
] as const)("a vehicle is %s by %j, heard %i s ago", ([state, fields, ageSeconds]) => {
  expect(fleet({ gps: values(fields, ageSeconds) })[0]?.state).toBe(state);
});

test("a tracker that has never sent a place is in the list without one", () => {
  const [never, faulty] = fleet({ never: null, faulty: { ...values(place), fields: null } });
  expect(never).toMatchObject({ state: "missing", fix: null, distanceMeters: null });
  expect(faulty).toMatchObject({ state: "missing", fix: null });
});

test("a revoked tracker, and one that stands elsewhere, is no vehicle", () => {
  const devices = [
    tracker("gone", { enabled: false }),
    tracker("box", { place: "deliveryBox" }),
    tracker("gps"),
  ];
  const valuesOf = () => values(place);
  const found = fleetOf({ kitchen, devices, valuesOf }, new FixMemory(), nowMs);
  expect(found.map(({ deviceId }) => deviceId)).toEqual(["gps"]);
});

test("the distance is over ground from the kitchen, and unknown without its place", () => {
  expect(fleet({ gps: values(place) })[0]?.distanceMeters).toBeCloseTo(1_112, 0);
  const nowhere = { latitude: null, longitude: null };
  expect(fleet({ gps: values(place) }, new FixMemory(), nowhere)[0]?.distanceMeters).toBeNull();
});

test("a tracker that says no speed drives as fast as its last two fixes are apart", () => {
  const memory = new FixMemory();
  const [first] = fleet({ gps: values(place, 15) }, memory);
  expect(first).toMatchObject({ speedKmh: null, state: "stopped" });
  const further = { lat: -6.211, lon: 106.8 };
  const [second] = fleet({ gps: values(further, 5) }, memory);
  // 111 m in 10 s.
  expect(second?.speedKmh).toBeCloseTo(40, 0);
  expect(second?.state).toBe("moving");
  // Asked again with the same fix it is the same.
  expect(fleet({ gps: values(further, 5) }, memory)[0]?.speedKmh).toBe(second?.speedKmh);
});

test("vehicles are numbered and ordered by their ids, 10 after 9", () => {
  const of = { "gps-10": values(place), "gps-9": values(place), "gps-2": values(place) };
  expect(fleet(of).map(({ deviceId, number }) => [deviceId, number])).toEqual([
    ["gps-2", 1],
    ["gps-9", 2],
    ["gps-10", 3],
  ]);
});

test("sorting puts what is not known last, both ways, and keeps ties as they were", () => {
  const all = fleet({
    a: values({ ...place, speedKmh: 10 }),
    b: null,
    c: values({ ...place, speedKmh: 40 }),
    d: values({ ...place, speedKmh: 99 }, 500),
    e: values({ ...place, speedKmh: 10 }),
  });
  const order = (column: "speed" | "state" | "name", isDescending: boolean): string =>
    sortFleet(all, { column, isDescending })
      .map(({ deviceId }) => deviceId)
      .join("");
  expect(order("speed", false)).toBe("aecbd");
  expect(order("speed", true)).toBe("caebd");
  expect(order("state", false)).toBe("daceb");
  expect(order("name", true)).toBe("edcba");
});

test("a trail has a hole where nobody has seen the vehicle", () => {
  const fix = (eventTimeMs: number): Fix => ({
    ...place,
    eventTimeMs,
    speedKmh: null,
    headingDeg: null,
  });
  const parts = trailOf([fix(0), fix(100), fix(201), fix(300)], 100);
  expect(parts.map((part) => part.map(({ eventTimeMs }) => eventTimeMs))).toEqual([
    [0, 100],
    [201, 300],
  ]);
  expect(trailOf([], 100)).toEqual([]);
});
