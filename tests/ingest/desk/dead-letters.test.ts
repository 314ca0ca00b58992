import { expect, test } from "vitest";
import { childUnknownDetail } from "../../../ingest/decode/unknown-child.ts";
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

test("letters are counted by device: all that there were, and what is kept", async (t) => {
  const { ingest, desk } = await openDesk(t);
  const flood = Array.from({ length: 250 }, (_, index) => deadLetter(index + 1));
  const rejected = [1, 2].map((offset) => deadLetter(1, { deviceId: "probe-2", offset }));
  await ingest.applyEffects([...flood, ...rejected]);
  await ingest.applyEffects([deadLetter(1, { sppgId: otherSppgId })]);
  const counts = await desk.countDeadLetters(sppgId);
  expect(counts.toSorted((a, b) => a.total - b.total)).toEqual([
    { deviceId: "probe-2", total: 1, kept: 1, newestAtMs: rejected[1]?.letter.receivedTimeMs },
    { deviceId: "probe-1", total: 250, kept: 200, newestAtMs: flood.at(-1)?.letter.receivedTimeMs },
  ]);
});

test("children that a gateway speaks of are listed once, the newest first", async (t) => {
  const { ingest, desk } = await openDesk(t);
  const about = (total: number, detail: string, reason = "INGEST_CHILD_UNKNOWN") =>
    deadLetter(total, { deviceId: "gw-1", detail, reason });
  await ingest.applyEffects([
    about(1, childUnknownDetail("old", "gw-1")),
    about(2, childUnknownDetail("twice", "gw-1")),
    about(3, `${childUnknownDetail("twice", "gw-1")} (and 4 more of this payload)`),
    about(4, childUnknownDetail("not an id", "gw-1")),
    about(5, childUnknownDetail("other", "gw-1"), "DEVICES_FIELD_MISSING"),
  ]);
  const children = await desk.listUnknownChildren(sppgId);
  expect(children).toEqual([
    { gatewayId: "gw-1", childId: "twice", newestAtMs: about(3, "").letter.receivedTimeMs },
    { gatewayId: "gw-1", childId: "old", newestAtMs: about(1, "").letter.receivedTimeMs },
  ]);
  expect(await desk.listUnknownChildren(otherSppgId)).toEqual([]);
});
