import { expect, test } from "vitest";
import { createScene, startMs } from "./support/scene.ts";

const coldStore = () => createScene({ devices: [{ deviceId: "probe" }] });

test("a cold store above 5 °C for 15 min is critical, with limit and source", () => {
  const scene = coldStore();
  scene.readUntil("probe", 3, { until: 60 });
  scene.goTo(70);
  scene.readUntil("probe", 6.5, { until: 70 + 14 * 60 });
  expect(scene.alerts()).toEqual([]);
  scene.goTo(70 + 15 * 60);
  scene.read("probe", 6.2);
  const [alert, ...more] = scene.alerts();
  expect(more).toEqual([]);
  expect(alert).toMatchObject({
    rule: { key: "cold-store-limit", version: 0 },
    severity: "critical",
    condition: "active",
    deviceId: "probe",
    channel: "0",
    reading: "temperature",
    field: "celsius",
    value: 6.2,
    worstValue: 6.5,
    limit: { key: "cold-store-limit", value: 5, unit: "Cel", sourceKind: "regulation" },
    openedAtMs: startMs + (70 + 15 * 60) * 1000,
    clearedAtMs: null,
    isLate: false,
    occurrences: 1,
    domain: "production",
    revision: 1,
  });
  expect(alert?.alertId).toMatch(/^[0-9a-f]{32}$/);
});

test("5.0 °C is not above 5: the limit itself breaks nothing", () => {
  const scene = coldStore();
  scene.readUntil("probe", 5, { until: 20 * 60 });
  expect(scene.alerts()).toEqual([]);
});

test("a door opening of ten minutes alerts nobody", () => {
  const scene = coldStore();
  scene.readUntil("probe", 9, { until: 600 });
  scene.goTo(610);
  scene.readUntil("probe", 3, { until: 3600 });
  expect(scene.alerts().filter(({ severity }) => severity === "critical")).toEqual([]);
});

test("one reading between limit and clear value does not restart the duration", () => {
  const scene = coldStore();
  scene.readUntil("probe", 6, { until: 600 });
  scene.goTo(610);
  scene.read("probe", 4.8);
  scene.goTo(620);
  scene.readUntil("probe", 6, { until: 900 });
  expect(scene.alerts().map(({ rule }) => rule.key)).toEqual(["cold-store-limit"]);
});

test("one reading past the clear value restarts the duration", () => {
  const scene = coldStore();
  scene.readUntil("probe", 6, { until: 600 });
  scene.goTo(610);
  scene.read("probe", 4.5);
  scene.goTo(620);
  scene.readUntil("probe", 6, { until: 1500 });
  expect(scene.alerts().filter(({ severity }) => severity === "critical")).toEqual([]);
});

test("it clears only past the clear value, and only after the clear duration", () => {
  const scene = coldStore();
  scene.readUntil("probe", 6, { until: 900 });
  scene.goTo(910);
  scene.readUntil("probe", 4.9, { until: 1500 });
  scene.goTo(1510);
  scene.readUntil("probe", 4.5, { until: 1510 + 110 });
  const open = () => scene.alerts().find(({ severity }) => severity === "critical");
  expect(open()?.condition).toBe("active");
  scene.goTo(1510 + 120);
  scene.read("probe", 4.5);
  expect(open()).toMatchObject({
    condition: "cleared",
    clearedBy: "value",
    clearedAtMs: startMs + 1_630_000,
    worstValue: 6,
  });
});

test("the duration is counted in event time: a backlog of a vehicle alerts as it happened", () => {
  const scene = createScene({ devices: [{ deviceId: "box", place: "deliveryBox" }] });
  scene.goTo(7200);
  const backlog = Array.from({ length: 61 }, (_, at) =>
    scene.readingOf("box", 58, { at: at * 10 }),
  );
  scene.publish("box", backlog);
  expect(scene.alerts().find(({ severity }) => severity === "critical")).toMatchObject({
    rule: { key: "delivery-box-limit" },
    openedAtMs: startMs + 600_000,
    value: 58,
    domain: "distribution",
  });
});

test("a cabinet that is off opens nothing, and leaves an open alert open", () => {
  const scene = createScene({ devices: [{ deviceId: "cabinet", place: "hotHolding" }] });
  scene.readUntil("cabinet", 30, { until: 3600 });
  expect(scene.alerts()).toEqual([]);
  scene.goTo(3610);
  scene.readUntil("cabinet", 55, { until: 3610 + 600 });
  scene.goTo(4220);
  scene.readUntil("cabinet", 30, { until: 8000 });
  expect(scene.alerts().map(({ condition }) => condition)).toEqual(["active", "active"]);
});

test("a box that cooled down empty does not alert when it is filled again", () => {
  const scene = createScene({ devices: [{ deviceId: "box", place: "deliveryBox" }] });
  const readUntil = (value: number, until: number): void => {
    scene.goTo(scene.now() + 10);
    scene.readUntil("box", value, { until });
  };
  readUntil(50, 240);
  readUntil(30, 7200);
  readUntil(45, 7200 + 240);
  readUntil(75, 7200 + 600);
  expect(scene.alerts()).toEqual([]);
});

test("the freezer's warning and its critical limit are two alerts", () => {
  const scene = createScene({ devices: [{ deviceId: "probe", place: "freezer" }] });
  scene.readUntil("probe", -14, { until: 3600 });
  expect(scene.alerts().map(({ rule, limit }) => [rule.key, limit?.value])).toEqual([
    ["freezer-warning", -15],
    ["freezer-limit", -18],
  ]);
});

test("an alert of a device that stands nowhere belongs to production", () => {
  const rule = {
    kind: "threshold",
    key: "any-probe",
    severity: "warning",
    scope: { deviceKind: "temperature-probe" },
    reading: "temperature",
    field: "celsius",
    when: "above",
    limit: 40,
    clearLimit: 39,
    minDurationSeconds: 0,
    clearDurationSeconds: 0,
    quietSeconds: 0,
    limitSource: { source: "this kitchen", sourceKind: "project" },
  } as const;
  const scene = createScene({ devices: [{ deviceId: "loose", place: null }], rules: [rule] });
  scene.read("loose", 41);
  expect(scene.alerts()).toMatchObject([{ domain: "production", value: 41 }]);
  expect(scene.monitor.takeLive()).toEqual([]);
  expect(scene.monitor.snapshot("sppg-jakarta-001").latest).toEqual([]);
});

test("many worse values are one message in ten seconds, and the last one at clearing", () => {
  const scene = coldStore();
  scene.readUntil("probe", 6, { until: 900 });
  for (let step = 1; step <= 100; step += 1) {
    scene.goTo(900 + step);
    scene.read("probe", 6 + step / 100);
  }
  const critical = () => scene.messages().filter(({ severity }) => severity === "critical");
  expect(critical().length).toBeLessThanOrEqual(1 + 10);
  scene.goTo(1001);
  scene.read("probe", 20);
  scene.goTo(1002);
  scene.read("probe", 3);
  scene.goTo(1122);
  scene.read("probe", 3);
  expect(critical().at(-1)).toMatchObject({ condition: "cleared", worstValue: 20 });
});
