import { expect, test } from "vitest";
import { jsonLimits, parseJson } from "../../../devices/codecs/json.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
const withKeys = (count: number) =>
  JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, index) => [index, 0])));
const withItems = (count: number) => JSON.stringify(Array.from({ length: count }, () => 0));
const ofLength = (count: number) => `"${"a".repeat(count - 2)}"`;

test.for([
  ["bytes", ofLength(jsonLimits.payloadBytesMax)],
  ["levels", nested(jsonLimits.depthMax)],
  ["keys", withKeys(jsonLimits.keysMax)],
  ["items", withItems(jsonLimits.itemsMax)],
] as const)("as many %s as allowed are read", ([, text]) => {
  expect(parseJson(bytes(text))).toEqual({ ok: true, value: JSON.parse(text) });
});

test.for([
  ["byte", ofLength(jsonLimits.payloadBytesMax + 1), "DEVICES_PAYLOAD_TOO_LARGE"],
  ["level", nested(jsonLimits.depthMax + 1), "DEVICES_PAYLOAD_TOO_DEEP"],
  ["key", withKeys(jsonLimits.keysMax + 1), "DEVICES_PAYLOAD_TOO_MANY_KEYS"],
  ["item", withItems(jsonLimits.itemsMax + 1), "DEVICES_PAYLOAD_TOO_MANY_ITEMS"],
] as const)("one %s more is refused", ([, text, reason]) => {
  expect(parseJson(bytes(text))).toMatchObject({ ok: false, reason });
});

test("nesting as deep as the largest payload allows does not exhaust the stack", () => {
  const text = nested(jsonLimits.payloadBytesMax / 2);
  expect(parseJson(bytes(text))).toMatchObject({ reason: "DEVICES_PAYLOAD_TOO_DEEP" });
});

test("limits hold below the first level too", () => {
  const text = `{"a":[${withKeys(jsonLimits.keysMax + 1)}]}`;
  expect(parseJson(bytes(text))).toMatchObject({ reason: "DEVICES_PAYLOAD_TOO_MANY_KEYS" });
});

test.for([
  [0xff],
  [0x22, 0xc3, 0x22],
  // A surrogate, and a slash in two bytes.
  [0x22, 0xed, 0xa0, 0x80, 0x22],
  [0x22, 0xc0, 0xaf, 0x22],
])("the bytes %j are not UTF-8 and refused", (payload) => {
  expect(parseJson(Uint8Array.from(payload))).toMatchObject({
    reason: "DEVICES_PAYLOAD_NOT_UTF8",
  });
});
