import { expect, test } from "vitest";
import { shareFacts } from "../../../ingest/monitor/facts.ts";
import { NumberTable } from "../../../ingest/monitor/number-table.ts";
import { createScene, sppgId } from "./support/scene.ts";

test("rows of a table keep their numbers while it grows, and begin anew where one was removed", () => {
  const table = new NumberTable([7, 8, 9]);
  const places = Array.from({ length: 1_000 }, (_, index) => {
    const at = table.add();
    expect([...table.values.subarray(at, at + 3)]).toEqual([7, 8, 9]);
    table.values[at + 1] = index;
    return at;
  });
  const removed = places[500] ?? 0;
  table.remove(removed);
  expect(table.add()).toBe(removed);
  expect([...table.values.subarray(removed, removed + 3)]).toEqual([7, 8, 9]);
  for (const [index, at] of places.entries()) {
    expect([table.values[at], table.values[at + 1]]).toEqual([7, index === 500 ? 8 : index]);
  }
});

test("a device that takes the place of one that has moved away knows nothing of it", () => {
  const scene = createScene({ devices: [{ deviceId: "hub", kind: "gateway" }, { deviceId: "a" }] });
  scene.read("a", 20);
  scene.read("hub", 3);
  scene.directory.put({ deviceId: "a", gatewayId: "hub" });
  scene.change({});
  scene.directory.put({ deviceId: "b" });
  scene.change({});
  scene.idleUntil(60);
  scene.read("b", 21);
  scene.read("a", 22, { via: "hub" });
  const { latest, devices } = scene.monitor.snapshot(sppgId);
  const values = latest.map(({ deviceId, fields }) => [deviceId, fields["celsius"]]);
  expect(Object.fromEntries(values)).toEqual({ a: 22, b: 21, hub: 3 });
  const heard = devices.map(({ deviceId, messagesPerMinute }) => [deviceId, messagesPerMinute > 0]);
  expect(Object.fromEntries(heard)).toEqual({ a: true, b: true, hub: true });
});

test("devices with equal facts share them, and others do not", () => {
  const facts = {
    deviceId: "cold-1",
    kind: "temperature-probe",
    place: "coldStore",
    gatewayId: null,
    isEnabled: true,
    intervalMs: 10_000,
  } as const;
  expect(shareFacts({ ...facts })).toBe(shareFacts({ ...facts }));
  expect(shareFacts({ ...facts, place: "freezer" })).toEqual({ ...facts, place: "freezer" });
  expect(shareFacts({ ...facts, gatewayId: "hub" })).not.toBe(shareFacts(facts));
});
