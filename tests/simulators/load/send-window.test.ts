import { expect, test } from "vitest";
import { messageIdOf } from "../../../simulators/load/packets.ts";
import { createSendWindow, type SendWindow } from "../../../simulators/load/send-window.ts";

function windowWith(count: number): SendWindow {
  const window = createSendWindow({ topicName: "t", qos: 1, window: 8, boot: undefined });
  for (let seq = 0; seq < count; seq += 1) window.add(1_795_300_000_000, seq * 10);
  return window;
}

test("acks in order make one range, and tell when each message was due", () => {
  const window = windowWith(5);
  expect([0, 1, 2].map((seq) => window.acknowledge(messageIdOf(seq)))).toEqual([0, 10, 20]);
  expect(window.ackedRanges()).toEqual([[0, 2]]);
  expect(window.position).toMatchObject({ oldestSeq: 3, nextSeq: 5, earlyAcks: 0 });
});

test("acks out of order are counted, kept apart, and joined when the gap closes", () => {
  const window = windowWith(6);
  for (const seq of [1, 2, 4]) window.acknowledge(messageIdOf(seq));
  expect(window.ackedRanges()).toEqual([
    [1, 2],
    [4, 4],
  ]);
  window.acknowledge(messageIdOf(0));
  expect(window.ackedRanges()).toEqual([
    [0, 2],
    [4, 4],
  ]);
  window.acknowledge(messageIdOf(3));
  expect(window.ackedRanges()).toEqual([[0, 4]]);
  expect(window.position.earlyAcks).toBe(3);
});

test("an ack of nothing in flight, or a second ack, acknowledges nothing", () => {
  const window = windowWith(3);
  window.acknowledge(messageIdOf(1));
  for (const messageId of [messageIdOf(1), messageIdOf(3), 65_535, 0]) {
    expect(window.acknowledge(messageId)).toBe(-1);
  }
  expect(window.ackedRanges()).toEqual([[1, 1]]);
});

test("only what was not acknowledged is sent again", () => {
  const window = windowWith(4);
  for (const seq of [0, 2]) window.acknowledge(messageIdOf(seq));
  const duplicates = window.duplicates().map((bytes) => Buffer.from(bytes));
  expect(duplicates.map((bytes) => [bytes[0], bytes.readUInt16BE(5)])).toEqual([
    [0x3a, messageIdOf(1)],
    [0x3a, messageIdOf(3)],
  ]);
});

test("the ring wraps, and message ids wrap with it", () => {
  const window = windowWith(0);
  for (let seq = 0; seq < 70_000; seq += 1) {
    window.add(1_795_300_000_000, seq);
    expect(window.acknowledge(messageIdOf(seq))).toBe(seq);
  }
  expect(window.ackedRanges()).toEqual([[0, 69_999]]);
  for (let seq = 70_000; seq < 70_008; seq += 1) window.add(1_795_300_000_000, seq);
  const pieces = window.bytesFrom(70_000);
  const ids = pieces.flatMap((piece) => {
    const bytes = Buffer.from(piece);
    const packetBytes = bytes.readUInt8(1) + 2;
    return Array.from({ length: bytes.length / packetBytes }, (_, index) =>
      bytes.readUInt16BE(index * packetBytes + 5),
    );
  });
  expect(ids).toEqual(Array.from({ length: 8 }, (_, index) => messageIdOf(70_000 + index)));
});
