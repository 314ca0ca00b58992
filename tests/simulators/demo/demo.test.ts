import path from "node:path";
import { expect, test } from "vitest";
import { type Demo, identitiesOf, startDemo } from "../../../simulators/index.ts";

import { createTestBroker } from "../../support/broker.ts";
import { createRegistry, loginsOf } from "./registry.ts";

/** Waits until the demo's own statistics fit. */
async function until(demo: Demo, fits: (stats: { acked: number; pending: number }) => boolean) {
  for (;;) {
    const stats = await demo.stats();
    if (fits(stats)) return stats;
  }
}

test("the demo fills the last hours within seconds, from a process of its own", async (t) => {
  const { registry, file } = await createRegistry(t);
  const broker = await createTestBroker(t, { logins: loginsOf(registry) });
  const startMs = Date.now();
  const demo = await startDemo({
    dataDir: path.dirname(file),
    host: "127.0.0.1",
    port: broker.port,
    registry,
  });
  t.onTestFinished(() => demo.stop());
  expect(demo.pid).not.toBe(process.pid);
  expect(demo.sppgIds).toEqual(["sppg-jakarta-001"]);
  await until(demo, ({ acked, pending }) => acked > 60 && pending === 0);
  const identities = broker.journal.published.flatMap(({ topicName, payload }) =>
    identitiesOf({ topicName, payload: Buffer.from(payload).toString() }),
  );
  const times = identities.map((identity) => Number(identity.split("@")[1]));
  expect(Math.min(...times)).toBeLessThan(startMs - 5.9 * 3_600_000);
  const devices = new Set(identities.map((identity) => identity.split("/").at(-2)));
  expect(devices.size).toBe(15);

  await demo.stop();
  expect(() => process.kill(demo.pid, 0)).toThrow(/ESRCH/);
});

test("a demo whose process is killed says so", async (t) => {
  const { registry, file } = await createRegistry(t);
  const demo = await startDemo({
    dataDir: path.dirname(file),
    host: "127.0.0.1",
    // Nobody has to be there: devices wait.
    port: 1,
    registry,
    historyHours: 0,
  });
  process.kill(demo.pid, "SIGKILL");
  await expect(demo.failed).rejects.toMatchObject({ code: "SIMULATORS_DEMO_ENDED" });
  await demo.stop();
  await expect(demo.stats()).rejects.toMatchObject({ code: "SIMULATORS_DEMO_ENDED" });
});
