import { expect, test } from "vitest";
import { seededRandom } from "../../support/seeded-random.ts";
import { createScene, type Scene, sppgId } from "./support/scene.ts";
import { rateRule, thresholdRule } from "./support/rules.ts";

const at = "cooking" as const;
const probe = [{ deviceId: "probe", place: at }];
const oneRule = (more = {}) => createScene({ devices: probe, rules: [thresholdRule(more)] });

/** Sends [second, value] pairs in this order, all received at `receivedAt`. */
function send(scene: Scene, pairs: readonly (readonly [number, number])[], receivedAt: number) {
  scene.goTo(receivedAt);
  for (const [at, value] of pairs) scene.read("probe", value, { at });
}

test("a late reading opens an alert that is marked late and already cleared", () => {
  const scene = oneRule();
  scene.goTo(100);
  scene.read("probe", 5);
  scene.read("probe", 12, { at: 50 });
  expect(scene.alerts()).toMatchObject([
    {
      isLate: true,
      condition: "cleared",
      clearedBy: "value",
      value: 12,
      openedAtMs: scene.timeOf(50),
      clearedAtMs: scene.timeOf(50),
      revision: 1,
    },
  ]);
});

test("a late run needs its duration within the late readings", () => {
  const scene = oneRule({ minDurationSeconds: 60 });
  send(scene, [[1000, 5]], 1000);
  send(
    scene,
    [
      [100, 12],
      [130, 13],
      [159, 12],
    ],
    1001,
  );
  expect(scene.alerts()).toEqual([]);
  send(scene, [[160, 11]], 1002);
  expect(scene.alerts()).toMatchObject([{ isLate: true, worstValue: 13 }]);
});

test("a late good reading between late bad ones divides their run", () => {
  const scene = oneRule({ minDurationSeconds: 60 });
  send(scene, [[1000, 5]], 1000);
  send(
    scene,
    [
      [100, 12],
      [130, 7],
      [160, 12],
    ],
    1001,
  );
  expect(scene.alerts()).toEqual([]);
});

test("a late reading that an open alert covers only worsens it", () => {
  const scene = oneRule();
  send(
    scene,
    [
      [100, 12],
      [200, 11],
    ],
    200,
  );
  send(
    scene,
    [
      [150, 17],
      [160, 5],
    ],
    201,
  );
  scene.idleUntil(220);
  expect(scene.alerts()).toMatchObject([
    { isLate: false, condition: "active", worstValue: 17, occurrences: 1 },
  ]);
});

test("a late reading that a cleared alert covers worsens it and reopens nothing", () => {
  const scene = oneRule();
  send(
    scene,
    [
      [100, 12],
      [200, 5],
    ],
    200,
  );
  send(scene, [[150, 17]], 201);
  scene.idleUntil(220);
  expect(scene.alerts()).toMatchObject([{ condition: "cleared", worstValue: 17, isLate: false }]);
});

test("a late good reading clears nothing that is newer", () => {
  const scene = oneRule();
  send(scene, [[100, 12]], 100);
  send(
    scene,
    [
      [50, 5],
      [99, 5],
    ],
    101,
  );
  expect(scene.alerts()).toMatchObject([{ condition: "active" }]);
});

test("a late reading never becomes the latest value, nor a live one", () => {
  const scene = oneRule();
  send(scene, [[100, 5]], 100);
  scene.monitor.takeLive();
  send(scene, [[50, 6]], 101);
  expect(scene.monitor.snapshot(sppgId).latest).toMatchObject([{ fields: { celsius: 5 } }]);
  expect(scene.monitor.takeLive()).toEqual([]);
});

test("the same time with a higher seq is newer, with a lower one late, with the same nothing", () => {
  const scene = oneRule();
  scene.goTo(100);
  scene.read("probe", 5, { seq: 4 });
  scene.read("probe", 12, { seq: 4 });
  expect(scene.alerts()).toEqual([]);
  scene.read("probe", 13, { seq: 5 });
  expect(scene.alerts()).toMatchObject([{ value: 13, isLate: false }]);
});

/** An hour and a half at 10 s: fine, twenty minutes too warm, fine, half an hour too warm, fine. */
const history = Array.from({ length: 540 }, (_, step): [number, number] => {
  const minute = step / 6;
  const isWarm = (minute >= 10 && minute < 30) || (minute >= 45 && minute < 75);
  return [step * 10, isWarm ? 12 + (step % 7) : 4];
});
const lasting = { minDurationSeconds: 600, clearDurationSeconds: 60, quietSeconds: 60 };

test("a capture that is sent again, as a whole or in part, changes no alert", () => {
  const scene = oneRule(lasting);
  for (const pair of history) send(scene, [pair], pair[0]);
  const before = scene.alerts();
  expect(before).toHaveLength(2);
  send(scene, history, 5500);
  send(scene, history.slice(100, 300), 5600);
  send(scene, history.toReversed(), 5700);
  scene.idleUntil(5720);
  expect(scene.alerts()).toEqual(before);
});

test("alerts do not depend on resends in the middle of the stream", () => {
  const once = oneRule(lasting);
  const often = oneRule(lasting);
  for (const [index, pair] of history.entries()) {
    send(once, [pair], pair[0]);
    send(often, [pair, ...history.slice(Math.max(0, index - 5), index + 1)], pair[0]);
  }
  expect(often.alerts()).toEqual(
    once.alerts().map((alert) => expect.objectContaining({ alertId: alert.alertId })),
  );
});

test("shuffled within a minute, the same stretches are found and nothing else", () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const random = seededRandom(seed);
    const shuffled = history
      .map((pair) => ({ pair, receivedAt: pair[0] + Math.floor(random() * 60) }))
      .toSorted((a, b) => a.receivedAt - b.receivedAt);
    const scene = oneRule(lasting);
    for (const { pair, receivedAt } of shuffled) send(scene, [pair], receivedAt);
    scene.idleUntil(5500);
    expect(scene.alerts(), `seed ${seed}`).toMatchObject([
      { condition: "cleared", isLate: false },
      { condition: "cleared", isLate: false },
    ]);
    const [latest] = scene.monitor.snapshot(sppgId).latest;
    expect(latest?.eventTimeMs).toBe(scene.timeOf(5390));
  }
});

test("shuffled as a whole, few alerts stand for what was too warm, and none stays open", () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const random = seededRandom(seed);
    const shuffled = history
      .map((pair) => ({ pair, order: random() }))
      .toSorted((a, b) => a.order - b.order)
      .map(({ pair }) => pair);
    const scene = oneRule({ ...lasting, quietSeconds: 0 });
    send(scene, shuffled, 5400);
    scene.idleUntil(5500);
    const alerts = scene.alerts();
    expect(alerts.length, `seed ${seed}`).toBeGreaterThanOrEqual(1);
    expect(alerts.length, `seed ${seed}`).toBeLessThanOrEqual(4);
    expect(alerts.every(({ condition }) => condition === "cleared")).toBe(true);
    expect(scene.monitor.snapshot(sppgId).latest).toMatchObject([{ fields: { celsius: 4 } }]);
  }
});

test("a rise is judged over the window, from half of it on", () => {
  const scene = createScene({ devices: probe, rules: [rateRule()] });
  for (let minute = 0; minute <= 4; minute += 1)
    send(scene, [[minute * 60, minute * 3]], minute * 60);
  expect(scene.alerts()).toEqual([]);
  send(scene, [[300, 15]], 300);
  expect(scene.alerts()).toMatchObject([
    { rule: { key: "rate" }, value: 3, limit: { value: 1, unit: "Cel/min" } },
  ]);
  for (let minute = 6; minute <= 20; minute += 1) send(scene, [[minute * 60, 15]], minute * 60);
  expect(scene.alerts()).toMatchObject([{ condition: "cleared", worstValue: 3 }]);
});

test("exactly the rate breaks nothing, a fall breaks no rising limit, and either sees both", () => {
  const scene = createScene({
    devices: probe,
    rules: [rateRule(), rateRule({ key: "either", direction: "either", perMinuteMax: 1.5 })],
  });
  for (let minute = 0; minute <= 10; minute += 1) send(scene, [[minute * 60, minute]], minute * 60);
  expect(scene.alerts()).toEqual([]);
  for (let minute = 11; minute <= 20; minute += 1) {
    send(scene, [[minute * 60, 10 - 2 * (minute - 10)]], minute * 60);
  }
  expect(scene.alerts()).toMatchObject([{ rule: { key: "either" }, value: expect.any(Number) }]);
  expect(scene.alerts()[0]?.value).toBeLessThan(-1.5);
});

test("after a gap longer than the window a rate is measured anew", () => {
  const scene = createScene({ devices: probe, rules: [rateRule()] });
  send(scene, [[0, 0]], 0);
  send(scene, [[700, 100]], 700);
  expect(scene.alerts()).toEqual([]);
});

test("readings without a time of their own are ordered and timed by the even clock", () => {
  const scene = oneRule({ minDurationSeconds: 60 });
  scene.read("probe", 12, { at: null });
  scene.stepClock(259_200_000);
  scene.goTo(30);
  scene.read("probe", 12, { at: null });
  expect(scene.alerts()).toEqual([]);
  scene.stepClock(-259_200_000 - 7_200_000);
  scene.goTo(60);
  scene.read("probe", 13, { at: null });
  expect(scene.alerts()).toMatchObject([{ value: 13, isLate: false }]);
  expect(scene.monitor.snapshot(sppgId).latest).toMatchObject([{ fields: { celsius: 13 } }]);
});

const hourMs = 3_600_000;
/** What the device's own clock says, in seconds of the scene, if the host's is off by so much. */
const ownTime = (scene: Scene, hours: number) => scene.now() + hours * 3600;

test("a device that sends its time only sometimes is heard after a step of the host's clock", () => {
  for (const hours of [-2, 2]) {
    const scene = oneRule();
    scene.goTo(10);
    scene.read("probe", 4, { at: null });
    scene.goTo(20);
    scene.stepClock(hours * hourMs);
    scene.goTo(30);
    scene.read("probe", 4, { at: hours < 0 ? null : ownTime(scene, hours) });
    scene.goTo(40);
    scene.read("probe", 20, { at: hours < 0 ? ownTime(scene, hours) : null });
    expect(scene.alerts()).toMatchObject([{ condition: "active", isLate: false, value: 20 }]);
    expect(scene.monitor.snapshot(sppgId).latest).toMatchObject([{ fields: { celsius: 20 } }]);
  }
});

test("a duration between readings with and without a time is what has passed in truth", () => {
  for (const hours of [-2, 0, 2, 72]) {
    const scene = oneRule({ minDurationSeconds: 60 });
    for (let second = 0; second <= 60; second += 10) {
      scene.goTo(second);
      expect(scene.alerts(), `${hours} h, ${second} s`).toEqual([]);
      scene.read("probe", 12, { at: second % 20 === 0 ? null : ownTime(scene, hours) });
    }
    expect(scene.alerts()).toMatchObject([{ condition: "active", isLate: false }]);
  }
});

test("while readings without a time are the newest, resends of ones with it change nothing", () => {
  const scene = oneRule();
  send(
    scene,
    [
      [0, 12],
      [10, 5],
    ],
    10,
  );
  const before = scene.alerts();
  scene.goTo(20);
  scene.read("probe", 5, { at: null });
  send(
    scene,
    [
      [0, 12],
      [10, 5],
      [0, 12],
    ],
    21,
  );
  expect(scene.alerts()).toEqual(before);
  expect(scene.monitor.snapshot(sppgId).latest).toMatchObject([
    { fields: { celsius: 5 }, eventTimeMs: scene.timeOf(20) },
  ]);
});

/** Twenty minutes; every reading with a time or without, as `random` says. */
function playMixed(seed: number, { hours, steps }: { hours: number; steps: boolean }) {
  const random = seededRandom(seed);
  const scene = oneRule({ minDurationSeconds: 60, clearDurationSeconds: 30, quietSeconds: 60 });
  scene.read("probe", 5, { at: ownTime(scene, hours) });
  let value = 5;
  for (let second = 10; second <= 1200; second += 10) {
    scene.goTo(second);
    if (random() < 0.15) value = value === 5 ? 12 + Math.floor(random() * 9) : 5;
    const isTimed = random() < 0.5;
    const stepBy = random() < 0.1 ? -2 * hourMs : 72 * hourMs;
    if (random() < 0.05 && steps) scene.stepClock(stepBy);
    scene.read("probe", value, { at: isTimed ? ownTime(scene, hours) : null });
    if (random() < 0.05)
      scene.read("probe", 99, { at: ownTime(scene, hours), flags: ["implausible"] });
  }
  return scene.messages().map(({ condition, occurrences, worstValue, isLate, rule }) => {
    return { key: rule.key, condition, occurrences, worstValue, isLate };
  });
}

test("no step of the host's clock, and no wrong clock, changes what is told of mixed readings", () => {
  let told = 0;
  for (let seed = 1; seed <= 40; seed += 1) {
    const expected = playMixed(seed, { hours: 0, steps: false });
    told += expected.length;
    expect(playMixed(seed, { hours: 0, steps: true }), `seed ${seed}`).toEqual(expected);
    expect(playMixed(seed, { hours: -2, steps: true }), `seed ${seed}`).toEqual(expected);
    expect(playMixed(seed, { hours: 3, steps: true }), `seed ${seed}`).toEqual(expected);
  }
  expect(told).toBeGreaterThan(100);
});

test("a faulty reading that comes once more after one without a time is no second fault", () => {
  const rule = { kind: "implausible", key: "fault", severity: "warning", scope: {} } as const;
  const scene = createScene({
    devices: probe,
    rules: [{ ...rule, readingsInRow: 1, quietSeconds: 0 }],
  });
  const fault = (at: number | null) => scene.read("probe", 99, { at, flags: ["implausible"] });
  scene.read("probe", 5);
  scene.goTo(100);
  fault(100);
  fault(null);
  scene.goTo(110);
  scene.read("probe", 5, { at: null });
  scene.read("probe", 5, { at: 90 });
  fault(100);
  fault(100);
  scene.read("probe", 5, { at: null });
  fault(100);
  expect(scene.messages()).toMatchObject([
    { condition: "active", revision: 1 },
    { condition: "cleared", revision: 2 },
  ]);
});
