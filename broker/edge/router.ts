import type { QoS } from "./packet-types.ts";

/** One subscriber of a topic with the highest QoS that its matching filters were granted. */
export interface Route<S> {
  subscriber: S;
  qos: QoS;
}

interface Level<S> {
  children: Map<string, Level<S>>;
  subscribers: Map<S, QoS>;
}

function newLevel<S>(): Level<S> {
  return { children: new Map(), subscribers: new Map() };
}

/** Cached topics: a kitchen has a few dozen realtime topics, and only watched ones are routed. */
const cachedTopicsMax = 10_000;

/**
 * Filters → subscribers. A topic that several filters of one subscriber match is delivered once,
 * at the highest granted QoS [MQTT-3.3.5-1]; Aedes takes the first match's. Matches are cached by
 * topic until a subscription changes.
 */
export class Router<S extends object> {
  readonly #root = newLevel<S>();
  readonly #cache = new Map<string, readonly Route<S>[]>();

  /** Nobody is subscribed to anything, and nothing is left of those who were. */
  get isEmpty(): boolean {
    return this.#root.children.size === 0;
  }

  add(filter: string, subscriber: S, qos: QoS): void {
    let level = this.#root;
    for (const name of filter.split("/")) {
      let child = level.children.get(name);
      if (child === undefined) {
        child = newLevel();
        level.children.set(name, child);
      }
      level = child;
    }
    level.subscribers.set(subscriber, qos);
    this.#cache.clear();
  }

  remove(filter: string, subscriber: S): void {
    const path = filter.split("/");
    const trail: Level<S>[] = [this.#root];
    for (const name of path) {
      const child = trail.at(-1)?.children.get(name);
      if (child === undefined) return;
      trail.push(child);
    }
    trail.at(-1)?.subscribers.delete(subscriber);
    for (let depth = path.length; depth > 0; depth--) {
      const level = trail[depth];
      const name = path[depth - 1];
      if (level === undefined || name === undefined) break;
      if (level.subscribers.size > 0 || level.children.size > 0) break;
      trail[depth - 1]?.children.delete(name);
    }
    this.#cache.clear();
  }

  /** Who receives a message on this topic name. */
  match(topicName: string): readonly Route<S>[] {
    const cached = this.#cache.get(topicName);
    if (cached !== undefined) return cached;
    const found = new Map<S, QoS>();
    const names = topicName.split("/");
    this.#collect(this.#root, { names, depth: 0 }, found);
    const routes = [...found].map(([subscriber, qos]) => ({ subscriber, qos }));
    if (this.#cache.size >= cachedTopicsMax) this.#cache.clear();
    this.#cache.set(topicName, routes);
    return routes;
  }

  #collect(
    level: Level<S>,
    at: { names: readonly string[]; depth: number },
    found: Map<S, QoS>,
  ): void {
    const { names, depth } = at;
    // [MQTT-4.7.2-1]: a wildcard at the first level does not match a `$` topic.
    const mayBeWild = depth > 0 || !(names[0] ?? "").startsWith("$");
    const rest = mayBeWild ? level.children.get("#") : undefined;
    if (rest !== undefined) keepHighest(found, rest.subscribers);
    const name = names[depth];
    if (name === undefined) {
      keepHighest(found, level.subscribers);
      return;
    }
    const literal = level.children.get(name);
    if (literal !== undefined) this.#collect(literal, { names, depth: depth + 1 }, found);
    const any = mayBeWild ? level.children.get("+") : undefined;
    if (any !== undefined) this.#collect(any, { names, depth: depth + 1 }, found);
  }
}

function keepHighest<S>(found: Map<S, QoS>, subscribers: ReadonlyMap<S, QoS>): void {
  for (const [subscriber, qos] of subscribers) {
    const known = found.get(subscriber);
    if (known === undefined || known < qos) found.set(subscriber, qos);
  }
}
