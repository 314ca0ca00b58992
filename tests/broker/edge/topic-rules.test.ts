import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  isTopicFilter,
  isTopicName,
  topicBytesMax,
  topicLevelsMax,
  topicMatches,
} from "../../../broker/edge/topic-rules.ts";
import { matchesByTheBook, topicFilters, topicNames } from "./topic-cases.ts";

test.for([
  ["sport/tennis/player1/#", "sport/tennis/player1", true],
  ["sport/tennis/player1/#", "sport/tennis/player1/ranking", true],
  ["sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true],
  ["sport/tennis/player1/#", "sport/tennis/player10", false],
  ["sport/#", "sport", true],
  ["#", "sport", true],
  ["#", "/", true],
  ["sport/tennis/+", "sport/tennis/player1", true],
  ["sport/tennis/+", "sport/tennis/player1/ranking", false],
  ["sport/+", "sport", false],
  ["sport/+", "sport/", true],
  ["+", "/finance", false],
  ["/+", "/finance", true],
  ["+/+", "/finance", true],
  ["+/tennis/#", "sport/tennis", true],
  ["a//b", "a//b", true],
  ["a/+/b", "a//b", true],
  ["a/b", "a//b", false],
  ["a", "A", false],
  ["/a", "a", false],
  ["a/", "a", false],
  ["#", "$SYS/monitor", false],
  ["+/monitor", "$SYS/monitor", false],
  ["$SYS/#", "$SYS/monitor", true],
  ["$SYS/+", "$SYS/monitor", true],
  ["a/#", "a/$b", true],
  ["+/$b", "a/$b", true],
] as const)("%s on %s: %s", ([filter, topicName, matches]) => {
  expect(topicMatches(filter, topicName)).toBe(matches);
  expect(matchesByTheBook(filter, topicName)).toBe(matches);
});

test("any filter matches what the standard's rules say", () => {
  fc.assert(
    fc.property(topicFilters, topicNames, (filter, topicName) => {
      expect(topicMatches(filter, topicName)).toBe(matchesByTheBook(filter, topicName));
    }),
    { numRuns: 3000 },
  );
});

test.for(["a", "/", "//", "a b", "$SYS", "é/🍚", "a".repeat(topicBytesMax)])(
  "%s is a topic name, and a filter",
  (topicName) => {
    expect(isTopicName(topicName)).toBe(true);
    expect(isTopicFilter(topicName)).toBe(true);
  },
);

test.for(["", "a+", "+a", "a#", "#/a", "a/#/b", "a/+b", "a/b+/c", "##", "++", "+#", "a/##"])(
  "%j is neither a topic name nor a filter",
  (text) => {
    expect(isTopicName(text)).toBe(false);
    expect(isTopicFilter(text)).toBe(false);
  },
);

test.for(["#", "+", "+/+", "/#", "/+", "+/#", "a/+/b", "a/+/#", "$SYS/#", "a//#"])(
  "%s is a filter and no topic name",
  (filter) => {
    expect(isTopicFilter(filter)).toBe(true);
    expect(isTopicName(filter)).toBe(false);
  },
);

test("levels and bytes are bounded, and bytes are counted as UTF-8", () => {
  const deepest = "a/".repeat(topicLevelsMax - 1) + "a";
  const longest = "a" + "あ".repeat((topicBytesMax - 1) / 3);
  for (const isValid of [isTopicName, isTopicFilter]) {
    expect(isValid(deepest)).toBe(true);
    expect(isValid(`${deepest}/`)).toBe(false);
    expect(isValid("a".repeat(topicBytesMax))).toBe(true);
    expect(isValid("a".repeat(topicBytesMax + 1))).toBe(false);
    expect(isValid(longest)).toBe(true);
    expect(isValid(`${longest}a`)).toBe(false);
  }
});
