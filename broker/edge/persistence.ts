import { Readable } from "node:stream";
import { markerPrefix } from "./pump.ts";
import type { QoS } from "./packet-types.ts";
import type { SessionStore } from "./session-store.ts";

/** A subscription that says "there is a session", so that `sessionPresent` is truthful. */
export const sessionMarker = `${markerPrefix}session`;

interface ClientRef {
  id: string;
}

interface PacketRef {
  messageId: number;
}

/**
 * The persistence that Aedes is given: our sessions, behind its interface. Every method resolves,
 * because a rejection ends the process or jams a client (`aedes.md` section 7). Stock Aedes needs
 * `incomingGetPacket` to reject for an unknown id, because it publishes there; we do so earlier.
 * Retained messages, wills and messages towards clients never pass through here.
 */
export function createPersistence(
  sessions: SessionStore,
  acceptingVersion: () => 3 | 4 | null,
): object {
  const nothing = async (): Promise<void> => {};
  const empty = (): Readable => Readable.from([]);
  return {
    setup: async (): Promise<void> => {},
    storeRetained: nothing,
    createRetainedStreamCombi: empty,
    addSubscriptions: nothing,
    removeSubscriptions: nothing,
    outgoingEnqueue: nothing,
    outgoingEnqueueCombi: nothing,
    outgoingUpdate: nothing,
    outgoingClearMessageId: nothing,
    // Aedes pipes it at each sign-in and takes any iterable. A stream would cost each of them 8 KB
    // that outlive the next minor collection.
    outgoingStream: (): [] => [],
    putWill: nothing,
    delWill: nothing,
    // A will of another process is not ours to send, and one of a revoked device is nobody's.
    streamWill: empty,
    subscriptionsByTopic: async (): Promise<[]> => [],
    subscriptionsByClient: async (client: ClientRef): Promise<{ topic: string; qos: QoS }[]> => {
      const session = sessions.findPersistent(client.id);
      // Aedes asks within the callback that accepts a client. MQTT 3.1 has no session-present bit.
      if (session === null || acceptingVersion() === 3) return [];
      const filters = [...session.filters].map(([topic, qos]) => ({ topic, qos }));
      return [{ topic: sessionMarker, qos: 0 }, ...filters];
    },
    cleanSubscriptions: nothing,
    // "Known": the packet has been journaled, and routed if it is to be, before Aedes asks. So
    // Aedes answers PUBREC, and PUBCOMP to a PUBREL.
    incomingGetPacket: async (_client: ClientRef, packet: PacketRef): Promise<PacketRef> => packet,
    incomingStorePacket: nothing,
    incomingDelPacket: async (client: ClientRef, packet: PacketRef): Promise<void> => {
      sessions.get(client.id)?.incoming.release(packet.messageId);
    },
    cleanIncoming: nothing,
  };
}
