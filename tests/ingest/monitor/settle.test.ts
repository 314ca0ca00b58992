import { expect, test } from "vitest";
import { createScene, type Scene } from "./support/scene.ts";
import { thresholdRule } from "./support/rules.ts";

const probe = { deviceId: "probe", place: "cooking" } as const;
const oneRule = () => createScene({ devices: [probe], rules: [thresholdRule()] });

/** As after a crash: the records have what was told, the state is as it was saved. */
function restartAndSettle(scene: Scene): void {
  scene.restart();
  scene.settle();
  scene.goTo(scene.now() + 10);
  scene.change({});
  scene.settle();
}

test("an alert that a replay does not open again, its device being revoked, is ended by rule", () => {
  const scene = oneRule();
  scene.save();
  scene.goTo(10);
  scene.read("probe", 12);
  scene.directory.put({ ...probe, enabled: false });
  restartAndSettle(scene);
  expect(scene.alerts()).toMatchObject([
    { condition: "cleared", clearedBy: "rule", revision: 2, clearedAtMs: scene.timeOf(20) },
  ]);
  expect(scene.monitor.stats().openAlerts).toBe(0);
  restartAndSettle(scene);
  expect(scene.messages()).toHaveLength(2);
});

test("an alert whose row has gone further than the replay says its end in a newer revision", () => {
  const scene = oneRule();
  scene.goTo(10);
  scene.read("probe", 12);
  scene.save();
  for (const value of [13, 14]) {
    scene.goTo(scene.now() + 20);
    scene.read("probe", value);
    scene.idleUntil(scene.now() + 12);
  }
  expect(scene.alerts()).toMatchObject([{ condition: "active", revision: 3 }]);
  scene.directory.put({ ...probe, enabled: false });
  restartAndSettle(scene);
  expect(scene.alerts()).toMatchObject([{ condition: "cleared", clearedBy: "rule", revision: 4 }]);
});

test("a replay that finds the same leaves every alert as it is", () => {
  const scene = oneRule();
  scene.save();
  for (const [second, value] of [
    [10, 12],
    [20, 5],
    [30, 12],
  ] as const) {
    scene.goTo(second);
    scene.read("probe", value);
  }
  const before = scene.messages();
  restartAndSettle(scene);
  expect(scene.messages()).toEqual(before);
  scene.goTo(50);
  scene.read("probe", 5);
  expect(scene.alerts()).toMatchObject([{ revision: 2 }, { condition: "cleared", revision: 2 }]);
});

test("what was not settled before a second end is settled after it", () => {
  const scene = oneRule();
  scene.read("probe", 5);
  scene.save();
  scene.goTo(10);
  scene.read("probe", 12);
  scene.directory.put({ ...probe, enabled: false });
  scene.restart();
  scene.save();
  restartAndSettle(scene);
  expect(scene.alerts()).toMatchObject([{ condition: "cleared", clearedBy: "rule" }]);
});

test("the reading of a moved device that comes once more opens an alert that rows take", () => {
  const scene = oneRule();
  scene.goTo(10);
  scene.read("probe", 12, { seq: 1 });
  scene.directory.put({ deviceId: "hub", kind: "gateway", place: null });
  scene.directory.put({ ...probe, gatewayId: "hub" });
  scene.change({});
  scene.goTo(20);
  scene.read("probe", 12, { seq: 1, at: 10, via: "hub" });
  expect(scene.alerts()).toMatchObject([
    { condition: "cleared", clearedBy: "rule" },
    { condition: "active", revision: 1 },
  ]);
});
