import fc from "fast-check";
import { expect, test } from "vitest";
import { alertSchema } from "../../../devices/index.ts";
import { crashAnywhere, foldAtOnce, randomJournal } from "./support/replay.ts";

/** A failure prints the seed that makes the same journal again. */
const seeds = fc.integer({ min: 0, max: 2 ** 31 });

test("a restart anywhere, with any rows saved, ends in the same state and the same effects", () => {
  fc.assert(
    fc.property(seeds, (seed) => {
      const journal = randomJournal(seed);
      const expected = foldAtOnce(journal);
      const actual = crashAnywhere(journal, seed);
      expect(actual.state).toEqual(expected.state);
      expect(actual.effects).toEqual(expected.effects);
    }),
    { numRuns: 300 },
  );
});

test("the random journals open alerts of every kind, and people and rules end some", () => {
  const kinds = new Set<string>();
  const endings = new Set<string>();
  for (let seed = 0; seed < 40; seed += 1) {
    for (const text of foldAtOnce(randomJournal(seed)).effects.values()) {
      const key = /"rule":\{"key":"([a-z-]+)"/.exec(text)?.[1];
      if (key !== undefined) kinds.add(key);
      if (text.includes('"isLate":true')) kinds.add("late");
      if (text.includes('"occurrences":2')) kinds.add("joined");
      if (text.includes('"kind":"deadLetter"')) kinds.add("deadLetter");
      const ending = /"clearedBy":"(\w+)"/.exec(text)?.[1];
      if (ending !== undefined) endings.add(ending);
    }
  }
  const wanted = "deadLetter fault gateway-silent joined late limit rising silent".split(" ");
  expect(wanted.filter((kind) => !kinds.has(kind))).toEqual([]);
  expect([...endings].toSorted()).toEqual(["person", "rule", "value"]);
});

test("every alert of the random journals is a message that a page can read", () => {
  const people = {
    response: "unacknowledged",
    acknowledgedAtMs: null,
    acknowledgedBy: null,
    correctiveAction: null,
  };
  for (let seed = 0; seed < 40; seed += 1) {
    for (const text of foldAtOnce(randomJournal(seed)).effects.values()) {
      const effect: unknown = JSON.parse(text);
      if (typeof effect !== "object" || effect === null || !("alert" in effect)) continue;
      const alert = Object.assign({}, effect.alert, people);
      expect(alertSchema.safeParse(alert).error, text).toBeUndefined();
    }
  }
});
