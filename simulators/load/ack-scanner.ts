const connackType = 2;
/** The first two bytes of every PUBACK. */
const pubackHeader = 0x40;
const pubackLength = 2;

export interface AckHandler {
  connack(returnCode: number): void;
  puback(messageId: number): void;
}

export interface AckScanner {
  /** Reads the first `length` bytes of `chunk`, which may be reused afterwards. */
  scan(chunk: Uint8Array, length: number): void;
}

/**
 * Finds CONNACK and PUBACK in what a server sends, and steps over everything else. A parser
 * library would cost more than the rest of the generator: nearly every packet is a PUBACK of
 * exactly four bytes.
 */
export function createAckScanner(handler: AckHandler): AckScanner {
  /** The start of a packet whose end has not come yet. */
  let rest: Uint8Array | null = null;

  const scanWhole = (bytes: Uint8Array, length: number): number => {
    let at = 0;
    for (;;) {
      while (at + 4 <= length && bytes[at] === pubackHeader && bytes[at + 1] === pubackLength) {
        handler.puback(((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0));
        at += 4;
      }
      const end = packetEnd(bytes, at, length);
      if (end < 0) return at;
      if ((bytes[at] ?? 0) >> 4 === connackType) handler.connack(bytes[at + 3] ?? 255);
      at = end;
    }
  };

  return {
    scan(chunk, length) {
      const bytes: Uint8Array =
        rest === null ? chunk : Buffer.concat([rest, chunk.subarray(0, length)]);
      const total = rest === null ? length : bytes.length;
      const used = scanWhole(bytes, total);
      rest = used < total ? Uint8Array.prototype.slice.call(bytes, used, total) : null;
    },
  };
}

/** Where the packet at `at` ends, or −1 while it is not complete. */
function packetEnd(bytes: Uint8Array, at: number, length: number): number {
  let bodyBytes = 0;
  let position = at + 1;
  for (let shift = 0; position < length; shift += 7) {
    const digit = bytes[position] ?? 0;
    bodyBytes += (digit & 127) << shift;
    position += 1;
    if (digit < 128) return position + bodyBytes <= length ? position + bodyBytes : -1;
  }
  return -1;
}
