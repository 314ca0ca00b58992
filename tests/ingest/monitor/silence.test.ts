import { expect, test } from "vitest";
import { createScene, startMs } from "./support/scene.ts";

const probe = { deviceId: "probe", place: "cooking" } as const;

test("a device that is silent for its grace is one alert, and clears when it is heard", () => {
  const scene = createScene({ devices: [probe] });
  scene.readUntil("probe", 20, { until: 60 });
  scene.idleUntil(60 + 179);
  expect(scene.alerts()).toEqual([]);
  scene.idleUntil(600);
  expect(scene.alerts()).toMatchObject([
    {
      rule: { key: "device-silent" },
      severity: "warning",
      condition: "active",
      openedAtMs: startMs + 240_000,
      deviceId: "probe",
      channel: null,
      reading: null,
      value: null,
      worstValue: null,
      limit: null,
    },
  ]);
  scene.read("probe", 20);
  expect(scene.alerts()).toMatchObject([
    { condition: "cleared", clearedBy: "value", clearedAtMs: startMs + 600_000, revision: 2 },
  ]);
});

test("a slow device is given its missed intervals, however short the grace", () => {
  const scene = createScene({ devices: [{ ...probe, expectedIntervalSeconds: 600 }] });
  scene.read("probe", 20);
  scene.idleUntil(2999);
  expect(scene.alerts()).toEqual([]);
  scene.idleUntil(3000);
  expect(scene.alerts()).toHaveLength(1);
});

test("a device that was never heard is not silent", () => {
  const scene = createScene({ devices: [probe] });
  scene.idleUntil(3600);
  expect(scene.alerts()).toEqual([]);
});

test("flagged, suspect and late readings prove a device alive; so does a payload that fails", () => {
  const scene = createScene({ devices: [probe] });
  const sendings = [
    () => scene.read("probe", 20),
    () => scene.read("probe", -127, { flags: ["sensorFault"] }),
    () => scene.read("probe", 20, { flags: ["clockSuspect"], at: -9e8 }),
    () => scene.read("probe", 20, { at: 0 }),
    () => scene.letters("probe", 1),
    () => scene.tick(),
  ];
  for (const send of sendings) {
    send();
    scene.idleUntil(scene.now() + 150);
  }
  expect(scene.alerts()).toHaveLength(1);
  expect(scene.alerts()[0]?.openedAtMs).toBe(startMs + (4 * 150 + 180) * 1000);
});

test("Nadi's own downtime is nobody's silence", () => {
  const scene = createScene({ devices: [probe] });
  scene.read("probe", 20);
  scene.goTo(86_400);
  scene.tick();
  scene.idleUntil(86_400 + 170);
  expect(scene.alerts()).toEqual([]);
  scene.idleUntil(86_400 + 180);
  expect(scene.alerts()).toHaveLength(1);
});

test("a device that was silent before a restart is still known to be", () => {
  const scene = createScene({ devices: [probe] });
  scene.read("probe", 20);
  scene.idleUntil(100);
  scene.save();
  scene.restart();
  scene.idleUntil(180);
  expect(scene.alerts()).toHaveLength(1);
  scene.save();
  scene.goTo(5000);
  scene.restart();
  scene.idleUntil(6000);
  expect(scene.messages()).toHaveLength(1);
  scene.read("probe", 20);
  expect(scene.alerts()).toMatchObject([{ condition: "cleared" }]);
});

test("a wall clock that jumps by −2 h or +3 d fires nothing", () => {
  const scene = createScene({ devices: [{ deviceId: "probe" }] });
  scene.readUntil("probe", 6, { until: 100 });
  for (const by of [-7_200_000, 259_200_000]) {
    scene.stepClock(by);
    for (let step = 0; step < 20; step += 1) {
      scene.goTo(scene.now() + 10);
      scene.read("probe", 6, { at: null });
    }
  }
  expect(scene.alerts()).toEqual([]);
});

const children = Array.from({ length: 40 }, (_, at) => ({
  deviceId: `child-${at}`,
  gatewayId: "hub",
  place: "coldStore" as const,
}));

function kitchenWithGateway() {
  return createScene({
    devices: [{ deviceId: "hub", kind: "gateway", place: null }, ...children],
  });
}

test("one dead gateway is one critical alert and not forty; its return gives all a new start", () => {
  const scene = kitchenWithGateway();
  const readings = () => children.map(({ deviceId }) => scene.readingOf(deviceId, 3, {}));
  scene.publish("hub", readings());
  scene.idleUntil(4000);
  expect(scene.alerts()).toMatchObject([
    { rule: { key: "gateway-silent" }, severity: "critical", deviceId: "hub" },
  ]);
  scene.publish("hub", readings().slice(0, 1));
  expect(scene.alerts()).toMatchObject([{ condition: "cleared" }]);
  scene.idleUntil(4100);
  scene.publish("hub", readings().slice(0, 1));
  expect(scene.alerts()).toHaveLength(1);
});

test("a child that is silent behind a living gateway is its own alert", () => {
  const scene = kitchenWithGateway();
  scene.publish("hub", [scene.readingOf("child-0", 3, {}), scene.readingOf("child-1", 3, {})]);
  for (let step = 1; step <= 100; step += 1) {
    scene.idleUntil(step * 10);
    scene.read("child-1", 3, { via: "hub" });
  }
  expect(scene.alerts()).toMatchObject([
    { rule: { key: "cold-store-silent" }, severity: "critical", deviceId: "child-0" },
  ]);
});

test("a child waits for the verdict on a gateway that was last heard a moment after it", () => {
  const rule = (key: string, deviceKind: "gateway" | "temperature-probe", graceSeconds: number) =>
    ({
      kind: "noData",
      key,
      severity: "warning",
      scope: { deviceKind, ...(deviceKind === "gateway" ? {} : { place: "coldStore" as const }) },
      quietSeconds: 0,
      intervalsMissed: 1,
      graceSeconds,
    }) as const;
  const scene = createScene({
    devices: [
      { deviceId: "hub", kind: "gateway", place: null, expectedIntervalSeconds: 1 },
      { deviceId: "child", gatewayId: "hub" },
    ],
    rules: [
      rule("gateway-silent", "gateway", 100),
      rule("cold-store-silent", "temperature-probe", 30),
    ],
  });
  scene.read("child", 3, { via: "hub" });
  scene.goTo(1);
  scene.publish("hub", []);
  scene.idleUntil(50);
  expect(scene.alerts()).toEqual([]);
  scene.idleUntil(200);
  expect(scene.alerts()).toMatchObject([{ deviceId: "hub" }]);
});

test("children whose gateway is switched off speak for themselves", () => {
  const scene = kitchenWithGateway();
  scene.publish("hub", [scene.readingOf("child-0", 3, {})]);
  scene.directory.put({ deviceId: "hub", enabled: false });
  scene.change({});
  scene.idleUntil(1000);
  expect(scene.alerts()).toMatchObject([{ deviceId: "child-0" }]);
});

test("a device that is switched off has no alerts, and its open one ends by rule", () => {
  const scene = createScene({ devices: [probe] });
  scene.read("probe", 20);
  scene.idleUntil(200);
  scene.directory.put({ ...probe, enabled: false });
  scene.change({});
  expect(scene.alerts()).toMatchObject([{ condition: "cleared", clearedBy: "rule" }]);
  scene.read("probe", 20);
  scene.idleUntil(1000);
  expect(scene.alerts()).toHaveLength(1);
});

test("a device that moves to another gateway begins anew there", () => {
  const scene = createScene({ devices: [{ deviceId: "hub", kind: "gateway" }, probe] });
  scene.read("probe", 20);
  scene.idleUntil(200);
  scene.directory.put({ ...probe, gatewayId: "hub" });
  scene.change({});
  expect(scene.alerts()).toMatchObject([{ condition: "cleared", clearedBy: "rule" }]);
  scene.read("probe", 20, { via: "hub" });
  expect(scene.monitor.stats()).toMatchObject({ devices: 2, openAlerts: 0 });
});

test("a silent device that a person resolved alerts again after half an hour", () => {
  const scene = createScene({ devices: [probe] });
  scene.read("probe", 20);
  scene.idleUntil(200);
  scene.command(scene.alerts()[0]?.alertId ?? "", "resolve");
  scene.idleUntil(200 + 1790);
  expect(scene.alerts()).toHaveLength(1);
  scene.idleUntil(200 + 1810);
  expect(scene.alerts()).toMatchObject([
    { condition: "cleared", clearedBy: "person" },
    { condition: "active", occurrences: 1 },
  ]);
});

test("a device that comes and goes within its quiet time is one alert with a count", () => {
  const scene = createScene({ devices: [probe] });
  for (let round = 0; round < 4; round += 1) {
    scene.read("probe", 20);
    scene.idleUntil(scene.now() + 240);
  }
  expect(scene.alerts()).toMatchObject([{ condition: "active", occurrences: 4 }]);
});
