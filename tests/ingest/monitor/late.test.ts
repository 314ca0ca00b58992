import { expect, test } from "vitest";
import { createScene, type Scene } from "./support/scene.ts";
import { thresholdRule } from "./support/rules.ts";

const devices = [{ deviceId: "probe", place: "cooking" as const, expectedIntervalSeconds: 60 }];
const lasting = { minDurationSeconds: 900, clearDurationSeconds: 120, quietSeconds: 900 };
const createLasting = (more = {}) =>
  createScene({ devices, rules: [thresholdRule({ ...lasting, ...more })] });

const warm = 12;
const fine = 5;

/** Live, a reading a minute: warm where `isWarm` says so. */
function live(scene: Scene, minutes: number, isWarm: (minute: number) => boolean): void {
  for (let minute = 0; minute < minutes; minute += 1) {
    scene.goTo(minute * 60);
    scene.read("probe", isWarm(minute) ? warm : fine);
  }
}

/** Now, in this order. */
function sendWarm(scene: Scene, minutes: readonly number[]): void {
  for (const minute of minutes) scene.read("probe", warm, { at: minute * 60 });
}

const minutesFrom = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, step) => from + step);

test("resends out of stretches that were too short for an alert never make one together", () => {
  const scene = createLasting();
  live(scene, 40, (minute) => minute < 10 || (minute >= 15 && minute < 25));
  sendWarm(scene, [2, 5, 8, 17, 20, 23]);
  sendWarm(scene, minutesFrom(0, 10));
  expect(scene.messages()).toEqual([]);
});

test("stretches too short for an alert are remembered in a bounded memory, over restarts", () => {
  const scene = createLasting({ quietSeconds: 1800 });
  live(scene, 24 * 60, (minute) => minute % 25 < 8);
  scene.save();
  scene.restart();
  const day = minutesFrom(0, 24 * 60).filter((minute) => minute % 25 < 8 && minute % 3 === 0);
  sendWarm(scene, day.slice(-80));
  expect(scene.messages()).toEqual([]);
  sendWarm(scene, day);
  scene.monitor.beginCheckpoint();
  const [row] = scene.monitor.takeRows(Number.POSITIVE_INFINITY);
  expect(row?.body.length).toBeLessThan(4_000);
});

test("a stretch that goes on in late readings is still found in what is late of it", () => {
  const scene = createLasting();
  live(scene, 10, () => true);
  scene.goTo(120 * 60);
  scene.read("probe", fine);
  sendWarm(scene, minutesFrom(10, 120));
  expect(scene.alerts()).toMatchObject([{ isLate: true, occurrences: 1 }]);
});

const dayMinutes = 24 * 60;
/** Twenty minutes too warm, three fine. */
const isSwinging = (minute: number): boolean => minute % 23 < 20;

function swingLate(scene: Scene, minutes: readonly number[]): void {
  scene.goTo(dayMinutes * 60);
  scene.read("probe", fine);
  for (const minute of minutes) {
    scene.read("probe", isSwinging(minute) ? warm : fine, { at: minute * 60 });
  }
  scene.idleUntil(dayMinutes * 60 + 20);
}

test("a day that swings is one alert with its occurrences, live or late", () => {
  const inTime = createLasting();
  live(inTime, dayMinutes, isSwinging);
  const late = createLasting();
  swingLate(late, minutesFrom(0, dayMinutes));
  expect(inTime.alerts()).toMatchObject([{ isLate: false, occurrences: 62 }]);
  expect(late.alerts()).toMatchObject([{ isLate: true, condition: "cleared", occurrences: 62 }]);
  // One at opening, and one for all that came within the same seconds.
  expect(late.messages()).toHaveLength(2);
});

test("a day that swings is one late alert also when its newest readings come first", () => {
  const scene = createLasting();
  swingLate(scene, minutesFrom(0, dayMinutes).toReversed());
  expect(scene.alerts()).toMatchObject([{ isLate: true, occurrences: 62 }]);
});

test("a late stretch within the quiet time of a live alert is an occurrence of it", () => {
  for (const condition of ["active", "cleared"]) {
    const scene = createLasting();
    const gap = minutesFrom(0, 20);
    for (const minute of minutesFrom(26, 42)) {
      scene.goTo(minute * 60);
      scene.read("probe", warm);
    }
    for (const minute of condition === "active" ? [] : minutesFrom(42, 45)) {
      scene.goTo(minute * 60);
      scene.read("probe", fine);
    }
    scene.read("probe", fine, { at: 23 * 60 });
    sendWarm(scene, gap);
    scene.idleUntil(scene.now() + 11);
    expect(scene.alerts()).toMatchObject([{ isLate: false, condition, occurrences: 2 }]);
    sendWarm(scene, gap);
    scene.idleUntil(scene.now() + 11);
    expect(scene.alerts()).toMatchObject([{ occurrences: 2 }]);
  }
});

test("nothing joins a late alert that a person has answered, nor one beyond the quiet time", () => {
  const answered = createLasting();
  const apart = createLasting({ quietSeconds: 60 });
  for (const scene of [answered, apart]) {
    scene.goTo(7200);
    scene.read("probe", fine);
    sendWarm(scene, minutesFrom(0, 20));
    scene.read("probe", fine, { at: 21 * 60 });
    if (scene === answered) scene.command(scene.alerts()[0]?.alertId ?? "", "acknowledge");
    sendWarm(scene, minutesFrom(24, 44));
    scene.idleUntil(7220);
    expect(scene.alerts()).toMatchObject([{ occurrences: 1 }, { occurrences: 1 }]);
  }
});

test("a week that flaps leaves a bounded memory", () => {
  const scene = createScene({ devices, rules: [thresholdRule()] });
  scene.goTo(7 * 86_400);
  scene.read("probe", fine);
  for (const minute of minutesFrom(0, 7 * dayMinutes)) {
    scene.read("probe", minute % 2 === 0 ? fine : warm, { at: minute * 60 });
  }
  scene.monitor.beginCheckpoint();
  const [row] = scene.monitor.takeRows(Number.POSITIVE_INFINITY);
  expect(row?.body.length).toBeLessThan(15_000);
});

test("a cleared alert that has become worse says so before the next one takes its place", () => {
  const scene = createScene({ devices, rules: [thresholdRule()] });
  scene.read("probe", warm);
  scene.goTo(60);
  scene.read("probe", fine);
  scene.read("probe", warm + 5, { at: 30 });
  scene.goTo(61);
  scene.read("probe", warm);
  expect(scene.alerts()).toMatchObject([{ worstValue: warm + 5 }, { condition: "active" }]);
});
