import { expect, test } from "vitest";
import {
  adviseFirst,
  type Device,
  groupDevices,
  type Status,
  viewDevices,
} from "../../../../../dashboard/web/pages/devices/device-view.ts";

const nowMs = Date.UTC(2026, 10, 24, 1, 47);
const minuteMs = 60_000;

function device(deviceId: string, parts: Partial<Device> = {}): Device {
  return {
    deviceId,
    name: null,
    kind: "temperature-probe",
    place: "coldStore",
    codec: null,
    gatewayId: null,
    enabled: true,
    expectedIntervalSeconds: 10,
    createdAtMs: 0,
    version: 1,
    ...parts,
  };
}

/** Heard just now, and all well. */
function status(deviceId: string, parts: Partial<Status> = {}): Status {
  return {
    deviceId,
    receivedTimeMs: nowMs - 2_000,
    eventTimeMs: nowMs - 2_000,
    presence: null,
    batteryPct: null,
    messagesPerMinute: 6,
    deadLetters: { total: 0, kept: 0, newestAtMs: null },
    ...parts,
  };
}

const away = { receivedTimeMs: nowMs - 14 * minuteMs };
const offline = { isOnline: false, sinceMs: nowMs - 13 * minuteMs };

function view(
  devices: readonly Device[],
  statuses: readonly Status[],
  heard: ReadonlyMap<string, number> = new Map(),
) {
  return viewDevices({ devices, statuses, heard, nowMs });
}

function adviceOf(device: Device, own: Status) {
  return view([device], [own])[0]?.advice;
}

test("each state of a device has its own first thing to do", () => {
  const probe = device("p");
  const { sinceMs } = offline;
  const letters = { total: 9, kept: 4, newestAtMs: nowMs - minuteMs };
  const online = { isOnline: true, sinceMs };
  expect(adviceOf(probe, status("p"))).toBeNull();
  expect(adviceOf(probe, status("p", { ...away, presence: offline }))).toEqual({
    kind: "disconnected",
    sinceMs,
  });
  expect(adviceOf(probe, status("p", { ...away, presence: online }))).toEqual({
    kind: "mute",
    sinceMs,
  });
  expect(adviceOf(probe, status("p", away))).toEqual({ kind: "silent" });
  expect(adviceOf(probe, status("p", { deadLetters: letters }))).toEqual({
    kind: "rejected",
    count: 4,
  });
  expect(adviceOf(probe, status("p", { receivedTimeMs: null }))).toEqual({ kind: "missing" });
  expect(adviceOf(probe, status("p", { batteryPct: 9 }))).toEqual({
    kind: "battery",
    batteryPct: 9,
  });
});

test("what was rejected an hour ago is no advice any more, and a revoked device gets none", () => {
  const old = { total: 9, kept: 4, newestAtMs: nowMs - 61 * minuteMs };
  expect(adviceOf(device("p"), status("p", { deadLetters: old }))).toBeNull();
  const [revoked] = view([device("p", { enabled: false })], [status("p", away)]);
  expect(revoked).toMatchObject({ advice: null, severity: null, freshness: "silent" });
});

test("a silent gateway is one thing to do, and its children none", () => {
  const views = view(
    [
      device("gw", { kind: "gateway", place: null }),
      device("c-2", { gatewayId: "gw" }),
      device("c-10", { gatewayId: "gw" }),
      device("off", { gatewayId: "gw", enabled: false }),
      device("alone"),
    ],
    ["gw", "c-2", "c-10", "off", "alone"].map((id) => status(id, away)),
  );
  const advised = adviseFirst(views).map(({ device, advice }) => [device.deviceId, advice]);
  expect(advised).toEqual([
    ["gw", { kind: "gatewaySilent", children: 2 }],
    ["alone", { kind: "silent" }],
  ]);
  // Their state is as unknown as before.
  expect(views.filter(({ severity }) => severity === "silent")).toHaveLength(4);
  const groups = groupDevices(views).map(({ gateway, children }) => [
    gateway?.device.deviceId ?? null,
    children.map(({ device }) => device.deviceId),
  ]);
  expect(groups).toEqual([
    ["gw", ["c-2", "c-10", "off"]],
    [null, ["alone"]],
  ]);
});

test("the live link is believed before the status that is asked for now and then", () => {
  const heard = new Map([["p", nowMs - 1_000]]);
  expect(view([device("p")], [status("p", away)], heard)[0]).toMatchObject({
    heardAtMs: nowMs - 1_000,
    freshness: "fresh",
    advice: null,
  });
  const old = new Map([["p", nowMs - 20 * minuteMs]]);
  expect(view([device("p")], [status("p")], old)[0]?.heardAtMs).toBe(nowMs - 2_000);
});

test("who may not ask for the status sees the list, without advice", () => {
  expect(view([device("p")], [])[0]).toMatchObject({
    status: null,
    advice: null,
    freshness: "missing",
  });
});
