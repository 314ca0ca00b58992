import { expect, test } from "vitest";
import { createDirectory } from "../../../ingest/decode/directory-cache.ts";
import { createTopicCache, findSeries } from "../../../ingest/decode/topic-cache.ts";
import { deviceOf, registryOf, sppgId } from "./support.ts";

const topicOf = (device: number): string => `sppg/${sppgId}/telemetry/probe-${device}/temperature`;

async function createCache(topicsMax: number) {
  const registry = registryOf([deviceOf({ deviceId: "probe-0" })]);
  const directory = createDirectory(registry);
  await directory.load();
  return { directory, registry, topics: createTopicCache(directory, { topicsMax }) };
}

test("as many topics as a generation holds stay known while they take turns", async () => {
  const { topics } = await createCache(10);
  const devices = Array.from({ length: 10 }, (_, device) => device);
  const first = devices.map((device) => topics.find(topicOf(device)));
  for (let round = 0; round < 3; round += 1) {
    const again = devices.map((device) => topics.find(topicOf(device)));
    expect(again.every((facts, device) => facts === first[device])).toBe(true);
  }
});

test("topics that do not come again are forgotten, those that do are not", async () => {
  const { topics } = await createCache(10);
  const often = topics.find(topicOf(0));
  const once = topics.find(topicOf(1));
  for (let device = 2; device < 100; device += 1) {
    topics.find(topicOf(device));
    expect(topics.find(topicOf(0))).toBe(often);
  }
  expect(topics.find(topicOf(1))).not.toBe(once);
});

test("a kitchen's new time zone is known without forgetting any topic", async () => {
  const { directory, registry, topics } = await createCache(10);
  const before = topics.find(topicOf(0));
  expect(before?.timeZone).toBe("Asia/Jayapura");
  registry.findKitchen = () =>
    Promise.resolve({
      sppgId,
      name: "Dapur",
      timeZone: "Asia/Makassar",
      createdAtMs: 0,
      version: 2,
      latitude: null,
      longitude: null,
    });
  await directory.refresh([sppgId]);
  const after = topics.find(topicOf(0));
  expect(after).toBe(before);
  expect(after?.timeZone).toBe("Asia/Makassar");
});

test("a sensor of a topic has the same names each time, be it the first or not", async () => {
  const { topics } = await createCache(10);
  const facts = topics.find(topicOf(0));
  if (facts === null) throw new Error("It is a device's topic.");
  const sensors = ["0", "1", "2"].map((channel) => ({ channel, reading: "temperature" }) as const);
  const first = sensors.map((sensor) => findSeries(facts, "probe-0", sensor));
  expect(sensors.map((sensor) => findSeries(facts, "probe-0", sensor))).toStrictEqual(first);
  expect(findSeries(facts, "probe-0", { channel: "1", reading: "temperature" })).toBe(first[1]);
  expect(first.map(({ seriesKey }) => seriesKey)).toEqual([
    `${sppgId}/probe-0/0/temperature`,
    `${sppgId}/probe-0/1/temperature`,
    `${sppgId}/probe-0/2/temperature`,
  ]);
});
