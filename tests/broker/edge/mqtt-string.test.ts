import * as fc from "fast-check";
import { expect, test } from "vitest";
import { decodeMqttString } from "../../../broker/edge/mqtt-string.ts";

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
// oxlint-disable-next-line no-control-regex -- the characters that must be refused
const controls = /[\u0000-\u001f\u007f-\u009f]/;

/** The platform's own decoder, and the rule on control characters, at their plainest. */
function reference(bytes: Uint8Array): string | null {
  try {
    const text = strict.decode(bytes);
    return controls.test(text) ? null : text;
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
}

/** Bytes that are mostly parts of UTF-8 sequences, so that many are almost valid. */
const nearUtf8 = fc
  .array(
    fc.oneof(
      fc.string({ unit: "binary", minLength: 1, maxLength: 3 }).map((text) => Buffer.from(text)),
      fc
        .constantFrom("c0af", "e282", "eda080", "f4908080", "80", "c2", "efbbbf", "efbfbe", "c29f")
        .map((hex) => Buffer.from(hex, "hex")),
      fc.uint8Array({ maxLength: 4 }).map((values) => Buffer.from(values)),
    ),
    { maxLength: 6 },
  )
  .map((parts) => Buffer.concat(parts));

test("it decodes as the platform's strict decoder does, wherever the bytes stand", () => {
  fc.assert(
    fc.property(nearUtf8, fc.nat(3), fc.nat(3), (bytes, before, after) => {
      const around = Buffer.concat([Buffer.alloc(before, 0xff), bytes, Buffer.alloc(after, 0x80)]);
      const decoded = decodeMqttString(around, before, before + bytes.length);
      expect(decoded).toBe(reference(bytes));
    }),
    { numRuns: 3000 },
  );
});

test.for([
  ["U+FEFF at the start", "\ufeffa"],
  ["U+FEFF alone", "\ufeff"],
  ["the last character", "\u{10ffff}"],
  ["a noncharacter", "a\ufffeb\ufdd0"],
  ["the replacement character itself", "\ufffd"],
  ["the first character after the controls", "\u00a0"],
  ["Indonesian and emoji", "dapur-sekolah 🍚"],
  ["nothing", ""],
])("%s is kept", ([, text = ""]) => {
  const bytes = Buffer.from(text);
  expect(decodeMqttString(bytes, 0, bytes.length)).toBe(text);
});

test.for([
  ["U+0000", [0]],
  ["a tab", [9]],
  ["DEL", [0x7f]],
  ["U+0080", [0xc2, 0x80]],
  ["U+009F behind ASCII", [0x61, 0xc2, 0x9f]],
  ["U+0000 in two bytes", [0xc0, 0x80]],
  ["a lone surrogate", [0xed, 0xbf, 0xbf]],
  ["a pair of surrogates", [0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80]],
  ["a sequence that is cut", [0xe2, 0x82]],
] as const)("%s is refused", ([, values]) => {
  expect(decodeMqttString(Buffer.from(values), 0, values.length)).toBeNull();
});
