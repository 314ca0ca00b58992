import { decodePacket, type ServerPacket } from "../../support/mqtt-wire.ts";
import type { Message, Outlet, SessionCounters } from "../../../broker/edge/session.ts";
import { Session } from "../../../broker/edge/session.ts";
import type { SessionStoreLimits } from "../../../broker/edge/session-store.ts";

export const sessionLimits: SessionStoreLimits = {
  windowMessages: 3,
  queueBytes: 10_000,
  incomingMax: 8,
  unexpectedAcksMax: 4,
  persistentPerPrincipal: 2,
  persistentMax: 4,
  expirySeconds: 60,
  filtersPerSession: 3,
};

/** A connection that keeps what is written to it. */
export class TestOutlet implements Outlet {
  isCongested = false;
  isOnWall = false;
  readonly refusedTopics = new Set<string>();
  readonly #written: ServerPacket[] = [];

  write(bytes: Buffer): void {
    const packet = decodePacket(bytes);
    if (packet === null || packet.bytes.length !== bytes.length) throw new Error("no whole packet");
    this.#written.push(packet);
  }

  mayReceive(topicName: string): boolean {
    return !this.refusedTopics.has(topicName);
  }

  /** What was written since the last call, e.g. `a q1 #3 dup "text"` or `pubrel #3`. */
  take(): string[] {
    return this.#written.splice(0).map(describe);
  }
}

function describe(packet: ServerPacket): string {
  if (packet.type !== "publish") {
    return "messageId" in packet ? `${packet.type} #${packet.messageId}` : packet.type;
  }
  const { topicName, qos, messageId, dup, retain, payload } = packet;
  const marks = [qos > 0 ? `#${messageId}` : "", dup ? "dup" : "", retain ? "retained" : ""];
  return [topicName, `q${qos}`, ...marks, JSON.stringify(payload.toString())]
    .filter((part) => part !== "")
    .join(" ");
}

export function message(qos: 0 | 1 | 2, text: string, topicName = "a"): Message {
  return { topicName, payload: Buffer.from(text), qos, retain: false };
}

export interface DrivenSession {
  session: Session;
  outlet: TestOutlet;
  counters: SessionCounters;
  /** The session's own: set it. */
  clock: { nowMs: number };
  /** Delivers each text at the QoS, subscribed with QoS 2. */
  send(qos: 0 | 1 | 2, ...texts: readonly string[]): void;
}

export function createSession(limits: Partial<SessionStoreLimits> = {}): DrivenSession {
  const counters = { delivered: 0, droppedCongested: 0, droppedQueueFull: 0, droppedExpired: 0 };
  const clock = { nowMs: 0 };
  const session = new Session({
    id: "sppg-1.probe-1:c",
    principalName: "sppg-1.probe-1",
    isClean: false,
    limits: { ...sessionLimits, ...limits },
    counters,
    monotonicMs: () => clock.nowMs,
  });
  const outlet = new TestOutlet();
  session.attach(outlet);
  session.resume();
  return {
    session,
    outlet,
    counters,
    clock,
    send(qos, ...texts) {
      for (const text of texts) session.deliver(message(qos, text), 2, () => shared(text));
    },
  };
}

/** The QoS 0 encoding that all subscribers share, of topic `a`. */
export function shared(text: string): Buffer {
  const payload = Buffer.from(text);
  return Buffer.concat([Buffer.of(0x30, payload.length + 3, 0, 1, 97), payload]);
}
