import { expect, test } from "vitest";
import type { AlertRow, Rule } from "../../ingest/index.ts";
import { type AlertMessage, listenToAlerts } from "../support/alert-listener.ts";
import { eventually } from "../support/kitchen.ts";
import {
  type KitchenClient,
  type OpenedKitchens,
  openKitchens,
  putRules,
  visibleWithinMs,
} from "../support/kitchen-client.ts";
import { fixedPort, type Scope, startNadi, tempFolder } from "../support/nadi-process.ts";
import { type PlannedDevice, prepareKitchens } from "../support/prepared-kitchens.ts";
import { minuteMs, silenceRules, temperatures } from "../support/rule-examples.ts";
import { findFaketime } from "./needs.ts";

const sppgId = "sppg-restarts";
const faketime = findFaketime();
/** Of all but one device. A restart counts as 5 s of it, since nobody knows better. */
const graceSeconds = 10;
/** For what must be noticed within the grace. */
const noticedWithinMs = 5 * graceSeconds * 1_000;
const impatient: Rule = {
  kind: "noData",
  key: "one-silent",
  severity: "warning",
  scope: { deviceId: "silent" },
  intervalsMissed: 1,
  graceSeconds: 1,
  quietSeconds: 60,
};

function probe(deviceId: string): PlannedDevice {
  return { deviceId, kind: "temperature-probe", place: "coldStore", intervalSeconds: 1 };
}

/** A kitchen whose serve ends and begins; clients are made anew with it. */
async function createRestarts(scope: Scope, deviceIds: readonly string[]) {
  const dataDir = tempFolder(scope);
  const mqttPort = await fixedPort();
  const prepared = await prepareKitchens(dataDir, [{ sppgId, devices: deviceIds.map(probe) }]);
  const start = async (aheadBy?: string): Promise<OpenedKitchens & { here: KitchenClient }> => {
    const env = {
      LD_PRELOAD: faketime ?? "",
      FAKETIME: aheadBy ?? "+0",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
    };
    const launch = { dataDir, mqttPort, ...(aheadBy === undefined ? {} : { env }) };
    const opened = await openKitchens(scope, await startNadi(scope, launch), prepared);
    return { ...opened, here: opened.kitchen(sppgId) };
  };
  return { dataDir, start };
}

function critical(alerts: readonly AlertRow[]): AlertRow[] {
  return alerts.filter(({ severity }) => severity === "critical");
}

test("a duration goes on over a SIGTERM and over a kill -9", async (t) => {
  const { start } = await createRestarts(t, ["stopped", "killed"]);
  const nowMs = Date.now();
  // 16 readings are the 15 minutes of the rule; half of them before, half after.
  const warm = temperatures([{ celsius: 8, minutes: 16 }], nowMs);
  const first = await start();
  await first.here.sendReadings("stopped", warm.slice(0, 8));
  await first.here.settled();
  expect(await first.here.alerts()).toEqual([]);
  expect(await first.nadi.stop()).toMatchObject({ code: 0 });

  const second = await start();
  await second.here.sendReadings("stopped", warm.slice(8));
  await second.here.settled();
  const opened = critical(await second.here.alerts());
  expect(opened).toMatchObject([{ deviceId: "stopped", openedAtMs: nowMs, worstValue: 8 }]);
  await second.here.sendReadings("killed", warm.slice(0, 8));
  await second.nadi.kill();

  const third = await start();
  await third.here.sendReadings("killed", warm.slice(8));
  await third.here.settled();
  const [before, after, ...more] = critical(await third.here.alerts()).toSorted(
    (a, b) => Number(a.deviceId === "killed") - Number(b.deviceId === "killed"),
  );
  expect(before).toEqual(opened[0]);
  expect(after).toMatchObject({ deviceId: "killed", openedAtMs: nowMs, occurrences: 1 });
  expect(more).toEqual([]);
});

test("Nadi's own absence is nobody's silence, and who was silent before it is known to be", async (t) => {
  t.skip(faketime === null, "libfaketime is not installed (Debian: apt-get install libfaketime)");
  const { dataDir, start } = await createRestarts(t, ["silent", "talking", "gone"]);
  const first = await start();
  await putRules(first, { dataDir, sppgId }, [...silenceRules(graceSeconds), impatient]);
  const say = (to: KitchenClient, deviceId: string): Promise<void> =>
    to.sendReadings(deviceId, [{ celsius: 3 }]);
  await say(first.here, "silent");
  const [silent] = await eventually(
    () => first.here.alerts(),
    (alerts) => alerts.length > 0,
    noticedWithinMs,
  );
  expect(silent).toMatchObject({ deviceId: "silent", condition: "active" });
  await say(first.here, "talking");
  await say(first.here, "gone");
  await first.nadi.kill();

  // An hour passes, ten times the patience of the defaults.
  const second = await start("+1h");
  await say(second.here, "talking");
  await second.here.settled();
  expect(await second.here.alerts()).toEqual([silent]);

  // What was silent is back, and what is silent from here on is silence again.
  const heard = await listenToAlerts(t, { ...second, httpUrl: second.nadi.httpUrl }, sppgId);
  await say(second.here, "silent");
  const isBack = ({ data }: AlertMessage): boolean =>
    data.alertId === silent?.alertId && data.condition === "cleared";
  await heard.until((messages) => messages.some(isBack), visibleWithinMs);
  const alerts = await eventually(
    () => second.here.alerts(),
    (found) => found.some(({ deviceId }) => deviceId === "gone"),
    noticedWithinMs,
  );
  const gone = alerts.find(({ deviceId }) => deviceId === "gone");
  expect(gone?.openedAtMs).toBeGreaterThan((silent?.openedAtMs ?? 0) + 59 * minuteMs);
});
