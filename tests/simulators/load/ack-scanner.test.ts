import * as fc from "fast-check";
import { expect, test } from "vitest";
import { createAckScanner } from "../../../simulators/load/ack-scanner.ts";
import { packets } from "../../support/mqtt-wire.ts";

interface Seen {
  connacks: number[];
  pubacks: number[];
}

function scanInPieces(bytes: Buffer, cuts: readonly number[]): Seen {
  const seen: Seen = { connacks: [], pubacks: [] };
  const scanner = createAckScanner({
    connack: (returnCode) => seen.connacks.push(returnCode),
    puback: (messageId) => seen.pubacks.push(messageId),
  });
  // One buffer for every read, as the sockets of a load share one.
  const shared = new Uint8Array(bytes.length);
  const edges = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length];
  edges.sort((a, b) => a - b);
  edges.slice(1).forEach((end, index) => {
    const piece = bytes.subarray(edges[index], end);
    shared.fill(0x40);
    shared.set(piece);
    scanner.scan(shared, piece.length);
  });
  return seen;
}

const stream = Buffer.concat([
  Buffer.from([0x20, 2, 0, 0]),
  packets.puback(1),
  packets.publish({ topicName: "a/b", payload: "@".repeat(300) }),
  packets.puback(2),
  Buffer.from([0xd0, 0]),
  packets.raw(0x90, Buffer.from([0, 1, 1])),
  packets.puback(65_535),
  packets.puback(64),
]);

test("acks are found wherever the stream is cut, and other packets are stepped over", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(), { maxLength: 20 }), (cuts) => {
      expect(scanInPieces(stream, cuts)).toEqual({
        connacks: [0],
        pubacks: [1, 2, 65_535, 64],
      });
    }),
  );
});

test("a stream that comes byte by byte is read the same", () => {
  const everywhere = Array.from({ length: stream.length }, (_, index) => index);
  expect(scanInPieces(stream, everywhere).pubacks).toEqual([1, 2, 65_535, 64]);
});

test("a refusal is told by its return code", () => {
  expect(scanInPieces(Buffer.from([0x20, 2, 0, 5]), []).connacks).toEqual([5]);
});
