import * as fc from "fast-check";
import { expect, test } from "vitest";
import { deviceIdPattern, sppgIdPattern } from "../../devices/ids.ts";
import { codecNames } from "../../devices/registry/model.ts";
import {
  commandTopicPrefix,
  deviceTreePrefix,
  parseDeviceTopic,
  presenceTopic,
  telemetryTopic,
  topicWords,
} from "../../devices/topics.ts";

test("no word at the third level of a topic has two meanings", () => {
  const words = Object.values(topicWords).flat();
  expect(new Set(words).size).toBe(words.length);
  expect(words).toEqual(
    expect.arrayContaining(["production", "telemetry", "command", "presence", ...codecNames]),
  );
});

test("a telemetry topic gives back what it was made of, with and without a child", () => {
  const id = fc.stringMatching(deviceIdPattern);
  fc.assert(
    fc.property(
      fc.record(
        { sppgId: fc.stringMatching(sppgIdPattern), deviceId: id, childId: id },
        { requiredKeys: ["sppgId", "deviceId"] },
      ),
      id,
      (ids, reading) => {
        const { sppgId, deviceId, childId } = ids;
        const rest = childId === undefined ? [reading] : [childId, reading];
        const topicName = telemetryTopic(
          childId === undefined ? { sppgId, deviceId } : { sppgId, deviceId, childId },
          reading,
        );
        const parsed = parseDeviceTopic(topicName);
        expect(parsed).toEqual({ sppgId, tree: "telemetry", deviceId, rest, reading });
        expect(topicName.startsWith(deviceTreePrefix(sppgId, "telemetry", deviceId))).toBe(true);
      },
    ),
  );
});

test.for([
  ["sppg/sppg-1/tasmota/plug-1/tele/SENSOR", "tasmota", ["tele", "SENSOR"]],
  ["sppg/sppg-1/owntracks/phone-1/location", "owntracks", ["location"]],
  ["sppg/sppg-1/owntracks/phone-1/me/event", "owntracks", ["me", "event"]],
  ["sppg/sppg-1/traccar/server-1/positions", "traccar", ["positions"]],
  ["sppg/sppg-1/tasmota/gateway-1/a/b/c/SENSOR", "tasmota", ["a", "b", "c", "SENSOR"]],
  ["sppg/sppg-1/tasmota/gateway-1//SENSOR", "tasmota", ["", "SENSOR"]],
] as const)("%s lies in the tree of %s", ([topicName, tree, rest]) => {
  expect(parseDeviceTopic(topicName)).toMatchObject({ tree, rest, reading: null });
});

test("an unknown reading is let through, so that its device gets a dead letter", () => {
  expect(parseDeviceTopic("sppg/sppg-1/telemetry/probe-1/ph")).toMatchObject({ reading: "ph" });
});

test.for([
  "",
  "sppg",
  "sppg/sppg-1/telemetry",
  "sppg/sppg-1/telemetry/probe-1",
  "sppg/sppg-1/telemetry/probe-1/",
  "sppg/sppg-1/telemetry/probe-1/a/b/c",
  "sppg/sppg-1/telemetry//temperature",
  "sppg/sppg-1/telemetry/probe-1/+",
  "sppg/sppg-1/telemetry/probe-1/temperature\n",
  "sppg/sppg-1/telemetry/probe.1/temperature",
  "sppg/SPPG-1/telemetry/probe-1/temperature",
  "sppg/sppg-1/command/probe-1/reboot",
  "sppg/sppg-1/presence/probe-1",
  "sppg/sppg-1/production/temperature",
  "sppg/sppg-1/shelly/probe-1/events",
  "sppg/sppg-1/constructor/probe-1/x",
  "sppg/sppg-1/tasmota",
  "sppg/sppg-1/owntracks/phone-1",
  "sppg/sppg-1/tasmota/plug 1/SENSOR",
  "sppg/sppg-1/tasmota/plug-1/#",
  "sppg/sppg-1/tasmota/plug-1/a/b/c/d/e",
  "/sppg/sppg-1/telemetry/probe-1/temperature",
  "$SYS/broker/clients",
])("%j is no topic that a device publishes on", (topicName) => {
  expect(parseDeviceTopic(topicName)).toBeNull();
});

test("the topics that the broker and the API write name kitchen and device", () => {
  expect(commandTopicPrefix("sppg-1", "oven-1")).toBe("sppg/sppg-1/command/oven-1/");
  expect(presenceTopic("sppg-1", "oven-1")).toBe("sppg/sppg-1/presence/oven-1");
});
