import { presenceTopic } from "../../devices/index.ts";
import type { DevicePrincipal } from "./principal.ts";
import type { RetainedMessages } from "./retained.ts";
import type { Message } from "./session.ts";

export interface PresenceChange {
  sppgId: string;
  deviceId: string;
  online: boolean;
  /** Wall-clock ms since when it has been so. */
  sinceMs: number;
}

/** Devices of a kitchen that have been connected since the start, online or not. */
export function presenceOf(retained: RetainedMessages, sppgId: string): PresenceChange[] {
  const messages = retained.match(presenceTopic(sppgId, "+"));
  return messages.flatMap(({ topicName, payload }) => readPresence(topicName, payload) ?? []);
}

/** What `Presence` has published; `null` for what a conformance run may have put there. */
function readPresence(topicName: string, payload: Buffer): PresenceChange | null {
  const [, sppgId = "", , deviceId = ""] = topicName.split("/");
  const told = presencePattern.exec(payload.toString());
  if (told === null) return null;
  return { sppgId, deviceId, online: told[1] === "true", sinceMs: Number(told[2]) };
}

const presencePattern = /^\{"online":(true|false),"since":(\d{1,15})\}$/;

/**
 * Who is connected. A device is online while any connection of it is left, so a takeover or a
 * second connection is not a change. The broker writes presence itself: a will can be forged in
 * the device's own name, and a revoked device sends none.
 */
export class Presence {
  readonly #connections = new Map<string, number>();
  readonly #publish: (message: Message) => void;
  readonly #wallMs: () => number;
  readonly #listeners = new Set<(change: PresenceChange) => void>();

  constructor(publish: (message: Message) => void, wallMs: () => number) {
    this.#publish = publish;
    this.#wallMs = wallMs;
  }

  get onlineCount(): number {
    return this.#connections.size;
  }

  onChange(listener: (change: PresenceChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  connected(principal: DevicePrincipal): void {
    const count = this.#connections.get(principal.name) ?? 0;
    this.#connections.set(principal.name, count + 1);
    if (count === 0) this.#tell(principal, true);
  }

  disconnected(principal: DevicePrincipal): void {
    const count = this.#connections.get(principal.name);
    if (count === undefined) return;
    if (count > 1) {
      this.#connections.set(principal.name, count - 1);
      return;
    }
    this.#connections.delete(principal.name);
    this.#tell(principal, false);
  }

  #tell(principal: DevicePrincipal, online: boolean): void {
    const { sppgId, deviceId } = principal;
    const since = this.#wallMs();
    this.#publish({
      topicName: presenceTopic(sppgId, deviceId),
      payload: Buffer.from(JSON.stringify({ online, since })),
      qos: 1,
      retain: true,
    });
    for (const listener of this.#listeners) {
      listener({ sppgId, deviceId, online, sinceMs: since });
    }
  }
}
