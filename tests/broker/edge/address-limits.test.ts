import { expect, test } from "vitest";
import { addressGroup, AddressGuard, addressesMax } from "../../../broker/edge/address-limits.ts";

const address = "203.0.113.7";

function createGuard(): AddressGuard<string> {
  return new AddressGuard({
    pendingPerAddress: 2,
    failuresBurst: 3,
    failuresPerSecond: 1,
    lingerMs: 50,
  });
}

function fail(guard: AddressGuard<string>, times: number, nowMs: number): void {
  for (let failure = 0; failure < times; failure++) guard.countFailure(address, nowMs);
}

test("above the limit of waiting sockets the oldest must yield", () => {
  const guard = createGuard();
  expect(guard.admit(address, "first", 0)).toBeNull();
  expect(guard.admit(address, "second", 0)).toBeNull();
  expect(guard.admit("203.0.113.8", "elsewhere", 0)).toBeNull();
  expect(guard.admit(address, "third", 0)).toBe("first");
});

test("a socket that has signed in or is gone counts no more", () => {
  const guard = createGuard();
  for (const socket of ["first", "second"]) guard.admit(address, socket, 0);
  guard.release(address, "first", 0);
  guard.release(address, "first", 0);
  expect(guard.admit(address, "third", 0)).toBeNull();
  expect(guard.admit(address, "fourth", 0)).toBe("second");
});

test("after a burst of failures an address earns its tries by time", () => {
  const guard = createGuard();
  fail(guard, 2, 0);
  expect(guard.mayTry(address, 0)).toBe(true);
  fail(guard, 1, 0);
  expect(guard.mayTry(address, 0)).toBe(false);
  expect(guard.mayTry(address, 999)).toBe(false);
  expect(guard.mayTry(address, 1000)).toBe(true);
  expect(guard.mayTry("203.0.113.8", 0)).toBe(true);
});

test("a flood of failures costs an address no more than its tries", () => {
  const guard = createGuard();
  fail(guard, 100_000, 0);
  expect(guard.mayTry(address, 500)).toBe(false);
  expect(guard.mayTry(address, 1000)).toBe(true);
});

test("an address that is back to normal is forgotten", () => {
  const guard = createGuard();
  guard.admit(address, "socket", 0);
  guard.release(address, "socket", 0);
  expect(guard.count).toBe(0);
  fail(guard, 2, 0);
  guard.sweep(1999);
  expect(guard.count).toBe(1);
  guard.sweep(2000);
  expect(guard.count).toBe(0);
});

test("releasing a socket of an unknown address changes nothing", () => {
  const guard = createGuard();
  guard.release(address, "socket", 0);
  expect(guard.count).toBe(0);
});

test("however many addresses fail, so many are remembered, and those with sockets stay", () => {
  const guard = createGuard();
  guard.admit(address, "socket", 0);
  guard.admit(address, "other socket", 0);
  for (let index = 0; index < addressesMax + 10; index++) {
    guard.countFailure(`10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`, 0);
  }
  expect(guard.count).toBe(addressesMax);
  expect(guard.admit(address, "third socket", 0)).toBe("socket");
});

test.for([
  ["203.0.113.7", "203.0.113.7"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:db8:1:2::9", "2001:db8:1:2::/64"],
  ["2001:db8::9", "2001:db8:0:0::/64"],
  ["::1", "0:0:0:0::/64"],
  ["fe80::1%eth0", "fe80:0:0:0::/64"],
] as const)("%s counts as %s", ([given, group]) => {
  expect(addressGroup(given)).toBe(group);
});

test("one IPv6 host gets no new tries by taking another address of its network", () => {
  const guard = createGuard();
  for (const host of ["1", "2", "3"]) guard.countFailure(`2001:db8:1:2::${host}`, 0);
  expect(guard.mayTry("2001:db8:1:2::4", 0)).toBe(false);
  expect(guard.mayTry("2001:db8:1:3::4", 0)).toBe(true);
});
