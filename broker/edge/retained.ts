import type { QoS } from "./packet-types.ts";
import { topicMatches } from "./topic-rules.ts";

export interface RetainedMessage {
  topicName: string;
  payload: Buffer;
  qos: QoS;
}

export interface RetainedLimits {
  /** Devices may not retain, so these are the broker's own (presence), or a conformance run's. */
  messagesMax: number;
  bytesMax: number;
}

interface Level {
  children: Map<string, Level>;
  message: RetainedMessage | null;
}

function newLevel(): Level {
  // A Map, because the keys are topic levels from the wire.
  return { children: new Map(), message: null };
}

function sizeOf(message: RetainedMessage): number {
  return message.topicName.length + message.payload.length;
}

/**
 * Retained messages by topic level, so that a wildcard subscription walks only what it can match
 * (the stock persistence scans every retained topic for each filter).
 */
export class RetainedMessages {
  readonly #limits: RetainedLimits;
  readonly #root = newLevel();
  #count = 0;
  #bytes = 0;

  constructor(limits: RetainedLimits) {
    this.#limits = limits;
  }

  get count(): number {
    return this.#count;
  }

  /** Topic names and payloads, without what the tree itself takes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Nothing is retained, and nothing is left of what was. */
  get isEmpty(): boolean {
    return this.#root.children.size === 0;
  }

  /**
   * Stores, replaces, or (empty payload [MQTT-3.3.1-10]) removes. `false`: no room, not stored; the
   * message that it should have replaced is removed, because it is not true any more.
   */
  store(message: RetainedMessage): boolean {
    const path = message.topicName.split("/");
    if (message.payload.length === 0) {
      this.#remove(path);
      return true;
    }
    const previous = this.get(message.topicName);
    const size = sizeOf(message);
    const previousSize = previous === null ? 0 : sizeOf(previous);
    if (previous === null && this.#count >= this.#limits.messagesMax) return false;
    if (this.#bytes + size - previousSize > this.#limits.bytesMax) {
      this.#remove(path);
      return false;
    }
    let level = this.#root;
    for (const name of path) {
      let child = level.children.get(name);
      if (child === undefined) {
        child = newLevel();
        level.children.set(name, child);
      }
      level = child;
    }
    level.message = { ...message, payload: Buffer.from(message.payload) };
    this.#count += previous === null ? 1 : 0;
    this.#bytes += size - previousSize;
    return true;
  }

  get(topicName: string): RetainedMessage | null {
    let level: Level | undefined = this.#root;
    for (const name of topicName.split("/")) {
      level = level.children.get(name);
      if (level === undefined) return null;
    }
    return level.message;
  }

  /** Every retained message that the filter matches. */
  match(filter: string): RetainedMessage[] {
    const found: RetainedMessage[] = [];
    this.#collect(this.#root, filter.split("/"), found);
    return found.filter((message) => topicMatches(filter, message.topicName));
  }

  #collect(level: Level, wanted: readonly string[], found: RetainedMessage[]): void {
    const [next, ...rest] = wanted;
    if (next === undefined) {
      if (level.message !== null) found.push(level.message);
      return;
    }
    if (next === "#") {
      // `a/#` matches `a` too.
      if (level.message !== null) found.push(level.message);
      for (const child of level.children.values()) this.#collect(child, wanted, found);
      return;
    }
    if (next === "+") {
      for (const child of level.children.values()) this.#collect(child, rest, found);
      return;
    }
    const child = level.children.get(next);
    if (child !== undefined) this.#collect(child, rest, found);
  }

  #remove(path: readonly string[]): void {
    const trail: Level[] = [this.#root];
    for (const name of path) {
      const child = trail.at(-1)?.children.get(name);
      if (child === undefined) return;
      trail.push(child);
    }
    const leaf = trail.at(-1);
    if (leaf === undefined || leaf.message === null) return;
    this.#count--;
    this.#bytes -= sizeOf(leaf.message);
    leaf.message = null;
    for (let depth = path.length; depth > 0; depth--) {
      const level = trail[depth];
      const name = path[depth - 1];
      if (level === undefined || name === undefined) return;
      if (level.message !== null || level.children.size > 0) return;
      trail[depth - 1]?.children.delete(name);
    }
  }
}
