import { expect, test } from "vitest";
import {
  formatKitchenPlace,
  parseKitchenPlace,
} from "../../../../../dashboard/web/pages/admin/kitchen-place.ts";

test("what a map copies is a kitchen's place, and is shown as it is read", () => {
  const monas = { latitude: -6.1754, longitude: 106.8272 };
  for (const text of ["-6.1754, 106.8272", " -6.1754 106.8272 ", "\u22126.1754;106.8272"]) {
    expect(parseKitchenPlace(text)).toEqual(monas);
  }
  expect(parseKitchenPlace(formatKitchenPlace(monas))).toEqual(monas);
});

test("an empty field takes the place away", () => {
  const nowhere = { latitude: null, longitude: null };
  expect(parseKitchenPlace("  ")).toEqual(nowhere);
  expect(formatKitchenPlace(nowhere)).toBe("");
});

test("what is no place on earth is refused", () => {
  const wrong = ["-6.1754", "106.8272, -6.1754, 3", "91, 10", "10, 181", "0, 0", "6° S, 106° E"];
  for (const text of wrong) expect(parseKitchenPlace(text), text).toBeUndefined();
  // Decimal commas leave open where the first number ends.
  expect(parseKitchenPlace("-6,1754, 106,8272")).toBeUndefined();
});
