import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import type { AlertRow } from "../../ingest/index.ts";
import {
  addDevice,
  addKitchen,
  addUser,
  type ApiClient,
  connectDevice,
  type DeviceLogin,
  eventually,
  signInPerson,
} from "../support/kitchen.ts";
import {
  fixedPort,
  type NadiProcess,
  type Scope,
  startNadi,
  tempFolder,
} from "../support/nadi-process.ts";

const sppgId = "sppg-jakarta-001";
const minuteMs = 60_000;
const alertWithinMs = 5_000;

interface Alerts {
  alerts: AlertRow[];
}

interface Minute {
  minute: number;
  celsius: number;
}

/** One reading a minute, `agoMinutes` minutes long, ending now: a device's own backlog. */
function backlog(agoMinutes: number, celsiusAt: (minute: number) => number): Minute[] {
  return Array.from({ length: agoMinutes + 1 }, (_, minute) => ({
    minute: minute - agoMinutes,
    celsius: celsiusAt(minute),
  }));
}

async function publish(
  scope: Scope,
  to: { nadi: NadiProcess; login: DeviceLogin; nowMs: number },
  minutes: readonly Minute[],
): Promise<void> {
  const client = await connectDevice(scope, to.nadi, to.login);
  for (const { minute, celsius } of minutes) {
    const payload = JSON.stringify({ ts: to.nowMs + minute * minuteMs, celsius });
    await client.publishAsync(to.login.topic, payload, { qos: 1 });
    // A device publishes in its own turn.
    await nextTurn();
  }
  await client.endAsync();
}

async function startKitchen(scope: Scope) {
  const dataDir = tempFolder(scope);
  const mqttPort = await fixedPort();
  const nadi = await startNadi(scope, { dataDir, mqttPort });
  await addKitchen(dataDir, sppgId);
  const device = { sppgId, deviceId: "cold-1", kind: "temperature-probe" };
  const login = await addDevice(dataDir, device, ["--place", "coldStore"]);
  const user = await addUser(dataDir, {
    email: "head@nadi.test",
    role: "head",
    kitchens: [sppgId],
  });
  const signIn = (httpUrl: string): Promise<ApiClient> => signInPerson(httpUrl, user);
  return { dataDir, mqttPort, nadi, login, signIn };
}

async function criticalAlerts(api: ApiClient): Promise<AlertRow[]> {
  const path = `/api/kitchens/${sppgId}/alerts?state=all&severity=critical`;
  return (await api.get<Alerts>(path)).alerts;
}

test("a cold store above its limit for 20 minutes is one critical alert, also after kill -9", async (t) => {
  const { dataDir, mqttPort, nadi, login, signIn } = await startKitchen(t);
  const nowMs = Date.now();
  await publish(
    t,
    { nadi, login, nowMs },
    backlog(20, (minute) => (minute === 7 ? 9.5 : 8)),
  );

  const api = await signIn(nadi.httpUrl);
  const [alert] = await eventually(
    () => criticalAlerts(api),
    (alerts) => alerts.length > 0,
    alertWithinMs,
  );
  expect(alert).toMatchObject({
    rule: { key: "cold-store-limit" },
    condition: "active",
    response: "unacknowledged",
    deviceId: "cold-1",
    worstValue: 9.5,
    limit: { value: 5, unit: "Cel" },
    occurrences: 1,
  });

  await nadi.kill();
  const again = await startNadi(t, { dataDir, mqttPort });
  // The same backlog once more, as a device that did not hear its acknowledgements would.
  await publish(
    t,
    { nadi: again, login, nowMs },
    backlog(20, (minute) => (minute === 7 ? 9.5 : 8)),
  );
  const api2 = await signIn(again.httpUrl);
  expect(await criticalAlerts(api2)).toMatchObject([{ alertId: alert?.alertId, occurrences: 1 }]);
});

test("a critical alert is resolved by what was done, and a value in range clears it", async (t) => {
  const { nadi, login, signIn } = await startKitchen(t);
  const nowMs = Date.now();
  const api = await signIn(nadi.httpUrl);
  // Too warm for 20 minutes, then 10 minutes in range.
  await publish(
    t,
    { nadi, login, nowMs },
    backlog(30, (minute) => (minute <= 20 ? 8 : 3)),
  );
  const [alert] = await eventually(
    () => criticalAlerts(api),
    (alerts) => alerts[0]?.condition === "cleared",
    alertWithinMs,
  );
  const path = `/api/kitchens/${sppgId}/alerts/${alert?.alertId}`;

  const refused = await api.request(`${path}/resolve`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: "{}",
  });
  expect(refused.status).toBe(422);
  expect(await refused.json()).toMatchObject({ code: "INGEST_CORRECTIVE_ACTION_MISSING" });

  const correctiveAction = "Milk discarded, door seal changed";
  const resolved = await api.post<AlertRow>(`${path}/resolve`, { correctiveAction });
  expect(resolved).toMatchObject({
    isResolved: true,
    acknowledgedBy: "head@nadi.test",
    correctiveAction,
  });
});
