import { expect, test } from "vitest";
import { createScene, sppgId, startMs } from "./support/scene.ts";

const gateway = { deviceId: "gw", kind: "gateway" } as const;
const child = { deviceId: "child", gatewayId: "gw" } as const;
const probe = { deviceId: "probe" } as const;

type Scene = ReturnType<typeof createScene>;

function trafficOf(scene: Scene, deviceId: string) {
  const { devices } = scene.monitor.snapshot(sppgId);
  return devices.find((device) => device.deviceId === deviceId);
}

function sendEach(scene: Scene, seconds: number, range: { from: number; to: number }): void {
  for (let at = range.from; at < range.to; at += seconds) {
    scene.goTo(at);
    scene.read("probe", 3);
  }
}

test("messages a minute are those of the last hour, or since the device is there", () => {
  const scene = createScene({ devices: [probe] });
  expect(trafficOf(scene, "probe")).toBeUndefined();
  sendEach(scene, 10, { from: 0, to: 300 });
  expect(trafficOf(scene, "probe")?.messagesPerMinute).toBeCloseTo(6, 0);
  sendEach(scene, 10, { from: 300, to: 9_000 });
  expect(trafficOf(scene, "probe")?.messagesPerMinute).toBeCloseTo(6, 1);
  // It has fallen silent: half an hour later half of the hour is empty.
  scene.goTo(9_000 + 1_800);
  scene.tick();
  const half = trafficOf(scene, "probe")?.messagesPerMinute ?? 0;
  expect(half).toBeGreaterThan(2);
  expect(half).toBeLessThan(4);
  scene.goTo(9_000 + 3_700);
  scene.tick();
  expect(trafficOf(scene, "probe")).toMatchObject({
    messagesPerMinute: 0,
    receivedTimeMs: startMs + 8_990_000,
    eventTimeMs: startMs + 8_990_000,
  });
});

test("whatever came counts as heard, though only a good reading has an event time", () => {
  const scene = createScene({ devices: [probe] });
  scene.goTo(5);
  scene.letters("probe", 3);
  expect(trafficOf(scene, "probe")).toEqual({
    deviceId: "probe",
    receivedTimeMs: startMs + 5_000,
    eventTimeMs: null,
    batteryPct: null,
    messagesPerMinute: expect.any(Number),
  });
  scene.goTo(9);
  scene.read("probe", 85, { flags: ["sensorFault"] });
  expect(trafficOf(scene, "probe")).toMatchObject({
    receivedTimeMs: startMs + 9_000,
    eventTimeMs: null,
  });
  scene.goTo(12);
  scene.read("probe", 3, { at: 2 });
  expect(trafficOf(scene, "probe")).toMatchObject({
    receivedTimeMs: startMs + 12_000,
    eventTimeMs: startMs + 2_000,
  });
});

test("a gateway's message counts for itself and once for each child in it", () => {
  const scene = createScene({ devices: [gateway, child] });
  for (let at = 0; at < 120; at += 12) {
    scene.goTo(at);
    scene.read("child", 3, { via: "gw" });
  }
  expect(trafficOf(scene, "gw")?.messagesPerMinute).toBeCloseTo(10 / 1.8, 1);
  expect(trafficOf(scene, "child")?.messagesPerMinute).toBeCloseTo(10 / 1.8, 1);
});

test("a restart counts on from the rows, and no message twice", () => {
  const scene = createScene({ devices: [probe] });
  sendEach(scene, 10, { from: 0, to: 1_200 });
  scene.save();
  sendEach(scene, 10, { from: 1_200, to: 1_500 });
  const before = trafficOf(scene, "probe");
  scene.restart();
  expect(trafficOf(scene, "probe")).toEqual(before);
  expect(before?.messagesPerMinute).toBeCloseTo(6, 0);
});
