import { Gate, GateError, type GatePacket } from "../../../broker/edge/gate.ts";
import type { GateFault } from "../../../broker/edge/packet-types.ts";
import { packets } from "../../support/mqtt-wire.ts";

export const gateLimits = { packetBytesBeforeConnect: 4096, packetBytes: 262_144 };

export interface Passage {
  packets: GatePacket[];
  fault: GateFault | null;
  returnCode: number | null;
  /** The most bytes of an incomplete packet that the gate held. */
  heldBytesMax: number;
}

/** Sends chunks through a new gate until its first fault, as the pump does. */
export function passGate(chunks: readonly Uint8Array[], limits = gateLimits): Passage {
  const gate = new Gate(limits);
  const passage: Passage = { packets: [], fault: null, returnCode: null, heldBytesMax: 0 };
  try {
    for (const chunk of chunks) {
      gate.push(Buffer.from(chunk));
      for (let packet = gate.next(); packet !== null; packet = gate.next()) {
        // The first packet that passes is a CONNECT.
        if (passage.packets.length === 0) gate.markAccepted();
        passage.packets.push(packet);
      }
      passage.heldBytesMax = Math.max(passage.heldBytesMax, gate.heldBytes);
    }
  } catch (error) {
    if (!(error instanceof GateError)) throw error;
    passage.fault = error.fault;
    passage.returnCode = error.returnCode;
  }
  return passage;
}

/** What passes after an accepted CONNECT, which is left out. */
export function passAfterConnect(...bytes: readonly Uint8Array[]): Passage {
  const passage = passGate([packets.connect(), ...bytes]);
  return { ...passage, packets: passage.packets.slice(1) };
}

export function cut(bytes: Uint8Array, ...positions: readonly number[]): Uint8Array[] {
  const edges = [0, ...positions, bytes.length];
  return edges.slice(1).map((end, index) => bytes.subarray(edges[index], end));
}

export function cutIntoBytes(bytes: Uint8Array): Uint8Array[] {
  return Array.from(bytes, (_, index) => bytes.subarray(index, index + 1));
}
