import { beforeAll, expect, test } from "vitest";
import type { DevicePlace } from "../../devices/index.ts";
import type { AlertRow } from "../../ingest/index.ts";
import {
  type AlertListener,
  type AlertMessage,
  listenToAlerts,
} from "../support/alert-listener.ts";
import { fileScope } from "../support/file-scope.ts";
import { eventually } from "../support/kitchen.ts";
import {
  type OpenedKitchens,
  openKitchens,
  putRules,
  visibleWithinMs,
} from "../support/kitchen-client.ts";
import { startNadi, tempFolder } from "../support/nadi-process.ts";
import { type PlannedDevice, prepareKitchens } from "../support/prepared-kitchens.ts";
import { minuteMs, silenceRules, temperatures, thresholdRule } from "../support/rule-examples.ts";

/** Limits as domain.md has them: beyond `limit` by a tenth, for so long, is an alert. */
const limits = [
  { place: "coldStore", key: "cold-store-limit", limit: 5, beyond: 5.1, minutes: 15 },
  { place: "freezer", key: "freezer-limit", limit: -18, beyond: -17.9, minutes: 60 },
  { place: "freezer", key: "freezer-warning", limit: -15, beyond: -14.9, minutes: 15 },
  { place: "hotHolding", key: "hot-holding-limit", limit: 60, beyond: 59.9, minutes: 10 },
  { place: "deliveryBox", key: "delivery-box-limit", limit: 60, beyond: 59.9, minutes: 10 },
  { place: "dryStore", key: "dry-store-warm", limit: 22, beyond: 22.1, minutes: 60 },
] as const satisfies {
  place: DevicePlace;
  key: string;
  limit: number;
  beyond: number;
  minutes: number;
}[];

const limitDevices = limits.flatMap(({ place, key }) =>
  ["at", "short", "long"].map((how) => probe(`${key}-${how}`, place)),
);
const childIds = Array.from({ length: 12 }, (_, index) => `child-${index}`);
const silenceGraceSeconds = 2;

const kitchensPlan = [
  { sppgId: "sppg-limits", devices: limitDevices },
  {
    sppgId: "sppg-kinds",
    devices: ["slow", "fast", "plug", "broken", "clearing", "flapping"].map((id) =>
      probe(id, "coldStore"),
    ),
  },
  {
    sppgId: "sppg-silence",
    devices: [
      probe("lonely", "coldStore"),
      { deviceId: "gateway", kind: "gateway", intervalSeconds: 1 },
      ...childIds.map((id) => ({ ...probe(id, "freezer"), gatewayId: "gateway" })),
    ],
  },
  { sppgId: "sppg-people", devices: [probe("cold-1", "coldStore")] },
] satisfies { sppgId: string; devices: PlannedDevice[] }[];

function probe(deviceId: string, place: DevicePlace): PlannedDevice {
  return { deviceId, kind: "temperature-probe", place, intervalSeconds: 1 };
}

const scope = fileScope();
const dataDir = tempFolder(scope);
let kitchens: OpenedKitchens;

beforeAll(async () => {
  const prepared = await prepareKitchens(dataDir, kitchensPlan);
  kitchens = await openKitchens(scope, await startNadi(scope, { dataDir }), prepared);
});

function about(alerts: readonly AlertRow[], deviceId: string): AlertRow[] {
  return alerts.filter((alert) => alert.deviceId === deviceId);
}

function devicesOf(alerts: readonly { deviceId: string | null }[]): string[] {
  return alerts.map(({ deviceId }) => deviceId ?? "").toSorted();
}

test("what is at its limit, or beyond it for too short, is no alert; what stays beyond is one", async () => {
  const kitchen = kitchens.kitchen("sppg-limits");
  const nowMs = Date.now();
  for (const { key, limit, beyond, minutes } of limits) {
    const stay = (celsius: number, readings: number) =>
      temperatures([{ celsius, minutes: readings }], nowMs);
    await Promise.all([
      kitchen.sendReadings(`${key}-at`, stay(limit, minutes + 10)),
      // From the first of n readings to the last it is n - 1 minutes.
      kitchen.sendReadings(`${key}-short`, stay(beyond, minutes)),
      kitchen.sendReadings(`${key}-long`, stay(beyond, minutes + 1)),
    ]);
  }
  await kitchen.settled();
  const alerts = await kitchen.alerts();
  for (const { key, limit, beyond } of limits) {
    const own = alerts.filter(({ rule }) => rule.key === key);
    expect(
      own.map(({ deviceId }) => deviceId),
      key,
    ).toContain(`${key}-long`);
    const opened = about(own, `${key}-long`)[0];
    expect(opened).toMatchObject({ value: beyond, openedAtMs: nowMs, condition: "active" });
    expect(opened?.limit?.value).toBe(limit);
    expect(about(own, `${key}-at`), key).toEqual([]);
    expect(about(own, `${key}-short`), key).toEqual([]);
  }
});

test("an alert clears past its clear value only, and only after a while", async () => {
  const kitchen = kitchens.kitchen("sppg-kinds");
  const endMs = Date.now() - 30 * minuteMs;
  const critical = async (): Promise<AlertRow[]> => {
    await kitchen.settled();
    const alerts = about(await kitchen.alerts(), "clearing");
    return alerts.filter(({ severity }) => severity === "critical");
  };
  const bad = [
    { celsius: 6, minutes: 16 },
    { celsius: 4.6, minutes: 20 },
  ];
  await kitchen.sendReadings("clearing", temperatures(bad, endMs));
  expect(await critical()).toMatchObject([{ condition: "active", worstValue: 6 }]);

  const once = { ts: endMs + minuteMs, celsius: 4.5 };
  await kitchen.sendReadings("clearing", [once, { ts: endMs + 2 * minuteMs, celsius: 4.6 }]);
  expect(await critical()).toMatchObject([{ condition: "active" }]);

  const good = [{ celsius: 4.5, minutes: 3 }];
  await kitchen.sendReadings("clearing", temperatures(good, endMs + 5 * minuteMs));
  expect(await critical()).toMatchObject([
    { condition: "cleared", clearedBy: "value", clearedAtMs: endMs + 5 * minuteMs },
  ]);
});

test("a store that warms by more than 1 °C a minute is an alert, by less it is none", async () => {
  const kitchen = kitchens.kitchen("sppg-kinds");
  const nowMs = Date.now();
  const climb = (perMinute: number) =>
    Array.from({ length: 11 }, (_, minute) => ({
      ts: nowMs - (10 - minute) * minuteMs,
      celsius: 2 + minute * perMinute,
    }));
  await kitchen.sendReadings("fast", climb(1.1));
  await kitchen.sendReadings("slow", climb(0.9));
  await kitchen.settled();
  const alerts = await kitchen.alerts();
  expect(about(alerts, "fast")).toMatchObject([{ rule: { key: "cold-store-rising" } }]);
  expect(about(alerts, "slow")).toEqual([]);
});

test("five fault codes in a row are a broken sensor, four are a loose plug", async () => {
  const kitchen = kitchens.kitchen("sppg-kinds");
  const nowMs = Date.now();
  const faulty = (readings: number) => [
    { celsius: -127, minutes: readings },
    { celsius: 3, minutes: 1 },
  ];
  await kitchen.sendReadings("plug", temperatures(faulty(4), nowMs));
  await kitchen.sendReadings("broken", temperatures(faulty(5), nowMs));
  await kitchen.settled();
  const alerts = await kitchen.alerts();
  expect(about(alerts, "plug")).toEqual([]);
  expect(about(alerts, "broken")).toMatchObject([
    { rule: { key: "sensor-fault" }, condition: "cleared", value: -127 },
  ]);
});

test("what comes back again and again is one alert with a count", async () => {
  const kitchen = kitchens.kitchen("sppg-kinds");
  const round = [
    { celsius: 7, minutes: 17 },
    { celsius: 3, minutes: 4 },
  ];
  const rounds = [round, round, round, round].flat();
  await kitchen.sendReadings("flapping", temperatures(rounds, Date.now()));
  await kitchen.settled();
  const alerts = about(await kitchen.alerts(), "flapping");
  expect(alerts.filter(({ severity }) => severity === "critical")).toMatchObject([
    { rule: { key: "cold-store-limit" }, condition: "cleared", occurrences: 4 },
  ]);
});

test("a silent device is an alert, a silent gateway with twelve children is one", async () => {
  const sppgId = "sppg-silence";
  const kitchen = kitchens.kitchen(sppgId);
  const heard = await listenToAlerts(scope, listening(), sppgId);
  await putRules(kitchens, { dataDir, sppgId }, silenceRules(silenceGraceSeconds));
  const reading = [{ celsius: 3 }];
  await kitchen.sendReadings("lonely", reading);
  for (const childId of childIds) {
    await kitchen.sendReadings("gateway", [{ celsius: -20 }], { childId });
  }
  const silent = await eventually(
    () => kitchen.alerts(),
    (alerts) => alerts.length >= 2,
    5 * silenceGraceSeconds * 1_000,
  );
  expect(devicesOf(silent)).toEqual(["gateway", "lonely"]);

  // Both are back, which people hear.
  await kitchen.sendReadings("lonely", reading);
  await kitchen.sendReadings("gateway", [{ celsius: -20 }], { childId: "child-0" });
  await kitchen.settled();
  expect(await kitchen.alerts()).toMatchObject([
    { condition: "cleared", clearedBy: "value", occurrences: 1 },
    { condition: "cleared", clearedBy: "value", occurrences: 1 },
  ]);
  const isRecovery = ({ data }: AlertMessage): boolean => data.condition === "cleared";
  await heard.until((messages) => messages.filter(isRecovery).length >= 2, visibleWithinMs);
  const recovered = heard.messages.filter(isRecovery);
  expect(devicesOf(recovered.map(({ data }) => data))).toEqual(["gateway", "lonely"]);
});

function listening() {
  return { httpUrl: kitchens.nadi.httpUrl, api: kitchens.api };
}

test("a changed rule leaves open alerts their limit, and judges what follows by its own", async () => {
  const sppgId = "sppg-people";
  const kitchen = kitchens.kitchen(sppgId);
  const heard = await listenToAlerts(scope, listening(), sppgId);
  const alsoHeard = await listenToAlerts(scope, listening(), sppgId);
  const nowMs = Date.now();
  const critical = async (): Promise<AlertRow[]> => {
    await kitchen.settled();
    return (await kitchen.alerts()).filter(({ severity }) => severity === "critical");
  };
  const send = (celsius: number, minutes: number, endMs: number): Promise<void> =>
    kitchen.sendReadings("cold-1", temperatures([{ celsius, minutes }], endMs));

  await send(7, 17, nowMs - 60 * minuteMs);
  const [first] = await critical();
  expect(first).toMatchObject({ condition: "active", rule: { version: 0 }, limit: { value: 5 } });
  const rule = thresholdRule("cold-store-limit", { limit: 8, clearLimit: 7.5 });
  await putRules(kitchens, { dataDir, sppgId }, [rule]);
  await send(7, 4, nowMs - 55 * minuteMs);
  expect(await critical()).toMatchObject([
    { alertId: first?.alertId, condition: "cleared", rule: { version: 0 }, limit: { value: 5 } },
  ]);
  await send(9, 17, nowMs - 30 * minuteMs);
  const [, second, ...more] = await critical();
  expect(more).toEqual([]);
  expect(second).toMatchObject({ condition: "active", rule: { version: 1 }, limit: { value: 8 } });

  await actAndHear(kitchen.api, [heard, alsoHeard], second);
});

/** Every page hears the same messages, with the same ids, and in the order of their position. */
async function actAndHear(
  api: OpenedKitchens["api"],
  pages: readonly AlertListener[],
  alert: AlertRow | undefined,
): Promise<void> {
  const base = `/api/kitchens/${alert?.sppgId}/alerts/${alert?.alertId}`;
  const own = (messages: readonly AlertMessage[]): AlertMessage[] =>
    messages.filter(({ data }) => data.alertId === alert?.alertId);
  const everyPage = (fits: (message: AlertMessage) => boolean) =>
    Promise.all(pages.map((page) => page.until((all) => own(all).some(fits), visibleWithinMs)));

  const acknowledged = await api.post<AlertRow>(`${base}/acknowledge`, { note: "on my way" });
  expect(acknowledged).toMatchObject({ response: "acknowledged", isResolved: false });
  await everyPage(({ data }) => data.response === "acknowledged");
  const correctiveAction = "Milk moved to the other store";
  const resolved = await api.post<AlertRow>(`${base}/resolve`, { correctiveAction });
  expect(resolved).toMatchObject({ condition: "cleared", clearedBy: "person", isResolved: true });
  const [heard = [], ...others] = await everyPage(({ data }) => data.correctiveAction !== null);

  for (const other of others) {
    // One page may be a message ahead.
    const shared = Math.min(other.length, heard.length);
    expect(other.slice(0, shared)).toEqual(heard.slice(0, shared));
  }
  expect(new Set(heard.map(({ id }) => id)).size).toBe(heard.length);
  const positions = heard.map(({ position }) => position);
  expect(positions).toEqual(positions.toSorted());
  const person = "operator@nadi.test";
  const steps = own(heard).map(({ data, userId }) => [data.condition, data.response, userId]);
  expect(steps.slice(0, 3)).toEqual([
    ["active", "unacknowledged", undefined],
    ["active", "acknowledged", person],
    ["cleared", "acknowledged", person],
  ]);
}
