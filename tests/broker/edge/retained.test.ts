import * as fc from "fast-check";
import { expect, test } from "vitest";
import { RetainedMessages } from "../../../broker/edge/retained.ts";
import { matchesByTheBook, topicFilters, topicNames } from "./topic-cases.ts";

function createRetained(
  limits: { messagesMax?: number; bytesMax?: number } = {},
): RetainedMessages {
  return new RetainedMessages({ messagesMax: 1000, bytesMax: 100_000, ...limits });
}

function retain(retained: RetainedMessages, topicName: string, text: string): boolean {
  return retained.store({ topicName, payload: Buffer.from(text), qos: 1 });
}

test("a message is replaced by the next on its topic, and removed by an empty one", () => {
  const retained = createRetained();
  retain(retained, "a/b", "one");
  retain(retained, "a/b", "three");
  expect(retained.get("a/b")).toMatchObject({ payload: Buffer.from("three"), qos: 1 });
  expect([retained.count, retained.bytes]).toEqual([1, 8]);
  expect(retain(retained, "a/b", "")).toBe(true);
  expect(retained.get("a/b")).toBeNull();
  expect([retained.count, retained.bytes, retained.isEmpty]).toEqual([0, 0, true]);
});

test("an empty message on a topic without one changes nothing", () => {
  const retained = createRetained();
  retain(retained, "a/b/c", "x");
  retain(retained, "a/b", "");
  retain(retained, "a/b/c/d", "");
  retain(retained, "z", "");
  expect([retained.count, retained.bytes]).toEqual([1, 6]);
});

test("removing a message keeps those above and below it", () => {
  const retained = createRetained();
  for (const topicName of ["a", "a/b", "a/b/c"]) retain(retained, topicName, "x");
  retain(retained, "a/b", "");
  expect(retained.match("#").map(({ topicName }) => topicName)).toEqual(["a", "a/b/c"]);
});

test("a payload is copied, so that its chunk can go", () => {
  const retained = createRetained();
  const chunk = Buffer.from("now");
  retained.store({ topicName: "a", payload: chunk, qos: 0 });
  chunk.fill(0);
  expect(retained.get("a")?.payload.toString()).toBe("now");
});

test("beyond the number of messages a new topic finds no room, and an old one is replaced", () => {
  const retained = createRetained({ messagesMax: 2 });
  expect([retain(retained, "a", "1"), retain(retained, "b", "2")]).toEqual([true, true]);
  expect(retain(retained, "c", "3")).toBe(false);
  expect(retain(retained, "a", "4")).toBe(true);
  retain(retained, "b", "");
  expect(retain(retained, "c", "3")).toBe(true);
  expect(retained.count).toBe(2);
});

test("beyond the bytes nothing is stored, and freed bytes count again", () => {
  const retained = createRetained({ bytesMax: 10 });
  expect(retain(retained, "a", "x".repeat(9))).toBe(true);
  expect(retain(retained, "b", "x")).toBe(false);
  expect(retain(retained, "a", "x".repeat(7))).toBe(true);
  expect(retain(retained, "b", "x")).toBe(true);
  expect(retained.bytes).toBe(10);
});

test("a message whose replacement finds no room is gone: it is not true any more", () => {
  const retained = createRetained({ bytesMax: 10 });
  retain(retained, "a", "online");
  expect(retain(retained, "a", "x".repeat(10))).toBe(false);
  expect(retained.get("a")).toBeNull();
  expect([retained.count, retained.bytes, retained.isEmpty]).toEqual([0, 0, true]);
});

test("a refused new topic leaves no levels behind", () => {
  const retained = createRetained({ messagesMax: 0 });
  expect(retain(retained, "a/b/c", "x")).toBe(false);
  expect(retained.isEmpty).toBe(true);
});

const stored = fc.array(fc.tuple(topicNames, fc.nat(3)), { maxLength: 30 });

test("any filter finds what the standard's rules say, each once, and counts stay true", () => {
  fc.assert(
    fc.property(stored, topicFilters, (messages, filter) => {
      const retained = createRetained();
      const expected = new Map<string, number>();
      for (const [topicName, payloadBytes] of messages) {
        retain(retained, topicName, "x".repeat(payloadBytes));
        if (payloadBytes === 0) expected.delete(topicName);
        else expected.set(topicName, payloadBytes);
      }
      const matching = [...expected.keys()].filter((name) => matchesByTheBook(filter, name));
      const found = retained.match(filter).map(({ topicName }) => topicName);
      expect(found.toSorted()).toEqual(matching.toSorted());
      expect(retained.count).toBe(expected.size);
      const sizes = [...expected].map(([name, payloadBytes]) => name.length + payloadBytes);
      expect(retained.bytes).toBe(sizes.reduce((sum, size) => sum + size, 0));
    }),
    { numRuns: 1000 },
  );
});
