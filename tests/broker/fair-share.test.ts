import { expect, test, vi } from "vitest";
import { createTestBroker, settle } from "../support/broker.ts";
import { packets } from "../support/mqtt-wire.ts";

const topicName = (deviceId: string): string => `sppg/sppg-a/telemetry/${deviceId}/temperature`;

function publishes(deviceId: string, count: number): Buffer[] {
  return Array.from({ length: count }, (_, index) =>
    packets.publish({
      topicName: topicName(deviceId),
      payload: "x",
      qos: 1,
      messageId: index + 1,
    }),
  );
}

test("one that floods has little under way beside a neighbour, and all of it arrives", async (t) => {
  // The edge forgets who took much by this timer; here it is one moment.
  vi.useFakeTimers({ toFake: ["setInterval"] });
  t.onTestFinished(() => void vi.useRealTimers());
  const { logins, signIn, journal } = await createTestBroker(t);
  const neighbour = await signIn(logins.add("sppg-a", "neighbour"));
  const flooder = await signIn(logins.add("sppg-a", "flooder"));
  neighbour.send(...publishes("neighbour", 1));
  await neighbour.next("puback");
  journal.hold();
  flooder.send(...publishes("flooder", 400));
  await journal.appended(1 + 128);
  await settle(neighbour);
  expect(journal.pending).toBe(128);
  journal.release(128);
  await journal.appended(1 + 128 + 16);
  await settle(neighbour);
  expect(journal.pending).toBe(16);
  journal.release();
  for (let messageId = 1; messageId <= 400; messageId += 1) {
    expect((await flooder.next("puback")).messageId).toBe(messageId);
  }
});

test("the only one that sends has all under way", async (t) => {
  vi.useFakeTimers({ toFake: ["setInterval"] });
  t.onTestFinished(() => void vi.useRealTimers());
  const { logins, signIn, journal } = await createTestBroker(t);
  const silent = await signIn(logins.add("sppg-a", "silent"));
  const gateway = await signIn(logins.add("sppg-a", "gateway"));
  journal.hold();
  gateway.send(...publishes("gateway", 400));
  for (const round of [1, 2]) {
    await journal.appended(round * 128);
    await settle(silent);
    expect(journal.pending).toBe(128);
    journal.release(128);
  }
  journal.release();
});
