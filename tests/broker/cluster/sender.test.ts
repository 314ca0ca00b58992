import { expect, test } from "vitest";
import { deviceTrees, planFilters } from "../../../broker/cluster/filters.ts";
import { senderOf } from "../../../broker/cluster/sender.ts";
import { topicMatches } from "../../../broker/edge/topic-rules.ts";
import { codecNames } from "../../../devices/index.ts";

test.each([
  ["sppg/sppg-a/telemetry/probe-1/temperature", "sppg-a.probe-1"],
  ["sppg/sppg-a/telemetry/gw/child/temperature", "sppg-a.gw"],
  ["sppg/sppg-a/tasmota/plug-1/tele/SENSOR", "sppg-a.plug-1"],
  // A device's own, though nothing we know: its dead letter, as from the embedded broker.
  ["sppg/sppg-a/telemetry/probe-1/a/b/c/d", "sppg-a.probe-1"],
  ["sppg/sppg-a/telemetry/probe-1/bad reading", "sppg-a.probe-1"],
])("%s is the topic of %s", (topicName, principal) => {
  expect(senderOf(topicName)).toBe(principal);
});

test.each([
  "sppg/sppg-a/telemetry",
  "sppg/sppg-a/telemetry/probe-1",
  "sppg/sppg-a/telemetry/probe 1/temperature",
  "sppg/Sppg-A/telemetry/probe-1/temperature",
  "sppg/../telemetry/probe-1/temperature",
  "sppg/sppg-a/production/probe-1/temperature",
  "sppg/sppg-a/command/probe-1/blink",
  "sppg/sppg-a/telemetry/probe-1/a/b/c/d/e",
  "sppg/sppg-a/telemetry/probe-1/+",
  "sppg/sppg-a/telemetry/probe-1/temp\u0000erature",
  `sppg/sppg-a/telemetry/probe-1/${"x".repeat(2_000)}`,
  "other/sppg-a/telemetry/probe-1/temperature",
])("%j is nobody's", (topicName) => {
  expect(senderOf(topicName)).toBe(null);
});

test("each tree that devices publish in has a filter, and no other topic is subscribed to", () => {
  expect(deviceTrees).toEqual(["telemetry", ...codecNames]);
  const { wanted, unwanted } = planFilters(true);
  expect(wanted).toEqual(deviceTrees.map((tree) => `$share/nadi/sppg/+/${tree}/#`));
  expect(planFilters(false)).toEqual({ wanted: unwanted, unwanted: wanted });
  for (const topicName of ["sppg/a/production/status", "sppg/a/presence/b", "sppg/a/command/b/c"]) {
    expect(unwanted.filter((filter) => topicMatches(filter, topicName))).toEqual([]);
  }
});
