import { expect, test } from "vitest";
import {
  conformancePrincipal,
  devicePrincipal,
  mayPublish,
  mayReceive,
  maySubscribe,
} from "../../../broker/edge/principal.ts";
import { PrincipalIndex } from "../../../broker/edge/principal-index.ts";

const probe = devicePrincipal({ sppgId: "sppg-1", deviceId: "probe-1", codec: null });
const plug = devicePrincipal({ sppgId: "sppg-1", deviceId: "plug-1", codec: "tasmota" });

test("a device is named by its kitchen and id", () => {
  expect(probe).toMatchObject({ name: "sppg-1.probe-1", sppgId: "sppg-1", deviceId: "probe-1" });
});

test.for([
  ["sppg/sppg-1/telemetry/probe-1/temperature", true],
  ["sppg/sppg-1/telemetry/probe-1/child-1/temperature", true],
  ["sppg/sppg-1/telemetry/probe-1/", false],
  ["sppg/sppg-1/telemetry/probe-1", false],
  ["sppg/sppg-1/telemetry/probe-10/temperature", false],
  ["sppg/sppg-1/telemetry/probe-2/temperature", false],
  ["sppg/sppg-10/telemetry/probe-1/temperature", false],
  ["sppg/sppg-1/tasmota/probe-1/SENSOR", false],
  ["sppg/sppg-1/command/probe-1/reboot", false],
  ["sppg/sppg-1/presence/probe-1", false],
  ["sppg/sppg-1/production/temperature", false],
  ["/sppg/sppg-1/telemetry/probe-1/temperature", false],
  ["$SYS/broker/new/clients", false],
] as const)("a probe publishes on %s: %s", ([topicName, isAllowed]) => {
  expect(mayPublish(probe, topicName)).toBe(isAllowed);
});

test("a device with a codec publishes in the codec's tree too", () => {
  expect(mayPublish(plug, "sppg/sppg-1/tasmota/plug-1/SENSOR")).toBe(true);
  expect(mayPublish(plug, "sppg/sppg-1/telemetry/plug-1/temperature")).toBe(true);
  expect(mayPublish(plug, "sppg/sppg-1/owntracks/plug-1/x")).toBe(false);
});

test.for([
  ["sppg/sppg-1/command/probe-1/#", true],
  ["sppg/sppg-1/command/probe-1/+", true],
  ["sppg/sppg-1/command/probe-1/reboot", true],
  ["sppg/sppg-1/command/probe-1/", false],
  ["sppg/sppg-1/command/probe-1", false],
  ["sppg/sppg-1/command/probe-2/#", false],
  ["sppg/sppg-1/command/+/reboot", false],
  ["sppg/sppg-1/+/probe-1/reboot", false],
  ["sppg/+/command/probe-1/reboot", false],
  ["sppg/sppg-1/#", false],
  ["#", false],
  ["+/+", false],
  ["$SYS/#", false],
  ["$share/g/sppg/sppg-1/command/probe-1/#", false],
] as const)("a probe subscribes to %s: %s", ([filter, isAllowed]) => {
  expect(maySubscribe(probe, filter)).toBe(isAllowed);
});

test("whatever a filter has matched, a device receives its own commands only", () => {
  expect(mayReceive(probe, "sppg/sppg-1/command/probe-1/reboot")).toBe(true);
  expect(mayReceive(probe, "sppg/sppg-1/command/probe-2/reboot")).toBe(false);
  expect(mayReceive(probe, "sppg/sppg-1/telemetry/probe-1/temperature")).toBe(false);
});

test.for(["$SYS/x", "$SYS", "$share/g/t", "$nadi/session"])(
  "a conformance client neither publishes on nor subscribes to %s",
  (topicName) => {
    expect(mayPublish(conformancePrincipal, topicName)).toBe(false);
    expect(maySubscribe(conformancePrincipal, topicName)).toBe(false);
  },
);

test("a conformance client does anything else", () => {
  expect(mayPublish(conformancePrincipal, "$SYStem/a")).toBe(true);
  expect(maySubscribe(conformancePrincipal, "#")).toBe(true);
  expect(mayReceive(conformancePrincipal, "a")).toBe(true);
});

test("the index finds connections by device and by kitchen, oldest first", () => {
  const index = new PrincipalIndex<string>();
  index.add("sppg-1", "sppg-1.a", "a1");
  index.add("sppg-1", "sppg-1.b", "b1");
  index.add("sppg-1", "sppg-1.a", "a2");
  index.add("sppg-1", "sppg-1.a", "a1");
  index.add("sppg-2", "sppg-2.a", "c1");
  expect(index.ofPrincipal("sppg-1.a")).toEqual(["a1", "a2"]);
  expect(index.ofKitchen("sppg-1")).toEqual(["a1", "a2", "b1"]);
  expect(index.all()).toEqual(["a1", "a2", "b1", "c1"]);
  index.remove("sppg-1", "sppg-1.a", "a1");
  index.remove("sppg-1", "sppg-1.a", "a1");
  index.remove("sppg-1", "sppg-1.b", "b1");
  index.remove("sppg-9", "sppg-9.x", "x");
  expect(index.ofKitchen("sppg-1")).toEqual(["a2"]);
  index.remove("sppg-1", "sppg-1.a", "a2");
  expect([index.ofKitchen("sppg-1"), index.all()]).toEqual([[], ["c1"]]);
});
