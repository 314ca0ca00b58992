import { expect, test } from "vitest";
import {
  createAckLog,
  createKitchenWorld,
  identitiesOf,
  startRun,
} from "../../../simulators/index.ts";
import { createTestBroker } from "../../support/broker.ts";
import { fixedPort } from "../../support/nadi-process.ts";
import { TestLogins } from "../../support/test-logins.ts";

const hour = 3_600_000;
const kitchen = { sppgId: "sppg-jakarta-001", timeZone: "Asia/Jakarta" } as const;

function credentials(logins: TestLogins) {
  const { connections } = createKitchenWorld({ seed: 1, ...kitchen });
  return connections.map((id) => {
    const { sppgId, deviceId, username, password } = logins.add(kitchen.sppgId, id);
    return { sppgId, deviceId, clientId: username, username, password };
  });
}

test("an hour of a kitchen arrives whole, the same at any speed", async (t) => {
  const runs = [3000, 9000].map(async (speed) => {
    const broker = await createTestBroker(t);
    const acked = createAckLog();
    const untilMs = Math.floor(Date.now() / hour) * hour - hour;
    const run = startRun({
      host: "127.0.0.1",
      port: broker.port,
      seed: 4,
      speed,
      kitchens: [kitchen],
      credentials: credentials(broker.logins),
      scenario: null,
      fromMs: untilMs - hour,
      untilMs,
      clockShiftMs: 0,
      onAcked: (message) => acked.record(message),
    });
    t.onTestFinished(async () => {
      await run.stop(0);
    });
    await run.finished;
    await run.until(({ pending }) => pending === 0);
    const expected = createKitchenWorld({ seed: 4, ...kitchen })
      .events(untilMs - hour, untilMs)
      .flatMap((event) => (event.kind === "publish" ? identitiesOf(event) : []));
    expect(acked.identities()).toEqual(new Set(expected));
    const stats = await run.stop();
    expect(stats).toMatchObject({ pending: 0, dropped: 0, losses: 0, devices: 14 });
    return [...acked.identities()].toSorted();
  });
  const [slow, fast] = await Promise.all(runs);
  expect(slow).toEqual(fast);
});

test("a live run sends its history first, as arrays with times in the past", async (t) => {
  const broker = await createTestBroker(t);
  const fromMs = Date.now();
  const run = startRun({
    host: "127.0.0.1",
    port: broker.port,
    seed: 1,
    speed: 1,
    kitchens: [kitchen],
    credentials: credentials(broker.logins),
    scenario: null,
    fromMs,
    untilMs: null,
    clockShiftMs: 0,
    historyMs: 6 * hour,
  });
  t.onTestFinished(async () => {
    await run.stop(0);
  });
  await run.until(({ acked, pending }) => acked > 50 && pending === 0);
  const times = broker.journal.published.flatMap(({ topicName, payload }) =>
    identitiesOf({ topicName, payload: Buffer.from(payload).toString() }).map((identity) =>
      Number(identity.split("@")[1]),
    ),
  );
  expect(times.length).toBeGreaterThan(10_000);
  expect(Math.min(...times)).toBeLessThan(fromMs - 5.9 * hour);
  expect(Math.max(...times)).toBeLessThanOrEqual(Date.now());
});

test("nobody at the port is said after the time to wait", async (t) => {
  const run = startRun({
    host: "127.0.0.1",
    port: await fixedPort(),
    seed: 1,
    speed: 1,
    kitchens: [kitchen],
    credentials: credentials(new TestLogins()),
    scenario: null,
    fromMs: Date.now(),
    untilMs: null,
    clockShiftMs: 0,
  });
  t.onTestFinished(async () => {
    await run.stop(0);
  });
  await expect(run.connected(300)).rejects.toMatchObject({
    code: "SIMULATORS_BROKER_UNAVAILABLE",
  });
});
