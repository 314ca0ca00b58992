import { formatPrincipal, presenceTopic } from "../../devices/index.ts";
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

type PresenceListener = (change: PresenceChange) => void;

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

interface Here {
  connections: number;
  change: PresenceChange;
}

/**
 * Who is connected, here or at another broker. A device is online while any connection of it is
 * left, so a takeover, a move or a second connection is not a change. The broker writes presence
 * itself: a will can be forged in the device's own name, and a revoked device sends none.
 */
export class Presence {
  readonly #here = new Map<string, Here>();
  /** Devices that are online at other brokers: which brokers those are. */
  readonly #elsewhere = new Map<string, Set<string>>();
  readonly #publish: (message: Message) => void;
  readonly #wallMs: () => number;
  readonly #listeners = new Set<PresenceListener>();
  readonly #localListeners = new Set<PresenceListener>();

  constructor(publish: (message: Message) => void, wallMs: () => number) {
    this.#publish = publish;
    this.#wallMs = wallMs;
  }

  /** Devices with a connection here. */
  get onlineCount(): number {
    return this.#here.size;
  }

  /** Devices with a connection here, and since when. */
  *here(): Iterable<PresenceChange> {
    for (const { change } of this.#here.values()) yield change;
  }

  onChange(listener: PresenceListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Hears of first and last connections here, whatever there is elsewhere. */
  onLocalChange(listener: PresenceListener): () => void {
    this.#localListeners.add(listener);
    return () => this.#localListeners.delete(listener);
  }

  connected({ name, sppgId, deviceId }: DevicePrincipal): void {
    const here = this.#here.get(name);
    if (here !== undefined) {
      here.connections += 1;
      return;
    }
    const change = { sppgId, deviceId, online: true, sinceMs: this.#wallMs() };
    this.#here.set(name, { connections: 1, change });
    if (!this.#elsewhere.has(name)) this.#tell(change);
    for (const listener of this.#localListeners) listener(change);
  }

  disconnected({ name, sppgId, deviceId }: DevicePrincipal): void {
    const here = this.#here.get(name);
    if (here === undefined) return;
    here.connections -= 1;
    if (here.connections > 0) return;
    this.#here.delete(name);
    const change = { sppgId, deviceId, online: false, sinceMs: this.#wallMs() };
    if (!this.#elsewhere.has(name)) this.#tell(change);
    for (const listener of this.#localListeners) listener(change);
  }

  /** What another broker says of a device. Repeats are no change. */
  setElsewhere(nodeId: string, change: PresenceChange): void {
    const name = formatPrincipal(change.sppgId, change.deviceId);
    const nodes = this.#elsewhere.get(name) ?? new Set();
    const wasOnline = nodes.size > 0 || this.#here.has(name);
    if (change.online) nodes.add(nodeId);
    else nodes.delete(nodeId);
    if (nodes.size > 0) this.#elsewhere.set(name, nodes);
    else this.#elsewhere.delete(name);
    const isOnline = nodes.size > 0 || this.#here.has(name);
    if (isOnline !== wasOnline) this.#tell(change);
  }

  #tell(change: PresenceChange): void {
    const { sppgId, deviceId, online, sinceMs: since } = change;
    this.#publish({
      topicName: presenceTopic(sppgId, deviceId),
      payload: Buffer.from(JSON.stringify({ online, since })),
      qos: 1,
      retain: true,
    });
    for (const listener of this.#listeners) listener(change);
  }
}
