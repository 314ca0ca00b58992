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
 * because a rejection ends the process or jams a client (`aedes.md` section 7), with the one
 * exception that Aedes needs: `incomingGetPacket` rejects for an id that is not in use.
 * Retained messages, wills and messages towards clients never pass through here.
 */
export function createPersistence(sessions: SessionStore, incomingMax: number): object {
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
    outgoingStream: empty,
    putWill: nothing,
    delWill: nothing,
    // A will of another process is not ours to send, and one of a revoked device is nobody's.
    streamWill: empty,
    subscriptionsByTopic: async (): Promise<[]> => [],
    subscriptionsByClient: async (client: ClientRef): Promise<{ topic: string; qos: QoS }[]> => {
      const session = sessions.findPersistent(client.id);
      if (session === null) return [];
      const filters = [...session.filters].map(([topic, qos]) => ({ topic, qos }));
      return [{ topic: sessionMarker, qos: 0 }, ...filters];
    },
    cleanSubscriptions: nothing,
    incomingStorePacket: async (client: ClientRef, packet: PacketRef): Promise<void> => {
      const ids = sessions.get(client.id)?.incomingIds;
      if (ids === undefined) return;
      if (ids.size >= incomingMax) throw new Error("too many QoS 2 messages await PUBREL");
      ids.add(packet.messageId);
    },
    incomingGetPacket: async (client: ClientRef, packet: PacketRef): Promise<PacketRef> => {
      if (sessions.get(client.id)?.incomingIds.has(packet.messageId) === true) return packet;
      throw new Error("no such packet");
    },
    incomingDelPacket: async (client: ClientRef, packet: PacketRef): Promise<void> => {
      sessions.get(client.id)?.incomingIds.delete(packet.messageId);
    },
    cleanIncoming: nothing,
  };
}
