import { expect, test } from "vitest";
import { deadLetter, openDesk, otherSppgId, sppgId } from "./factories.ts";

test("dead letters are listed newest first, with what the device had sent", async (t) => {
  const { ingest, desk } = await openDesk(t);
  await ingest.applyEffects([
    deadLetter(1),
    deadLetter(1, { deviceId: "probe-2", offset: 1_050 }),
    deadLetter(2, { detail: "with a NUL \0 in it", offset: 1_050, index: 1 }),
    deadLetter(1, { sppgId: otherSppgId }),
  ]);
  const letters = await desk.listDeadLetters({ sppgId, limit: 10 });
  expect(letters.map(({ deviceId, number }) => [deviceId, number])).toEqual([
    ["probe-1", 2],
    ["probe-2", 1],
    ["probe-1", 1],
  ]);
  expect(letters[0]).toEqual({
    deviceId: "probe-1",
    topicName: "sppg/sppg-jakarta-001/telemetry/probe-1/temperature",
    firstBytes: new Uint8Array([0x7b, 0, 0xff]),
    payloadBytes: 3,
    reason: "DEVICES_PAYLOAD_NOT_JSON",
    detail: "with a NUL \uFFFD in it",
    receivedTimeMs: deadLetter(2).letter.receivedTimeMs,
    number: 2,
  });
  const ofOne = await desk.listDeadLetters({ sppgId, deviceId: "probe-2", limit: 10 });
  expect(ofOne.map(({ deviceId }) => deviceId)).toEqual(["probe-2"]);
  expect(await desk.listDeadLetters({ sppgId, limit: 1 })).toEqual(letters.slice(0, 1));
});

test("a device keeps its newest 200 letters, whatever it floods with", async (t) => {
  const { ingest, desk } = await openDesk(t);
  const flood = Array.from({ length: 1_050 }, (_, index) => deadLetter(index + 1));
  await ingest.applyEffects([deadLetter(1, { deviceId: "quiet" }), ...flood.slice(0, 700)]);
  await ingest.applyEffects(flood.slice(650));
  const letters = await desk.listDeadLetters({ sppgId, deviceId: "probe-1", limit: 1_000 });
  const newest = Array.from({ length: 200 }, (_, index) => 1_050 - index);
  expect(letters.map(({ number }) => number)).toEqual(newest);
  expect(await desk.listDeadLetters({ sppgId, deviceId: "quiet", limit: 10 })).toHaveLength(1);
});

test("an older letter never takes its slot back from a newer one", async (t) => {
  const { ingest, desk } = await openDesk(t);
  await ingest.applyEffects([deadLetter(201), deadLetter(1)]);
  await ingest.applyEffects([deadLetter(1)]);
  const letters = await desk.listDeadLetters({ sppgId, limit: 10 });
  expect(letters.map(({ number }) => number)).toEqual([201]);
});

test("a slot beyond the ring is refused: the table stays bounded", async (t) => {
  const { ingest, desk } = await openDesk(t);
  await expect(ingest.applyEffects([{ ...deadLetter(1), slot: 200 }])).rejects.toThrow("outside");
  expect(await desk.listDeadLetters({ sppgId, limit: 10 })).toEqual([]);
});
