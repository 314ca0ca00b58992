import { expect, test } from "vitest";
import { watchHeard } from "../../../../../dashboard/web/pages/devices/watch-heard.ts";
import { sppgId } from "../../../server/kitchen-api.ts";
import { readingMessage } from "../../realtime/messages.ts";
import { createRealtimeSite, until } from "../../realtime/realtime-site.ts";

test("each device is heard over the live link, also one that no snapshot knows yet", async (t) => {
  const site = await createRealtimeSite(t);
  const watched = watchHeard(site.store, site.page);
  const told = Promise.withResolvers<void>();
  const stop = watched.subscribe(() => {
    if (watched.getSnapshot().size === 2) told.resolve();
  });
  t.onTestFinished(stop);
  site.connection.start();
  await until(site.store.onChange, () => site.store.isLive("production"));
  const beforeMs = Date.now();
  const topicName = `sppg/${sppgId}/production/temperature`;
  site.publish(topicName, readingMessage(1, 3));
  site.publish(topicName, readingMessage(2, 85, { deviceId: "new-1", flags: ["sensorFault"] }));
  await told.promise;
  const heard = watched.getSnapshot();
  expect([...heard.keys()].toSorted()).toEqual(["new-1", "probe-1"]);
  for (const atMs of heard.values()) expect(atMs).toBeGreaterThanOrEqual(beforeMs);
  // The same object until something has changed: nothing is drawn for nothing.
  expect(watched.getSnapshot()).toBe(heard);
});

test("who has left holds no topic and is told nothing", async (t) => {
  const site = await createRealtimeSite(t);
  const watched = watchHeard(site.store, site.page);
  let count = 0;
  const stop = watched.subscribe(() => {
    count += 1;
  });
  site.connection.start();
  await until(site.store.onChange, () => site.store.isLive("production"));
  const topicName = `sppg/${sppgId}/production/temperature`;
  const isHeard = Promise.withResolvers<void>();
  site.store.onReading.add(() => isHeard.resolve());
  site.publish(topicName, readingMessage(1, 3));
  await isHeard.promise;
  stop();
  const { subscriptions } = site.connection;
  await until(subscriptions.onEmpty, () => subscriptions.filters.length === 0);
  expect([count, watched.getSnapshot().size]).toEqual([0, 0]);
});
