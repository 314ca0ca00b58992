import { expect, test } from "vitest";
import { SignInRates } from "../../../broker/edge/sign-in-rates.ts";

const device = "sppg-a.probe";

function createRates(devicesMax = 10): SignInRates {
  return new SignInRates({ burst: 3, perSecond: 2, devicesMax });
}

function signIn(rates: SignInRates, times: number, nowMs: number): void {
  for (let count = 0; count < times; count++) rates.signedIn(device, nowMs);
}

test("a device may be judged until it has signed in as often as it may at once", () => {
  const rates = createRates();
  expect(rates.mayJudge(device, 0)).toBe(true);
  signIn(rates, 2, 0);
  expect(rates.mayJudge(device, 0)).toBe(true);
  signIn(rates, 1, 0);
  expect(rates.mayJudge(device, 0)).toBe(false);
  expect(rates.mayJudge("sppg-a.other", 0)).toBe(true);
});

test("asking costs nothing", () => {
  const rates = createRates();
  signIn(rates, 2, 0);
  for (let asked = 0; asked < 100; asked++) expect(rates.mayJudge(device, 0)).toBe(true);
});

test("a device earns a new sign-in with time, and never owes any", () => {
  const rates = createRates();
  signIn(rates, 50, 0);
  expect(rates.mayJudge(device, 499)).toBe(false);
  expect(rates.mayJudge(device, 500)).toBe(true);
  rates.signedIn(device, 500);
  expect(rates.mayJudge(device, 999)).toBe(false);
  expect(rates.mayJudge(device, 1000)).toBe(true);
});

test("it earns no more than its burst", () => {
  const rates = createRates();
  signIn(rates, 3, 0);
  signIn(rates, 3, 3_600_000);
  expect(rates.mayJudge(device, 3_600_000)).toBe(false);
});

test("a clock that goes back takes nothing away", () => {
  const rates = createRates();
  signIn(rates, 2, 1000);
  expect(rates.mayJudge(device, 0)).toBe(true);
});

test("a device is forgotten when its balance is full, and not before", () => {
  const rates = createRates();
  signIn(rates, 3, 0);
  rates.signedIn("sppg-a.late", 1000);
  rates.sweep(1499);
  expect(rates.count).toBe(2);
  rates.sweep(1500);
  expect(rates.count).toBe(1);
  rates.sweep(2500);
  expect(rates.count).toBe(0);
});

test("only so many devices are remembered: the one that signed in longest ago goes", () => {
  const rates = createRates(2);
  signIn(rates, 3, 0);
  rates.signedIn("sppg-a.second", 0);
  signIn(rates, 1, 0);
  rates.signedIn("sppg-a.third", 0);
  expect(rates.count).toBe(2);
  expect(rates.mayJudge(device, 0)).toBe(false);
  for (let other = 0; other < 100; other++) rates.signedIn(`sppg-a.other-${other}`, 0);
  expect(rates.count).toBe(2);
  expect(rates.mayJudge(device, 0)).toBe(true);
});
