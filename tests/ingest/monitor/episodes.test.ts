import { expect, test } from "vitest";
import { createScene, type Scene } from "./support/scene.ts";
import { thresholdRule } from "./support/rules.ts";

const probe = { deviceId: "probe", place: "cooking" } as const;
const oneRule = (more = {}) => createScene({ devices: [probe], rules: [thresholdRule(more)] });

function read(scene: Scene, second: number, value: number): void {
  scene.goTo(second);
  scene.read("probe", value);
}

test("a condition that comes back within the quiet time joins its alert", () => {
  const scene = oneRule({ quietSeconds: 60 });
  for (let round = 0; round < 5; round += 1) {
    read(scene, round * 40, 12 + round);
    read(scene, round * 40 + 20, 5);
  }
  expect(scene.alerts()).toMatchObject([
    { occurrences: 5, condition: "cleared", value: 12, worstValue: 16 },
  ]);
  read(scene, 1000, 11);
  expect(scene.alerts()).toMatchObject([
    { occurrences: 5 },
    { occurrences: 1, condition: "active" },
  ]);
});

test("each message of an alert has the next revision, and rows only move forward", () => {
  const scene = oneRule({ quietSeconds: 60 });
  for (let round = 0; round < 5; round += 1) {
    read(scene, round * 40, 12);
    read(scene, round * 40 + 20, 5);
  }
  expect(scene.messages().map(({ revision }) => revision)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});

test("a person's resolve ends the alert; what stays bad is a new one after half an hour", () => {
  const scene = oneRule();
  read(scene, 0, 12);
  scene.command(scene.alerts()[0]?.alertId ?? "", "resolve");
  expect(scene.alerts()).toMatchObject([
    { condition: "cleared", clearedBy: "person", clearedAtMs: scene.timeOf(0) },
  ]);
  for (let second = 10; second < 1800; second += 10) read(scene, second, 13);
  expect(scene.alerts()).toHaveLength(1);
  read(scene, 1800, 13);
  expect(scene.alerts()).toMatchObject([
    { clearedBy: "person" },
    { condition: "active", occurrences: 1, value: 13 },
  ]);
});

test("after a resolve and one good reading the next bad one is a new alert at once", () => {
  const scene = oneRule({ quietSeconds: 600 });
  read(scene, 0, 12);
  scene.command(scene.alerts()[0]?.alertId ?? "", "resolve");
  read(scene, 10, 5);
  read(scene, 20, 12);
  expect(scene.alerts()).toMatchObject([{ clearedBy: "person" }, { condition: "active" }]);
});

test("an alert that was cleared and then acknowledged is over: what returns is a new one", () => {
  const scene = oneRule({ quietSeconds: 600 });
  read(scene, 0, 12);
  read(scene, 10, 5);
  scene.command(scene.alerts()[0]?.alertId ?? "", "acknowledge");
  read(scene, 20, 12);
  expect(scene.alerts()).toHaveLength(2);
});

test("an acknowledged alert that is still active goes on as it was", () => {
  const scene = oneRule({ quietSeconds: 600 });
  read(scene, 0, 12);
  scene.command(scene.alerts()[0]?.alertId ?? "", "acknowledge");
  read(scene, 10, 5);
  read(scene, 20, 12);
  expect(scene.alerts()).toMatchObject([{ occurrences: 2, condition: "active" }]);
});

test("a command about an alert that nobody remembers changes nothing", () => {
  const scene = oneRule();
  scene.command("0".repeat(32), "resolve");
  expect(scene.messages()).toEqual([]);
});

test("a duration goes on over a restart", () => {
  const scene = oneRule({ minDurationSeconds: 900 });
  scene.readUntil("probe", 12, { until: 600 });
  scene.save();
  scene.restart();
  scene.goTo(610);
  scene.readUntil("probe", 12, { until: 890 });
  expect(scene.alerts()).toEqual([]);
  read(scene, 900, 12);
  expect(scene.alerts()).toHaveLength(1);
});

test("an open alert goes on over a restart, and clears", () => {
  const scene = oneRule();
  read(scene, 0, 12);
  scene.save();
  read(scene, 10, 14);
  scene.restart();
  read(scene, 20, 5);
  expect(scene.alerts()).toMatchObject([{ condition: "cleared", worstValue: 14, occurrences: 1 }]);
});

test("a new version keeps the open alert with its limit, and decides when it clears", () => {
  const scene = oneRule();
  read(scene, 0, 12);
  scene.putRule(thresholdRule({ limit: 20, clearLimit: 15 }));
  expect(scene.alerts()).toMatchObject([{ condition: "active" }]);
  read(scene, 10, 14);
  expect(scene.alerts()).toMatchObject([
    { condition: "cleared", clearedBy: "value", rule: { version: 1 }, limit: { value: 10 } },
  ]);
});

test("under a new version the duration begins anew, and the old alert is not joined", () => {
  const scene = oneRule({ minDurationSeconds: 60, quietSeconds: 600 });
  scene.readUntil("probe", 12, { until: 60 });
  read(scene, 70, 5);
  read(scene, 80, 12);
  scene.putRule(thresholdRule({ minDurationSeconds: 60, quietSeconds: 600 }));
  scene.goTo(90);
  scene.readUntil("probe", 12, { until: 140 });
  expect(scene.alerts()).toHaveLength(1);
  read(scene, 150, 12);
  expect(scene.alerts().map(({ rule }) => rule.version)).toEqual([1, 2]);
});

test("a rule that is switched off, or no longer applies, ends its alerts by rule", () => {
  for (const change of [
    (scene: Scene) => scene.putRule(thresholdRule(), false),
    (scene: Scene) => scene.putRule(thresholdRule({ scope: { place: "freezer" } })),
    (scene: Scene) => scene.putRule(thresholdRule({ when: "below", clearLimit: 12 })),
    (scene: Scene) =>
      scene.putRule(thresholdRule({ key: "own", scope: { deviceId: "probe" }, limit: 30 })),
  ]) {
    const scene = oneRule();
    read(scene, 0, 12);
    change(scene);
    expect(scene.alerts()).toMatchObject([{ condition: "cleared", clearedBy: "rule" }]);
    expect(scene.monitor.stats().openAlerts).toBe(0);
  }
});

test("a device that changes its place meets the rules of the new one", () => {
  const scene = createScene({ devices: [{ deviceId: "probe", place: "coldStore" }] });
  scene.readUntil("probe", 6, { until: 900 });
  scene.directory.put({ deviceId: "probe", place: "hotHolding" });
  scene.change({});
  expect(scene.alerts()).toMatchObject([{ condition: "cleared", clearedBy: "rule" }]);
  scene.goTo(910);
  scene.readUntil("probe", 59, { until: 910 + 600 });
  expect(scene.alerts().at(-1)).toMatchObject({ condition: "active" });
  expect(scene.alerts().map(({ rule }) => rule.key)).toContain("hot-holding-limit");
});

test("readings that were accepted before a device was switched off open nothing after it", () => {
  const scene = oneRule();
  scene.directory.put({ ...probe, enabled: false });
  scene.change({});
  read(scene, 0, 12);
  expect(scene.alerts()).toEqual([]);
});

test("the same journal gives the same alert ids", () => {
  const fold = () => {
    const scene = oneRule();
    read(scene, 0, 12);
    return scene.alerts().map(({ alertId }) => alertId);
  };
  expect(fold()).toEqual(fold());
});
