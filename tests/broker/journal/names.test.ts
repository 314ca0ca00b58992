import fc from "fast-check";
import { expect, test } from "vitest";
import { byteWindow } from "../../../broker/journal/crc.ts";
import type { NewEntry } from "../../../broker/journal/journal.ts";
import { NameCache, type NamesPlace } from "../../../broker/journal/names.ts";
import { encodeRecord, namesAhead } from "../../../broker/journal/record.ts";

/** The names' bytes between others, as they stand in a window. */
function place(names: { principal: string; topicName: string }, before = 40) {
  const principal = Buffer.from(names.principal);
  const topic = Buffer.from(names.topicName);
  const bytes = Buffer.concat([Buffer.alloc(before, 7), principal, topic, Buffer.alloc(5, 9)]);
  const topicAt = before + principal.byteLength;
  const where: NamesPlace = { start: before, topicAt, end: topicAt + topic.byteLength };
  return { window: byteWindow(bytes), where };
}

test("the same bytes give the same names, wherever they stand", () => {
  const cache = new NameCache();
  const names = {
    principal: "sppg-a-001.probe-1",
    topicName: "sppg/sppg-a-001/telemetry/probe-1/x",
  };
  const [first, second] = [place(names), place(names, 53)];
  const known = cache.read(first.window, first.where);
  expect(known).toEqual(names);
  expect(cache.read(second.window, second.where)).toBe(known);
});

test("the bytes of a window may change after its names were read", () => {
  const cache = new NameCache();
  const names = {
    principal: "sppg-a-001.probe-1",
    topicName: "sppg/sppg-a-001/telemetry/probe-1/x",
  };
  const { window, where } = place(names);
  cache.read(window, where);
  window.bytes.write("sppg-b", where.start);
  expect(cache.read(window, where).principal).toBe("sppg-b-001.probe-1");
});

test("where the principal ends and the topic begins is part of what is compared", () => {
  const cache = new NameCache();
  const { window, where } = place({ principal: "aaaaaaaaaaaaaaaa", topicName: "aaaaaaaaaaaaaaaa" });
  cache.read(window, where);
  const moved = cache.read(window, { ...where, topicAt: where.topicAt + 1 });
  expect(moved).toEqual({ principal: "a".repeat(17), topicName: "a".repeat(15) });
});

test("any names come back, whatever was read before them", () => {
  // Few letters and equal ends, so that many share a slot; up to beyond what a slot holds.
  const name = fc.oneof(
    fc.string({ unit: fc.constantFrom("a", "b", "/"), maxLength: 150 }),
    fc.string({ unit: "grapheme", maxLength: 30 }),
    fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 9 }).map((it) => `${it}same-end-of-it`),
  );
  const cache = new NameCache();
  const lists = fc.property(
    fc.array(fc.record({ principal: name, topicName: name }), { maxLength: 30 }),
    (all) => {
      for (const names of [...all, ...all]) {
        const { window, where } = place(names);
        expect(cache.read(window, where)).toEqual(names);
      }
    },
  );
  fc.assert(lists, { numRuns: 300 });
});

test("more names than there is room for push each other out and stay right", () => {
  const cache = new NameCache();
  for (let index = 0; index < 30_000; index++) {
    const id = index % 20_000;
    const names = { principal: `sppg-${id}.probe`, topicName: `sppg/sppg-${id}/telemetry/probe/x` };
    const { window, where } = place(names);
    expect(cache.read(window, where).topicName).toBe(names.topicName);
  }
});

test("names that differ in their last bytes alone are told apart, also in one slot", () => {
  const cache = new NameCache();
  // 8 and 31 bytes: the last three are no whole word.
  for (let index = 0; index < 30_000; index++) {
    const topicName = `sppg/sppg-a/telemetry/probe/${index.toString(36).padStart(3, "0")}`;
    const { window, where } = place({ principal: "sppg-a.p", topicName });
    expect(cache.read(window, where).topicName).toBe(topicName);
  }
});

test("a cache that is full forgets what was not met since, and stays right", () => {
  const cache = new NameCache({ namesMax: 100 });
  const read = (id: number) => {
    const names = { principal: `sppg-${id}.probe`, topicName: `sppg/sppg-${id}/telemetry/probe/x` };
    const { window, where } = place(names);
    const known = cache.read(window, where);
    expect(known).toEqual(names);
    return known;
  };
  const met = read(1);
  const once = read(2);
  for (let id = 3; id <= 1_000; id++) {
    read(id);
    expect(read(1)).toBe(met);
  }
  expect(read(2)).not.toBe(once);
});

test("what is asked for ahead is read as it would be without", () => {
  const name = fc.string({ unit: fc.constantFrom("a", "b", "/"), maxLength: 150 });
  const cache = new NameCache({ namesMax: 50 });
  const names = fc.record({ principal: name, topicName: name });
  fc.assert(
    fc.property(names, names, (all, other) => {
      const [first, second] = [place(all), place(other)];
      cache.fetch(first.window, [first.where]);
      expect(cache.read(first.window, first.where)).toEqual(all);
      cache.fetch(second.window, [second.where]);
      expect(cache.read(first.window, first.where)).toEqual(all);
      expect(cache.read(second.window, second.where)).toEqual(other);
    }),
    { numRuns: 300 },
  );
});

test("names ahead are found up to where the window ends, whatever stands behind", () => {
  const window = byteWindow(Buffer.alloc(1_000, 255));
  const publish = (topicName: string): NewEntry => {
    return {
      kind: "publish",
      principal: "sppg-a.p",
      topicName,
      payload: Buffer.from("{}"),
      qos: 1,
    };
  };
  let end = 0;
  for (const entry of [publish("sppg/a"), { kind: "tick" } as const, publish("sppg/bc")]) {
    end += encodeRecord(window, { at: end, receivedTimeMs: 0 }, entry);
  }
  const ahead = namesAhead(window, 0, 64);
  const topics = ahead.places.map(({ topicAt, end }) =>
    window.bytes.toString("utf8", topicAt, end),
  );
  expect(topics).toEqual(["sppg/a", "sppg/bc"]);
  expect(ahead.end).toBe(end);
  expect(namesAhead(window, 0, 1).places).toHaveLength(1);
  const torn = byteWindow(window.bytes.subarray(0, end - 1));
  expect(namesAhead(torn, 0, 64).places).toHaveLength(1);
});
