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
  const scene = createLasting();
  live(scene, 24 * 60, (minute) => minute % 25 < 8);
  scene.save();
  scene.restart();
  const day = minutesFrom(0, 24 * 60).filter((minute) => minute % 25 < 8 && minute % 3 === 0);
  sendWarm(scene, day.slice(-200));
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
