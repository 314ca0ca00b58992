import { encodePublish, encodePubrel } from "./encode.ts";
import { IncomingMessages } from "./incoming.ts";
import type { QoS } from "./packet-types.ts";

/** What a session sends through while its client is connected. */
export interface Outlet {
  write(bytes: Buffer): void;
  /** The client does not take its bytes: QoS 0 is dropped, QoS 1 and 2 wait in the session. */
  readonly isCongested: boolean;
  /** Whoever passes by reads what it is sent. */
  readonly isOnWall: boolean;
  /** The second line of the access check, at delivery. */
  mayReceive(topicName: string): boolean;
}

export interface Message {
  topicName: string;
  payload: Buffer;
  qos: QoS;
  retain: boolean;
  /** On the monotonic clock: from then on it is delivered to nobody. Left out: it never ends. */
  expiresAtMs?: number;
}

/** What became of a message for one session; `waiting`: for its client, or for room towards it. */
export type Delivery = "sent" | "waiting" | "dropped";

export interface SessionLimits {
  /** Unacknowledged QoS 1 and 2 messages towards one client. */
  windowMessages: number;
  /**
   * Messages that wait beyond the window, or for a client that is away. The window closes at as
   * many bytes too, or 64 large messages a client would outweigh every queue.
   */
  queueBytes: number;
  /** QoS 2 packet ids that await PUBREL. */
  incomingMax: number;
  /** Acknowledgements of nothing, per connection, before it counts as hostile. */
  unexpectedAcksMax: number;
}

export interface SessionCounters {
  delivered: number;
  droppedCongested: number;
  droppedQueueFull: number;
  droppedExpired: number;
}

interface InFlight {
  /** With the QoS that it goes out with. */
  message: Message;
  /** QoS 2: PUBREC has come, PUBREL is out. */
  isReleased: boolean;
}

/** The bookkeeping of a kept message beside its topic and payload, in bytes, by estimate. */
const messageOverheadBytes = 128;

function costBytes(message: Message): number {
  return message.topicName.length + message.payload.length + messageOverheadBytes;
}

/**
 * What MQTT keeps for one client id: subscriptions, messages towards the client, and the QoS 2 ids
 * from it. Aedes has no window, no redelivery with DUP and no bound here (`aedes.md` section 10).
 */
export class Session {
  readonly id: string;
  readonly principalName: string;
  readonly isClean: boolean;
  readonly filters = new Map<string, QoS>();
  readonly incoming: IncomingMessages;
  /** When the client went away, on the monotonic clock; `null` while it is here. */
  awaySinceMs: number | null = null;
  readonly #limits: SessionLimits;
  readonly #counters: SessionCounters;
  readonly #monotonicMs: () => number;
  readonly #inFlight = new Map<number, InFlight>();
  readonly #queue: Message[] = [];
  #queuedBytes = 0;
  #inFlightBytes = 0;
  #outlet: Outlet | null = null;
  #isOnWall = false;
  /** What was under way before has been sent again, so that new messages may follow. */
  #isResumed = false;
  #nextMessageId = 1;
  #unexpectedAcks = 0;

  constructor(options: {
    id: string;
    principalName: string;
    isClean: boolean;
    limits: SessionLimits;
    counters: SessionCounters;
    /** Default: the process's. */
    monotonicMs?: () => number;
  }) {
    this.id = options.id;
    this.principalName = options.principalName;
    this.isClean = options.isClean;
    this.#limits = options.limits;
    this.incoming = new IncomingMessages(options.limits.incomingMax);
    this.#counters = options.counters;
    this.#monotonicMs = options.monotonicMs ?? (() => performance.now());
  }

  get outlet(): Outlet | null {
    return this.#outlet;
  }

  /** As its client is, or was. */
  get isOnWall(): boolean {
    return this.#isOnWall;
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  get inFlightCount(): number {
    return this.#inFlight.size;
  }

  /** The client is here. Until `resume`, what must not be lost waits. */
  attach(outlet: Outlet): void {
    this.#outlet = outlet;
    this.#isOnWall = outlet.isOnWall;
    this.#isResumed = false;
    this.awaySinceMs = null;
    this.#unexpectedAcks = 0;
  }

  /**
   * Call it after CONNACK. Sends what the client may not have got, in the old order and with DUP
   * [MQTT-4.4.0-1, MQTT-4.6.0-1], then what waited.
   */
  resume(): void {
    const outlet = this.#outlet;
    if (outlet === null || this.#isResumed) return;
    this.#isResumed = true;
    for (const [messageId, { message, isReleased }] of this.#inFlight) {
      // It may have been received before, or never: after its end neither is helped by a repeat.
      if (!isReleased && this.#isExpired(message)) {
        this.#counters.droppedExpired++;
        this.#forget(messageId, message);
      } else if (isReleased) outlet.write(encodePubrel(messageId));
      else outlet.write(encodePublish({ ...message, dup: true, messageId }));
    }
    this.flush();
  }

  detach(nowMs: number): void {
    this.#outlet = null;
    this.awaySinceMs = nowMs;
  }

  /**
   * Delivers at the lower of the message's and the granted QoS. `shared` is the QoS 0 encoding,
   * made once for all subscribers.
   */
  deliver(message: Message, granted: QoS, shared: () => Buffer): Delivery {
    const qos = Math.min(message.qos, granted) as QoS;
    const outlet = this.#outlet;
    if (outlet !== null && !outlet.mayReceive(message.topicName)) return "dropped";
    if (qos === 0) {
      // [MQTT-4.3.1]: at most once; a client that is away or does not read has lost it.
      if (outlet === null) return "dropped";
      if (outlet.isCongested) {
        this.#counters.droppedCongested++;
        return "dropped";
      }
      outlet.write(shared());
      this.#counters.delivered++;
      return "sent";
    }
    const own = { ...message, qos };
    if (this.#queue.length > 0 || !this.#canSend()) return this.#enqueue(own);
    this.#send(own);
    return "sent";
  }

  /** Delivers what was retained before the subscription, with the flag that says so. */
  deliverRetained(message: Omit<Message, "retain">, granted: QoS): void {
    const retained = { ...message, retain: true };
    this.deliver(retained, granted, () =>
      encodePublish({ ...retained, qos: 0, dup: false, messageId: 0 }),
    );
  }

  /** Sends from the queue while the window and the socket allow it. */
  flush(): void {
    while (this.#canSend()) {
      const message = this.#queue.shift();
      if (message === undefined) return;
      this.#queuedBytes -= costBytes(message);
      if (this.#isExpired(message)) this.#counters.droppedExpired++;
      else if (this.#outlet?.mayReceive(message.topicName) === true) this.#send(message);
    }
  }

  /**
   * PUBACK (4), PUBREC (5) or PUBCOMP (7) from the client. `false`: close it, for a violation or
   * for too many answers to nothing.
   */
  acknowledge(type: 4 | 5 | 7, messageId: number): boolean {
    const entry = this.#inFlight.get(messageId);
    const isExpected =
      entry !== undefined &&
      (type === 4
        ? entry.message.qos === 1
        : entry.message.qos === 2 && (type === 5 || entry.isReleased));
    if (!isExpected) {
      // [MQTT-4.8.0-1]: the wrong kind of answer to a message under way is a protocol violation.
      if (entry !== undefined) return false;
      this.#unexpectedAcks++;
      // A client whose QoS 2 exchange outlived our session can only end it with our PUBREL.
      if (type === 5) this.#outlet?.write(encodePubrel(messageId));
      return this.#unexpectedAcks <= this.#limits.unexpectedAcksMax;
    }
    if (type === 5) {
      entry.isReleased = true;
      this.#outlet?.write(encodePubrel(messageId));
      return true;
    }
    this.#forget(messageId, entry.message);
    this.flush();
    return true;
  }

  #canSend(): boolean {
    const outlet = this.#outlet;
    return (
      outlet !== null &&
      this.#isResumed &&
      !outlet.isCongested &&
      this.#inFlight.size < this.#limits.windowMessages &&
      this.#inFlightBytes < this.#limits.queueBytes
    );
  }

  #send(message: Message): void {
    const messageId = this.#takeMessageId();
    this.#inFlight.set(messageId, { message, isReleased: false });
    this.#inFlightBytes += costBytes(message);
    this.#counters.delivered++;
    this.#outlet?.write(encodePublish({ ...message, dup: false, messageId }));
  }

  #enqueue(message: Message): Delivery {
    const size = costBytes(message);
    const isFull = (): boolean => this.#queuedBytes + size > this.#limits.queueBytes;
    // Only where commands wait for a device: what is over takes nothing else's place.
    if (isFull() && message.expiresAtMs !== undefined) this.#dropExpired();
    if (isFull()) {
      this.#counters.droppedQueueFull++;
      return "dropped";
    }
    this.#queuedBytes += size;
    this.#queue.push(message);
    return "waiting";
  }

  #isExpired({ expiresAtMs }: Message): boolean {
    return expiresAtMs !== undefined && expiresAtMs <= this.#monotonicMs();
  }

  #dropExpired(): void {
    const alive = this.#queue.filter((message) => !this.#isExpired(message));
    this.#counters.droppedExpired += this.#queue.length - alive.length;
    this.#queue.splice(0, this.#queue.length, ...alive);
    this.#queuedBytes = alive.reduce((bytes, message) => bytes + costBytes(message), 0);
  }

  #forget(messageId: number, message: Message): void {
    this.#inFlight.delete(messageId);
    this.#inFlightBytes -= costBytes(message);
  }

  /** The next id that is not in use [MQTT-2.3.1-4]; the window is far smaller than the id space. */
  #takeMessageId(): number {
    while (this.#inFlight.has(this.#nextMessageId)) this.#advanceMessageId();
    const messageId = this.#nextMessageId;
    this.#advanceMessageId();
    return messageId;
  }

  #advanceMessageId(): void {
    this.#nextMessageId = this.#nextMessageId >= 65_535 ? 1 : this.#nextMessageId + 1;
  }
}
