import { expect, test } from "vitest";
import { backoffLimits, backoffMs } from "../../../../dashboard/web/realtime/backoff.ts";
import { viewDomain } from "../../../../dashboard/web/realtime/domain-view.ts";
import { ServerClock } from "../../../../dashboard/web/realtime/server-clock.ts";
import { watchDomain } from "../../../../dashboard/web/realtime/watch-domain.ts";
import { formatPosition } from "../../../../devices/index.ts";
import { sppgId } from "../../server/kitchen-api.ts";
import { alertMessage, readingMessage } from "./messages.ts";
import { createRealtimeSite, emptySnapshot, type RealtimeSite, until } from "./realtime-site.ts";

const topicName = `sppg/${sppgId}/production/temperature`;
const alertsTopicName = `sppg/${sppgId}/production/alerts`;

function watchProduction({ store }: RealtimeSite) {
  return watchDomain(store, "production", (state) => viewDomain(state, "production"));
}

async function goLive(site: RealtimeSite): Promise<() => void> {
  const release = site.store.hold("production");
  site.connection.start();
  await until(site.store.onChange, () => site.store.isLive("production"));
  return release;
}

function celsius({ store }: RealtimeSite): number | undefined {
  return store.state.sensors.get("probe-1/0/temperature")?.fields?.["celsius"];
}

test("a page shows its snapshot at once, and is live when its topics are granted", async (t) => {
  const site = await createRealtimeSite(t);
  const watched = watchProduction(site);
  const stop = watched.subscribe(() => undefined);
  expect(watched.getSnapshot()).toEqual({ state: "connecting", data: null });
  await until(site.store.onChange, () => site.store.state.kitchen !== null);
  expect(watched.getSnapshot()).toMatchObject({ state: "connecting", data: { sensors: [] } });
  site.connection.start();
  await until(site.store.onChange, () => watched.getSnapshot().state === "live");
  expect(site.snapshots.asked, "once more, for what came meanwhile").toBe(2);
  expect(watched.getSnapshot(), "the same object until something changes").toBe(
    watched.getSnapshot(),
  );
  stop();
});

test("live values reach the state once a frame, and charts at once", async (t) => {
  const site = await createRealtimeSite(t);
  await goLive(site);
  const heard: number[] = [];
  site.store.onReading.add(({ data }) => heard.push(data.fields["celsius"] ?? 0));
  for (const [offset, value] of [
    [1, 4],
    [2, 5],
    [3, 6],
  ] as const) {
    site.publish(topicName, readingMessage(offset, value));
  }
  await until(site.store.onChange, () => celsius(site) === 6);
  expect(heard).toEqual([4, 5, 6]);
});

test("an alert's message that comes twice counts once", async (t) => {
  const site = await createRealtimeSite(t);
  await goLive(site);
  const acknowledged = { response: "acknowledged" } as const;
  site.publish(alertsTopicName, alertMessage("a", {}, { id: "a.1" }));
  site.publish(alertsTopicName, alertMessage("a", acknowledged, { id: "a.2" }));
  site.publish(alertsTopicName, alertMessage("a", {}, { id: "a.1" }));
  site.publish(topicName, readingMessage(9, 4));
  await until(site.store.onChange, () => celsius(site) === 4);
  expect(site.store.state.alerts.get("a")?.alert.response).toBe("acknowledged");
});

test("after an outage the page is right again by itself: snapshot first, then live", async (t) => {
  const site = await createRealtimeSite(t);
  const watched = watchProduction(site);
  watched.subscribe(() => undefined);
  await goLive(site);
  const asked = site.snapshots.asked;
  const missed = readingMessage(50, 9);
  site.snapshots.answer = async () => ({
    ...emptySnapshot(formatPosition(50)),
    latest: missed.type === "production_update" ? [{ ...missed.data, receivedTimeMs: 1 }] : [],
  });
  // Long enough to see that it is stale.
  site.page.jitter = 0.1;
  site.page.goOffline();
  expect(site.connection.state.phase).toBe("lost");
  expect(watched.getSnapshot()).toMatchObject({ state: "stale" });
  await until(site.store.onChange, () => watched.getSnapshot().state === "live");
  expect(celsius(site)).toBe(9);
  expect(site.snapshots.asked).toBe(asked + 1);
  site.publish(topicName, readingMessage(51, 3));
  await until(site.store.onChange, () => celsius(site) === 3);
});

test("a page that wakes does not wait for its next attempt", async (t) => {
  const site = await createRealtimeSite(t);
  await goLive(site);
  site.page.jitter = 1_000;
  site.page.goOffline();
  expect(site.connection.state.phase).toBe("lost");
  site.page.wake();
  await until(site.connection.onState, () => site.connection.state.phase === "open");
});

test("a session that ends closes the link, and the page says so instead of trying on", async (t) => {
  const site = await createRealtimeSite(t);
  await goLive(site);
  const answer = await site.api.server.inject({
    method: "DELETE",
    url: "/api/session",
    headers: { cookie: site.cookie },
  });
  expect(answer.statusCode).toBe(204);
  await until(site.connection.onState, () => site.connection.state.phase === "signedOut");
});

test("topics that nobody holds any more are given back, and others stay", async (t) => {
  const site = await createRealtimeSite(t);
  const releases = [await goLive(site), site.store.hold("production")];
  const { subscriptions } = site.connection;
  releases[0]?.();
  releases[0]?.();
  expect(subscriptions.filters).toEqual([`sppg/${sppgId}/production/#`]);
  const empty = Promise.withResolvers<void>();
  subscriptions.onEmpty.add(() => empty.resolve());
  releases[1]?.();
  await empty.promise;
  expect(subscriptions.filters).toEqual([]);
});

test("another's kitchen is refused, and said to be not there", async (t) => {
  const site = await createRealtimeSite(t);
  site.connection.start();
  await until(site.connection.onState, () => site.connection.state.phase === "open");
  const refused = Promise.withResolvers<string>();
  const holder = {
    onReady: () => refused.reject(new Error("granted")),
    onRefused: refused.resolve,
  };
  site.connection.subscriptions.hold("sppg/sppg-bandung-009/production/#", holder);
  expect(await refused.promise).not.toBe("");
});

test("waits double up to ten seconds, with full jitter", () => {
  const longest = [0, 1, 2, 3, 4, 5, 60].map((attempt) => backoffMs(attempt, () => 1));
  expect(longest).toEqual([500, 1_000, 2_000, 4_000, 8_000, backoffLimits.mostMs, 10_000]);
  expect(backoffMs(5, () => 0)).toBe(0);
});

test("a screen's wrong clock does not make values old or young", () => {
  const clock = new ServerClock(() => Date.UTC(2026, 0, 1, 5));
  clock.observe("Thu, 01 Jan 2026 08:00:00 GMT");
  expect(clock.nowMs()).toBe(Date.UTC(2026, 0, 1, 8) + 500);
  expect(clock.toPageMs(clock.nowMs())).toBe(Date.UTC(2026, 0, 1, 5));
  expect(clock.toServerMs(Date.UTC(2026, 0, 1, 5))).toBe(clock.nowMs());
  clock.observe("Thu, 01 Jan 2026 05:00:01 GMT");
  expect(clock.nowMs(), "a second is no difference").toBe(Date.UTC(2026, 0, 1, 5));
  clock.observe("yesterday");
  clock.observe(null);
  expect(clock.nowMs()).toBe(Date.UTC(2026, 0, 1, 5));
});
