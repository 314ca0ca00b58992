import { expect, test } from "vitest";
import { connectionsInMemory } from "../../broker/memory-room.ts";

const mebibyte = 2 ** 20;

test("a control group with little memory allows few connections, and never none", () => {
  expect(connectionsInMemory(64 * mebibyte)).toBe(64);
  expect(connectionsInMemory(256 * mebibyte)).toBe(1_024);
  expect(connectionsInMemory(1_024 * mebibyte)).toBeGreaterThan(20_000);
});

test("where the system sets no limit memory allows any number of connections", () => {
  expect(connectionsInMemory(0)).toBe(Infinity);
  expect(connectionsInMemory(18_446_744_073_709_552_000)).toBe(Infinity);
});
