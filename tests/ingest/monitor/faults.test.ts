import { expect, test } from "vitest";
import { createScene, sppgId } from "./support/scene.ts";

const soup = () => createScene({ devices: [{ deviceId: "core", place: "cooking" }] });
const latest = (scene: ReturnType<typeof soup>) =>
  scene.monitor.snapshot(sppgId).latest.map(({ fields }) => fields["celsius"]);

test("five faulty readings in a row are a sensor fault; a good one clears it", () => {
  const scene = createScene({ devices: [{ deviceId: "probe" }] });
  for (let step = 0; step < 5; step += 1) {
    expect(scene.alerts()).toEqual([]);
    scene.goTo(step * 10);
    scene.read("probe", -127, { flags: ["sensorFault"] });
  }
  expect(scene.alerts()).toMatchObject([
    { rule: { key: "sensor-fault" }, condition: "active", value: -127, limit: null },
  ]);
  scene.goTo(50);
  scene.read("probe", 3);
  expect(scene.alerts()).toMatchObject([{ condition: "cleared", clearedBy: "value" }]);
});

test("a good reading between faulty ones starts the count anew, a resend does not count", () => {
  const scene = createScene({ devices: [{ deviceId: "probe" }] });
  for (let step = 0; step < 12; step += 1) {
    scene.goTo(step * 10);
    if (step % 4 === 3) scene.read("probe", 3);
    else scene.read("probe", 999, { flags: ["implausible"] });
    if (step % 4 === 2) {
      for (let again = 0; again < 5; again += 1) {
        scene.read("probe", 999, { flags: ["implausible"] });
      }
    }
  }
  expect(scene.alerts()).toEqual([]);
});

test("faulty readings touch no limit, and are never the latest value", () => {
  const scene = createScene({ devices: [{ deviceId: "probe" }] });
  scene.read("probe", 3);
  for (let step = 1; step < 200; step += 1) {
    scene.goTo(step * 10);
    scene.read("probe", 85, { flags: ["sensorFault"] });
  }
  expect(scene.alerts().map(({ rule }) => rule.key)).toEqual(["sensor-fault"]);
  expect(latest(scene)).toEqual([3]);
  const live = scene.monitor.takeLive();
  expect(live.map(({ live }) => live.flags)).toEqual([["sensorFault"]]);
});

test("85.0 between neighbours within 2 °C is a soup: it is judged and shown", () => {
  const scene = soup();
  scene.read("core", 84);
  scene.goTo(10);
  scene.read("core", 85, { flags: ["sensorFault"] });
  expect(latest(scene)).toEqual([84]);
  scene.goTo(20);
  scene.read("core", 83.5);
  expect(latest(scene)).toEqual([83.5]);
  expect(scene.alerts()).toEqual([]);
});

test("an accepted 85.0 feeds the rules at its own time", () => {
  const rule = {
    kind: "threshold",
    key: "hot",
    severity: "warning",
    scope: {},
    reading: "temperature",
    field: "celsius",
    when: "above",
    limit: 84.9,
    clearLimit: 84,
    minDurationSeconds: 0,
    clearDurationSeconds: 0,
    quietSeconds: 0,
    limitSource: { source: "this test", sourceKind: "project" },
  } as const;
  const scene = createScene({ devices: [{ deviceId: "core", place: "cooking" }], rules: [rule] });
  scene.read("core", 84);
  scene.goTo(10);
  scene.read("core", 85, { flags: ["sensorFault"] });
  scene.goTo(20);
  scene.read("core", 84);
  expect(scene.alerts()).toMatchObject([
    { value: 85, openedAtMs: scene.timeOf(10), clearedAtMs: scene.timeOf(20) },
  ]);
});

test("85.0 after a power-on is a fault: its neighbours are far away", () => {
  const scene = soup();
  scene.read("core", 28);
  for (let step = 1; step <= 5; step += 1) {
    scene.goTo(step * 10);
    scene.read("core", 85, { flags: ["sensorFault"] });
  }
  expect(scene.alerts().map(({ rule }) => rule.key)).toEqual(["sensor-fault"]);
});

test("85.0 near the reading before but not the one after is a fault", () => {
  const scene = soup();
  scene.read("core", 84);
  for (let step = 1; step <= 5; step += 1) {
    scene.goTo(step * 10);
    scene.read("core", 85, { flags: ["sensorFault"] });
  }
  expect(scene.alerts()).toEqual([]);
  scene.goTo(60);
  scene.read("core", 40);
  expect(scene.alerts().map(({ rule, condition }) => [rule.key, condition])).toEqual([
    ["sensor-fault", "cleared"],
  ]);
});

test("85.0 that never ends is a sensor that hangs", () => {
  const scene = soup();
  scene.read("core", 84);
  for (let step = 1; step <= 17; step += 1) {
    scene.goTo(step * 10);
    scene.read("core", 85, { flags: ["sensorFault"] });
  }
  expect(scene.alerts()).toMatchObject([{ rule: { key: "sensor-fault" }, condition: "active" }]);
});

test("85.0 elsewhere than in cooking is a fault, whatever its neighbours say", () => {
  const scene = createScene({ devices: [{ deviceId: "box", place: "deliveryBox" }] });
  scene.read("box", 84);
  for (let step = 1; step <= 5; step += 1) {
    scene.goTo(step * 10);
    scene.read("box", 85, { flags: ["sensorFault"] });
  }
  expect(scene.alerts().map(({ rule }) => rule.key)).toEqual(["sensor-fault"]);
});

test("a reading whose clock is suspect opens, clears and shows nothing", () => {
  const scene = createScene({ devices: [{ deviceId: "probe" }] });
  for (let step = 0; step < 200; step += 1) {
    scene.goTo(step * 10);
    scene.read("probe", 30, { flags: ["clockSuspect"], at: -9e8 + step });
  }
  expect(scene.alerts()).toEqual([]);
  expect(scene.monitor.snapshot(sppgId).latest).toEqual([]);
  expect(scene.monitor.takeLive()).toEqual([]);
});
