import { createPublishSlots, messageIdCount, messageIdOf } from "./packets.ts";

export interface SendWindowOptions {
  topicName: string;
  qos: 0 | 1;
  /** Messages in flight at most: 1 to 65,535, the number of message ids. */
  window: number;
  boot: number | undefined;
}

/** Inclusive, in order, not touching each other. */
export type SeqRange = [from: number, to: number];

/** Messages `oldestSeq` to `nextSeq − 1` are in flight; all below are acknowledged. */
export interface WindowPosition {
  readonly oldestSeq: number;
  readonly nextSeq: number;
  /** Acks that came before an older message's. MQTT forbids them at one QoS. */
  readonly earlyAcks: number;
}

export interface SendWindow {
  /** Changes as messages are sent and acknowledged. */
  readonly position: WindowPosition;
  /** Takes the next message into flight. `dueAtUs` is when its latency starts to count. */
  add(tsMs: number, dueAtUs: number): void;
  /** The bytes of the messages from `firstSeq` to the newest: two pieces where the ring wraps. */
  bytesFrom(firstSeq: number): Uint8Array[];
  /** When the acknowledged message was due, in µs; −1 for an ack of nothing in flight. */
  acknowledge(messageId: number): number;
  /** Each message in flight, marked as a duplicate. */
  duplicates(): Uint8Array[];
  /** Forgets what is in flight below `seq`: at QoS 0 it has left and nobody will say more. */
  releaseBelow(seq: number): void;
  ackedRanges(): SeqRange[];
}

/**
 * The messages of one device that are in flight, in a ring of prebuilt packets. What was
 * acknowledged is known exactly and in a few bytes, whatever happens to the connection.
 */
export function createSendWindow(options: SendWindowOptions): SendWindow {
  const { window, qos } = options;
  const slots = createPublishSlots({ ...options, count: window });
  const { bytes, packetBytes } = slots;
  const dueAtUs = new Float64Array(window);
  const isAckedEarly = new Uint8Array(window);
  const position = { oldestSeq: 0, nextSeq: 0, earlyAcks: 0 };

  const isEarly = (seq: number): boolean => isAckedEarly[seq % window] === 1;

  const slotBytes = (seq: number, count: number): Uint8Array =>
    bytes.subarray((seq % window) * packetBytes, ((seq % window) + count) * packetBytes);

  const advance = (): void => {
    position.oldestSeq += 1;
    while (position.oldestSeq < position.nextSeq && isEarly(position.oldestSeq)) {
      isAckedEarly[position.oldestSeq % window] = 0;
      position.oldestSeq += 1;
    }
  };

  return {
    position,
    add(tsMs, due) {
      const slot = position.nextSeq % window;
      slots.fill(slot, position.nextSeq, tsMs);
      dueAtUs[slot] = due;
      position.nextSeq += 1;
    },
    bytesFrom(firstSeq) {
      const untilWrap = Math.min(position.nextSeq - firstSeq, window - (firstSeq % window));
      const head = slotBytes(firstSeq, untilWrap);
      const wrapSeq = firstSeq + untilWrap;
      return wrapSeq === position.nextSeq
        ? [head]
        : [head, slotBytes(wrapSeq, position.nextSeq - wrapSeq)];
    },
    acknowledge(messageId) {
      const ahead = (messageId - messageIdOf(position.oldestSeq) + messageIdCount) % messageIdCount;
      const slot = (position.oldestSeq + ahead) % window;
      if (ahead >= position.nextSeq - position.oldestSeq || isAckedEarly[slot] === 1) return -1;
      if (ahead === 0) advance();
      else {
        isAckedEarly[slot] = 1;
        position.earlyAcks += 1;
      }
      return dueAtUs[slot] ?? 0;
    },
    duplicates() {
      const pieces: Uint8Array[] = [];
      for (let seq = position.oldestSeq; seq < position.nextSeq; seq += 1) {
        if (isEarly(seq)) continue;
        slots.markDuplicate(seq % window);
        pieces.push(slotBytes(seq, 1));
      }
      return pieces;
    },
    releaseBelow(seq) {
      position.oldestSeq = Math.max(position.oldestSeq, seq);
    },
    ackedRanges: () => (qos === 0 ? [] : rangesOf(position, isEarly)),
  };
}

function rangesOf(position: WindowPosition, isEarly: (seq: number) => boolean): SeqRange[] {
  const { oldestSeq, nextSeq } = position;
  const ranges: SeqRange[] = oldestSeq > 0 ? [[0, oldestSeq - 1]] : [];
  for (let seq = oldestSeq; seq < nextSeq; seq += 1) {
    if (!isEarly(seq)) continue;
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === seq - 1) last[1] = seq;
    else ranges.push([seq, seq]);
  }
  return ranges;
}
