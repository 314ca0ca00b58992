import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  alertAddress,
  channelToTopic,
  documentIdPattern,
  formatChannel,
  formatRealtimeTopic,
  liveAddress,
  parseChannel,
  parseRealtimeTopic,
  realtimeTypes,
  topicToChannel,
} from "../../devices/channels.ts";
import { sppgIdPattern } from "../../devices/ids.ts";
import { devicePlaces } from "../../devices/registry/model.ts";

test.for([
  ["sppg/sppg-jakarta-001/inventory/alerts", "sppg-jakarta-001:inventory:alerts"],
  ["sppg/sppg-jakarta-001/production/temperature", "sppg-jakarta-001:production:temperature"],
  ["sppg/sppg-jakarta-001/distribution/tracking", "sppg-jakarta-001:distribution:tracking"],
  ["sppg/sppg-jakarta-001/collaboration/menu_42", "sppg-jakarta-001:collaboration:menu_42"],
  ["sppg/sppg-jakarta-001/notifications/all", "sppg-jakarta-001:notifications:all"],
] as const)("%s is the channel %s", ([topicName, channel]) => {
  expect(topicToChannel(topicName)).toBe(channel);
  expect(channelToTopic(channel)).toBe(topicName);
});

test("each domain has the types that the design names", () => {
  expect(realtimeTypes).toEqual({
    production: ["status", "temperature", "alerts", "tasks", "throughput"],
    distribution: ["tracking", "deliveries", "eta", "temperature", "alerts"],
    inventory: ["stock", "alerts", "procurement", "usage"],
    notifications: ["all"],
  });
});

test("every address survives both spellings", () => {
  const pairs = Object.entries(realtimeTypes).flatMap(([domain, types]) =>
    types.map((type) => ({ domain, type: type as string })),
  );
  const parts = fc.oneof(
    fc.constantFrom(...pairs),
    fc.record({
      domain: fc.constant("collaboration"),
      type: fc.stringMatching(documentIdPattern),
    }),
  );
  fc.assert(
    fc.property(fc.stringMatching(sppgIdPattern), parts, (sppgId, { domain, type }) => {
      const topicName = `sppg/${sppgId}/${domain}/${type}`;
      const address = parseRealtimeTopic(topicName);
      expect(address).toEqual({ sppgId, domain, type });
      if (address === null) return;
      expect(formatRealtimeTopic(address)).toBe(topicName);
      expect(parseChannel(formatChannel(address))).toEqual(address);
      expect(channelToTopic(formatChannel(address))).toBe(topicName);
    }),
  );
});

test.for([
  "",
  "sppg",
  "sppg/sppg-jakarta-001/inventory",
  "sppg/sppg-jakarta-001/inventory/",
  "sppg/sppg-jakarta-001/inventory/tracking",
  "sppg/sppg-jakarta-001/inventory/alerts/x",
  "sppg/sppg-jakarta-001/inventory/+",
  "sppg/sppg-jakarta-001/kitchen/alerts",
  "sppg/sppg-jakarta-001/constructor/name",
  "sppg/sppg-jakarta-001/telemetry/probe-1",
  "sppg/sppg-jakarta-001/collaboration/a:b",
  "sppg/X/inventory/alerts",
  "/sppg/sppg-jakarta-001/inventory/alerts",
  "nadi/sppg-jakarta-001/inventory/alerts",
])("%j is no realtime topic", (topicName) => {
  expect(topicToChannel(topicName)).toBeNull();
});

test.for([
  "",
  "sppg-jakarta-001:inventory",
  "sppg-jakarta-001:inventory:alerts:x",
  "sppg-jakarta-001:__proto__:alerts",
  "sppg-jakarta-001:collaboration:a/b",
  "x:inventory:alerts",
])("%j is no channel", (channel) => {
  expect(channelToTopic(channel)).toBeNull();
});

test.for([
  ["cooking", "production/temperature"],
  ["hotHolding", "production/temperature"],
  ["coldStore", "production/temperature"],
  ["freezer", "production/temperature"],
  ["dryStore", "production/temperature"],
  ["deliveryBox", "distribution/temperature"],
  ["vehicle", "distribution/tracking"],
  ["stockScale", "inventory/stock"],
] as const)("a device placed at %s shows on %s", ([place, shown]) => {
  expect(formatRealtimeTopic(liveAddress("sppg-1", place))).toBe(`sppg/sppg-1/${shown}`);
});

test("the alerts about every place are realtime topics in the domain of its live values", () => {
  for (const place of devicePlaces) {
    const topicName = formatRealtimeTopic(alertAddress("sppg-1", place));
    expect(topicName).toBe(`sppg/sppg-1/${liveAddress("sppg-1", place).domain}/alerts`);
    expect(parseRealtimeTopic(topicName)).not.toBeNull();
  }
});
