import { expect, test } from "vitest";
import { viewDomain } from "../../../../dashboard/web/realtime/domain-view.ts";
import {
  applyAlert,
  applyMessages,
  applySnapshot,
  emptyKitchen,
  type KitchenState,
  openAlerts,
  type Snapshot,
} from "../../../../dashboard/web/realtime/kitchen-state.ts";
import { formatPosition, type RealtimeMessage } from "../../../../devices/index.ts";
import { sppgId } from "../../server/kitchen-api.ts";
import { alertMessage, alertRow, readingMessage } from "./messages.ts";
import { emptySnapshot } from "./realtime-site.ts";

const key = "probe-1/0/temperature";

function hear(state: KitchenState, ...messages: RealtimeMessage[]): KitchenState {
  const heard = messages.map((message, index) => ({ message, receivedTimeMs: 100 + index }));
  return applyMessages(state, heard);
}

function snapshotWith(
  offset: number,
  celsius: number | null,
  own: Partial<Snapshot> = {},
): Snapshot {
  const message = readingMessage(offset, celsius ?? 0);
  const latest =
    celsius === null || message.type !== "production_update"
      ? []
      : [{ ...message.data, receivedTimeMs: 50 }];
  return { ...emptySnapshot(formatPosition(offset)), latest, ...own };
}

function celsiusOf(state: KitchenState): number | undefined {
  return state.sensors.get(key)?.fields?.["celsius"];
}

test("a value at or below the snapshot's position is older than it", () => {
  const state = applySnapshot(emptyKitchen(sppgId), snapshotWith(10, 4), 0);
  expect(hear(state, readingMessage(10, 9), readingMessage(9, 8))).toBe(state);
  expect(celsiusOf(hear(state, readingMessage(11, 5)))).toBe(5);
});

test("what came live while the snapshot was on its way stays, older values go", () => {
  const early = hear(emptyKitchen(sppgId), readingMessage(12, 7));
  expect(celsiusOf(applySnapshot(early, snapshotWith(10, 4), 0))).toBe(7);
  expect(celsiusOf(applySnapshot(early, snapshotWith(20, 4), 0))).toBe(4);
});

test("a snapshot that was overtaken by a newer one changes nothing", () => {
  const state = applySnapshot(emptyKitchen(sppgId), snapshotWith(10, 4), 0);
  expect(applySnapshot(state, snapshotWith(9, 3), 0)).toBe(state);
});

test("a flagged value proves the sensor alive and is never shown", () => {
  const state = hear(emptyKitchen(sppgId), readingMessage(1, 4));
  const faulty = hear(state, readingMessage(2, 85, { flags: ["sensorFault"] }));
  expect(celsiusOf(faulty)).toBe(4);
  expect(faulty.sensors.get(key)).toMatchObject({ flags: ["sensorFault"], eventTimeMs: 1_000 });
  const first = hear(emptyKitchen(sppgId), readingMessage(1, 85, { flags: ["sensorFault"] }));
  expect(first.sensors.get(key)?.fields).toBeNull();
  expect(celsiusOf(hear(first, readingMessage(2, 4)))).toBe(4);
});

test("a backlog is heard but does not take the newer value's place", () => {
  const state = hear(emptyKitchen(sppgId), readingMessage(5, 4));
  const late = hear(state, readingMessage(6, 9, { eventTimeMs: 10 }));
  expect(late.sensors.get(key)).toMatchObject({ fields: { celsius: 4 }, receivedTimeMs: 100 });
});

test("an alert's message counts whatever its position", () => {
  const state = applySnapshot(emptyKitchen(sppgId), snapshotWith(10, 4), 0);
  const open = hear(state, alertMessage("a", {}, { offset: 3 }));
  expect(openAlerts(open, ["production"]).map(({ alertId }) => alertId)).toEqual(["a"]);
});

test("an alert that was heard after the snapshot was asked for outlives it, others do not", () => {
  const before = hear(emptyKitchen(sppgId), alertMessage("gone"));
  const asked = before.batch;
  const during = hear(before, alertMessage("new"));
  const after = applySnapshot(during, snapshotWith(1, null, { alerts: [alertRow("told")] }), asked);
  expect([...after.alerts.keys()]).toEqual(["told", "new"]);
});

test("a resolved alert does not come back with an older answer", () => {
  const state = hear(emptyKitchen(sppgId), alertMessage("a"));
  const asked = state.batch;
  const end = {
    condition: "cleared",
    response: "acknowledged",
    correctiveAction: "moved",
  } as const;
  const resolved = hear(state, alertMessage("a", end));
  const after = applySnapshot(resolved, snapshotWith(1, null, { alerts: [alertRow("a")] }), asked);
  expect(openAlerts(after, ["production"])).toEqual([]);
});

test("a critical alert stays open until somebody says what was done", () => {
  const calm = { condition: "cleared", response: "acknowledged" } as const;
  const state = hear(
    emptyKitchen(sppgId),
    alertMessage("a", calm),
    alertMessage("b", { ...calm, severity: "warning" }),
  );
  expect(openAlerts(state, ["production"]).map(({ alertId }) => alertId)).toEqual(["a"]);
});

test("an answer with an older count of changes is left out", () => {
  const state = applyAlert(emptyKitchen(sppgId), alertRow("a", { changeCount: 3 }));
  expect(applyAlert(state, alertRow("a", { changeCount: 2 }))).toBe(state);
});

test("values alone leave the map of alerts as it is, and another kitchen's leave everything", () => {
  const state = hear(emptyKitchen(sppgId), alertMessage("a"), readingMessage(1, 4));
  expect(hear(state, readingMessage(2, 5)).alerts).toBe(state.alerts);
  expect(hear(state, { ...readingMessage(3, 5), sppgId: "sppg-bandung-001" })).toBe(state);
});

test("a domain shows each enabled device, also one that has never sent", () => {
  const device = {
    name: null,
    version: 1,
    kind: "temperature-probe",
    codec: null,
    gatewayId: null,
    enabled: true,
    expectedIntervalSeconds: 30,
    createdAtMs: 0,
    lastHeardAtMs: null,
  } as const;
  const devices = [
    { ...device, deviceId: "probe-10", place: "coldStore" as const },
    { ...device, deviceId: "probe-1", place: "coldStore" as const },
    { ...device, deviceId: "off", place: "coldStore" as const, enabled: false },
    { ...device, deviceId: "scale", place: "stockScale" as const },
  ];
  const state = applySnapshot(emptyKitchen(sppgId), snapshotWith(1, 4, { devices }), 0);
  const view = viewDomain(state, "production");
  const shown = view?.sensors.map(({ deviceId, number, values }) => [
    deviceId,
    number,
    values?.fields?.["celsius"] ?? null,
  ]);
  expect(shown).toEqual([
    ["probe-1", 1, 4],
    ["probe-10", 2, null],
  ]);
});
