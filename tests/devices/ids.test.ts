import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  deviceIdPattern,
  deviceIdSchema,
  formatPrincipal,
  isDeviceId,
  isSppgId,
  parsePrincipal,
  sppgIdPattern,
  sppgIdSchema,
} from "../../devices/ids.ts";

test.for([
  ["sppg-jakarta-001", true],
  ["a-1", true],
  [`a${"b".repeat(62)}c`, true],
  ["0a0", true],
  ["ab", false],
  [`a${"b".repeat(63)}c`, false],
  ["-ab", false],
  ["ab-", false],
  ["Sppg-1", false],
  ["sppg_1", false],
  ["sppg.1", false],
  ["sppg-1\n", false],
  ["", false],
] as const)("a kitchen id %j is valid: %j", ([id, isValid]) => {
  expect(isSppgId(id)).toBe(isValid);
  expect(sppgIdSchema.safeParse(id).success).toBe(isValid);
});

test.for([
  ["probe-1", true],
  ["P", true],
  ["00000566CC39", true],
  ["a_b-C", true],
  ["x".repeat(64), true],
  ["x".repeat(65), false],
  ["", false],
  ["a.b", false],
  ["a/b", false],
  ["a+", false],
  ["#", false],
  ["probe 1", false],
  ["pröbe", false],
  ["probe-1\n", false],
] as const)("a device id %j is valid: %j", ([id, isValid]) => {
  expect(isDeviceId(id)).toBe(isValid);
  expect(deviceIdSchema.safeParse(id).success).toBe(isValid);
});

test("a principal gives back the ids that it was made of", () => {
  const ids = fc.tuple(fc.stringMatching(sppgIdPattern), fc.stringMatching(deviceIdPattern));
  fc.assert(
    fc.property(ids, ([sppgId, deviceId]) => {
      expect(parsePrincipal(formatPrincipal(sppgId, deviceId))).toEqual({ sppgId, deviceId });
    }),
  );
});

test.for([
  "",
  ".",
  "sppg-jakarta-001",
  "sppg-jakarta-001.",
  ".probe-1",
  "sppg-jakarta-001.probe.1",
  "sppg-jakarta-001..probe-1",
  "SPPG-1.probe-1",
  "sppg-jakarta-001.probe 1",
])("%j is no principal", (text) => {
  expect(parsePrincipal(text)).toBeNull();
});
