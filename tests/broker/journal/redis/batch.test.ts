import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { JournalEntry, NewEntry } from "../../../../broker/journal/journal.ts";
import { NameCache } from "../../../../broker/journal/names.ts";
import { BatchWriter, decodeBatch } from "../../../../broker/journal/redis/batch.ts";

const name = fc.string({ unit: "binary", maxLength: 40 });
const entries: fc.Arbitrary<NewEntry> = fc.oneof(
  fc.record({
    kind: fc.constant("publish" as const),
    principal: name,
    topicName: name,
    payload: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    qos: fc.constantFrom(0 as const, 1 as const, 2 as const),
  }),
  fc.record({ kind: fc.constant("change" as const), changeSeq: fc.maxSafeNat() }),
  fc.record({ kind: fc.constant("tick" as const) }),
);

const names = new NameCache();

function write(given: readonly NewEntry[]): Buffer {
  const writer = new BatchWriter();
  for (const entry of given) writer.add(entry);
  return Buffer.from(writer.end());
}

function decode(bytes: Buffer, batch: { clockStepMs: number; changeSeq: number }, from = 0) {
  const found: JournalEntry[] = [];
  const stored = { lastOffset: 1_000, receivedTimeMs: 5, bytes, ...batch };
  const end = decodeBatch(stored, { fromOffset: from, names }, (entry) => {
    found.push(entry);
    return true;
  });
  return { found, end };
}

test("every entry comes back as it was given, with consecutive offsets up to the batch's", () => {
  fc.assert(
    fc.property(fc.array(entries, { minLength: 1, maxLength: 30 }), (given) => {
      const { found, end } = decode(write(given), { clockStepMs: 0, changeSeq: 0 });
      expect(end).toBeNull();
      const first = 1_000 - given.length + 1;
      expect(found).toEqual(
        given.map((entry, at) => ({ ...entry, offset: first + at, receivedTimeMs: 5 })),
      );
    }),
  );
});

test("a step of the clock and a change stand before the entries, at offsets of their own", () => {
  const bytes = write([{ kind: "tick" }]);
  const { found } = decode(bytes, { clockStepMs: -7, changeSeq: 9 });
  const receivedTimeMs = 5;
  expect(found).toEqual([
    { kind: "clock", stepMs: -7, offset: 998, receivedTimeMs },
    { kind: "change", changeSeq: 9, offset: 999, receivedTimeMs },
    { kind: "tick", offset: 1_000, receivedTimeMs },
  ]);
  expect(decode(bytes, { clockStepMs: -7, changeSeq: 9 }, 999).found).toEqual(found.slice(1));
});

test("one flipped bit anywhere is found", () => {
  const bytes = write([{ kind: "change", changeSeq: 3 }, { kind: "tick" }]);
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const flipped = Buffer.from(bytes);
    flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
    expect(decode(flipped, { clockStepMs: 0, changeSeq: 0 })).toEqual({
      found: [],
      end: "damaged",
    });
  }
  expect(decode(Buffer.alloc(3), { clockStepMs: 0, changeSeq: 0 }).end).toBe("damaged");
});

test("of a damaged batch the step and the change before it are given, and nothing else", () => {
  const bytes = write([{ kind: "tick" }, { kind: "tick" }]).fill(0, 4);
  const both = { clockStepMs: -7, changeSeq: 9 };
  const receivedTimeMs = 5;
  const found = [
    { kind: "clock", stepMs: -7, offset: 999, receivedTimeMs },
    { kind: "change", changeSeq: 9, offset: 1_000, receivedTimeMs },
  ];
  expect(decode(bytes, both)).toEqual({ found, end: "damaged" });
  expect(decode(bytes, both, 1_000)).toEqual({ found: found.slice(1), end: "damaged" });
});
