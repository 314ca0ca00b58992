import { expect, test } from "vitest";
import { devicePrincipal } from "../../../broker/edge/principal.ts";
import { Throttle } from "../../../broker/edge/throttle.ts";
import { Throttles, type ThrottleRates } from "../../../broker/edge/throttles.ts";

const unlimited = { messagesPerSecond: 0, bytesPerSecond: 0 };
const tenMessages = { messagesPerSecond: 10, bytesPerSecond: 0 };

function device(deviceId: string, sppgId = "sppg-1") {
  return devicePrincipal({ sppgId, deviceId, codec: null });
}

test("two seconds' worth may come at once, and one packet more is taken and paid for", () => {
  const throttle = new Throttle(tenMessages, 0);
  throttle.spend(20, 1_000_000);
  expect(throttle.isSpent).toBe(false);
  throttle.spend(1, 0);
  expect(throttle.isSpent).toBe(true);
  expect(throttle.waitMs(0)).toBe(100);
  expect(throttle.waitMs(60)).toBe(40);
  expect(throttle.waitMs(100)).toBe(0);
  expect(throttle.isSpent).toBe(false);
});

test("bytes and messages are both limits, and the longer wait counts", () => {
  const throttle = new Throttle({ messagesPerSecond: 10, bytesPerSecond: 1000 }, 0);
  throttle.spend(25, 2000);
  expect(throttle.waitMs(0)).toBe(500);
  throttle.spend(0, 3000);
  expect(throttle.waitMs(0)).toBe(3000);
});

test("a long silence earns no more than the burst", () => {
  const throttle = new Throttle(tenMessages, 0);
  expect(throttle.waitMs(3_600_000)).toBe(0);
  throttle.spend(21, 0);
  expect(throttle.waitMs(3_600_000)).toBe(100);
});

test("without a rate nothing is ever spent", () => {
  const throttle = new Throttle(unlimited, 0);
  throttle.spend(1e9, 1e15);
  expect(throttle.isSpent).toBe(false);
  expect(throttle.waitMs(0)).toBe(0);
  expect(throttle.isFull(0)).toBe(true);
});

test("whoever waits as long as it was told, may send", () => {
  const throttle = new Throttle({ messagesPerSecond: 7, bytesPerSecond: 333 }, 0);
  let nowMs = 0;
  for (let packet = 0; packet < 200; packet++) {
    throttle.spend(1, 97);
    nowMs += throttle.waitMs(nowMs);
    expect(throttle.waitMs(nowMs)).toBeLessThanOrEqual(1);
    nowMs += 1;
  }
  // 200 packets of 97 bytes at 333 bytes a second, less the burst and the last one's debt.
  expect(nowMs / 1000).toBeGreaterThan((200 * 97) / 333 - 2 - 1);
  expect(nowMs / 1000).toBeLessThan((200 * 97) / 333);
});

function createThrottles(rates: Partial<ThrottleRates> = {}): Throttles {
  return new Throttles({
    device: tenMessages,
    kitchen: tenMessages,
    person: tenMessages,
    ...rates,
  });
}

test("connections of a device share its throttle, and devices of a kitchen share theirs", () => {
  const throttles = createThrottles();
  const [device1, kitchen1] = throttles.forPrincipal(device("probe-1"), 0);
  const [device1Again, kitchen1Again] = throttles.forPrincipal(device("probe-1"), 0);
  const [device2, kitchen1Too] = throttles.forPrincipal(device("probe-2"), 0);
  const [, kitchen2] = throttles.forPrincipal(device("probe-1", "sppg-2"), 0);
  expect(device1Again).toBe(device1);
  expect([kitchen1Again, kitchen1Too]).toEqual([kitchen1, kitchen1]);
  expect(device2).not.toBe(device1);
  expect(kitchen2).not.toBe(kitchen1);
});

test("a rate of 0 has no throttle", () => {
  expect(createThrottles({ kitchen: unlimited }).forPrincipal(device("probe-1"), 0)).toHaveLength(
    1,
  );
  const none = createThrottles({ kitchen: unlimited, device: unlimited });
  expect(none.forPrincipal(device("probe-1"), 0)).toEqual([]);
  none.release(device("probe-1"));
  expect(none.count).toBe(0);
});

test("whoever reconnects finds the balance that it left, until it is full again", () => {
  const throttles = createThrottles({ kitchen: unlimited });
  const [before] = throttles.forPrincipal(device("probe-1"), 0);
  before?.spend(50, 0);
  throttles.release(device("probe-1"));
  const [after] = throttles.forPrincipal(device("probe-1"), 100);
  expect(after?.waitMs(100)).toBe(2900);
  throttles.release(device("probe-1"));
  const [later] = throttles.forPrincipal(device("probe-1"), 60_000);
  later?.spend(20, 0);
  expect(later?.isSpent).toBe(false);
});

test("throttles in use are kept, and idle ones are forgotten once they are full", () => {
  const throttles = createThrottles({ kitchen: unlimited });
  throttles.forPrincipal(device("stays"), 0);
  for (let index = 0; index < 100; index++) {
    const [throttle] = throttles.forPrincipal(device(`probe-${index}`), 0);
    throttle?.spend(10, 0);
    throttles.release(device(`probe-${index}`));
  }
  expect(throttles.count).toBe(101);
  for (let round = 0; round < 50; round++) {
    throttles.forPrincipal(device("stays"), 10_000);
    throttles.release(device("stays"));
  }
  expect(throttles.count).toBe(1);
});
