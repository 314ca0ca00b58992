import { expect, test } from "vitest";
import {
  compareStandings,
  keepOrder,
  type Standing,
  standingOf,
} from "../../../../dashboard/web/kitchens/standing.ts";
import type { Snapshot } from "../../../../dashboard/web/kitchens/sensor-number.ts";
import { createAlert, createDevice, createSnapshot, nowMs } from "../snapshots.ts";

function standing(name: string, parts: Partial<Snapshot> = {}): Standing {
  return standingOf(createSnapshot(name, parts), nowMs);
}

const agoSeconds = (seconds: number): number => nowMs - seconds * 1_000;

test("kitchens stand worst first: critical, silent, warning, late, safe", () => {
  const heard = (seconds: number) => [createDevice({ lastHeardAtMs: agoSeconds(seconds) })];
  const standings = [
    standing("safe"),
    standing("late", { devices: heard(31) }),
    standing("warning", { alerts: [createAlert({ severity: "warning" })] }),
    standing("silent", { devices: heard(101) }),
    standing("critical", { alerts: [createAlert({ severity: "critical" })] }),
  ];
  const worstFirst = standings.toSorted(compareStandings);
  expect(worstFirst.map(({ snapshot }) => snapshot.kitchen.name)).toEqual([
    "critical",
    "silent",
    "warning",
    "late",
    "safe",
  ]);
  expect(worstFirst.map(({ severity }) => severity)).toEqual(
    worstFirst.map(({ snapshot }) => snapshot.kitchen.name),
  );
});

test("among equals stands first who waits for an answer, then the name", () => {
  const acknowledged = createAlert({ response: "acknowledged" });
  const standings = [
    standing("Dapur 10"),
    standing("Dapur 9"),
    standing("answered", { alerts: [acknowledged] }),
    standing("waiting", { alerts: [createAlert({})] }),
  ];
  const names = standings.toSorted(compareStandings).map(({ snapshot }) => snapshot.kitchen.name);
  expect(names).toEqual(["waiting", "answered", "Dapur 9", "Dapur 10"]);
});

test("an alert that has cleared and waits for its record does not raise the kitchen", () => {
  const cleared = createAlert({ condition: "cleared", clearedAtMs: nowMs });
  const { severity, unacknowledgedCount } = standing("a", { alerts: [cleared] });
  expect(severity).toBe("info");
  expect(unacknowledgedCount).toBe(1);
});

test("a gateway is silent when all that was ever heard behind it is, since the newest of it", () => {
  const behind = (deviceId: string, lastHeardAtMs: number | null) =>
    createDevice({ deviceId, gatewayId: "gw-1", lastHeardAtMs });
  const silent = [behind("a", agoSeconds(500)), behind("b", agoSeconds(400)), behind("c", null)];
  expect(standing("k", { devices: silent }).silentGateway).toEqual({
    deviceId: "gw-1",
    sinceMs: agoSeconds(400),
    sensorCount: 3,
  });
  const partly = [...silent, behind("d", agoSeconds(1))];
  expect(standing("k", { devices: partly }).silentGateway).toBeNull();
});

test("revoked devices and gateways are no sensors, and a missing one is no silence", () => {
  const devices = [
    createDevice({ deviceId: "a" }),
    createDevice({ deviceId: "b", enabled: false, lastHeardAtMs: null }),
    createDevice({ deviceId: "c", kind: "gateway", lastHeardAtMs: null }),
    createDevice({ deviceId: "d", lastHeardAtMs: null }),
  ];
  const { sensors, severity } = standing("k", { devices });
  expect(sensors).toEqual({ fresh: 1, late: 0, silent: 0, missing: 1, total: 2 });
  expect(severity).toBe("safe");
});

test("the order that one saw stays, new kitchens come last, and another order is told", () => {
  const [a, b, c] = [standing("a"), standing("b"), standing("c")];
  expect(keepOrder([a, b], null)).toEqual({ shown: [a, b], isOtherOrder: false });
  expect(keepOrder([a, b], ["a", "b"])).toEqual({ shown: [a, b], isOtherOrder: false });
  expect(keepOrder([c, b, a], ["a", "b"])).toEqual({ shown: [a, b, c], isOtherOrder: true });
});
