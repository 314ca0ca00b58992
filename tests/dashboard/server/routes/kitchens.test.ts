import { expect, test } from "vitest";
import { devicesSchema, snapshotSchema } from "../../../../dashboard/contract/index.ts";
import { alertEffect, alertState, deadLetter } from "../../../ingest/desk/factories.ts";
import { createKitchenApi, otherSppgId, sppgId, startMs } from "../kitchen-api.ts";

const latest = {
  kind: "reading",
  deviceId: "probe-1",
  place: "coldStore",
  channel: "0",
  reading: "temperature",
  fields: { celsius: 3.5 },
  eventTimeMs: startMs,
  flags: [],
} as const;

test("the snapshot is enough for a first paint", async (t) => {
  const made = await createKitchenApi(t);
  const head = await made.signIn("head");
  await made.ingest.applyEffects([alertEffect()]);
  made.store.snapshot = {
    sppgId,
    offset: 4_711,
    latest: [
      { ...latest, receivedTimeMs: startMs + 5 },
      { ...latest, channel: "1", receivedTimeMs: startMs + 9 },
    ],
    devices: [],
  };
  const answer = await head.get(`/api/kitchens/${sppgId}/snapshot`);
  expect(answer.statusCode).toBe(200);
  const snapshot = snapshotSchema.parse(answer.json());
  expect(snapshot).toEqual(answer.json());
  expect(snapshot).toMatchObject({
    kitchen: { sppgId, timeZone: "Asia/Jakarta" },
    position: "00000000000000004711",
    devices: [{ deviceId: "probe-1", place: "coldStore", lastHeardAtMs: startMs + 9 }],
    alerts: [{ alertId: "a1", severity: "critical", response: "unacknowledged" }],
    hasMoreAlerts: false,
  });
  // It comes from the monitor: nobody's store has to write for it.
  expect(made.store.flushes).toBe(0);
});

test("a kitchen without a reading has a snapshot too", async (t) => {
  const made = await createKitchenApi(t);
  const head = await made.signIn("head");
  const answer = await head.get(`/api/kitchens/${sppgId}/snapshot`);
  expect(answer.json()).toMatchObject({ latest: [], devices: [{ lastHeardAtMs: null }] });
});

test("a snapshot with more open alerts than fit says so", async (t) => {
  const made = await createKitchenApi(t);
  const head = await made.signIn("head");
  const effects = Array.from({ length: 201 }, (_, at) =>
    alertEffect({ ...alertState(), alertId: `a${at}`, openedAtMs: startMs + at }, 100 + at),
  );
  await made.ingest.applyEffects(effects);
  const answer = await head.get(`/api/kitchens/${sppgId}/snapshot`);
  expect(answer.json().alerts).toHaveLength(200);
  expect(answer.json().alerts[0]).toMatchObject({ alertId: "a200" });
  expect(answer.json().hasMoreAlerts).toBe(true);
});

test("devices are listed without a trace of their secrets", async (t) => {
  const made = await createKitchenApi(t);
  const head = await made.signIn("head");
  const answer = await head.get(`/api/kitchens/${sppgId}/devices`);
  expect(devicesSchema.parse(answer.json())).toEqual(answer.json());
  expect(Object.keys(answer.json().devices[0]).toSorted()).toEqual([
    "codec",
    "createdAtMs",
    "deviceId",
    "enabled",
    "expectedIntervalSeconds",
    "gatewayId",
    "kind",
    "name",
    "place",
    "version",
  ]);
});

test("dead letters show what came, readable and byte for byte, and only of this kitchen", async (t) => {
  const made = await createKitchenApi(t);
  const head = await made.signIn("head");
  const hostile = Buffer.from("<script>\u001b[31m\u202Ealert(1)");
  await made.ingest.applyEffects([
    deadLetter(1, { firstBytes: hostile, payloadBytes: hostile.length }),
    deadLetter(1, { sppgId: otherSppgId, deviceId: "probe-2", offset: 2_000 }),
  ]);
  const answer = await head.get(`/api/kitchens/${sppgId}/dead-letters`);
  const { deadLetters } = answer.json();
  expect(deadLetters).toHaveLength(1);
  expect(deadLetters[0]).toMatchObject({
    deviceId: "probe-1",
    reason: "DEVICES_PAYLOAD_NOT_JSON",
    preview: "<script>·[31m·alert(1)",
    number: 1,
  });
  expect(Buffer.from(deadLetters[0].firstBytes, "base64")).toEqual(hostile);
  expect(answer.headers["content-type"]).toMatch(/^application\/json/);
  const none = await head.get(`/api/kitchens/${sppgId}/dead-letters?device=probe-2`);
  expect(none.json()).toEqual({ deadLetters: [] });
});
