import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import * as z from "zod";
import type { Role } from "../../devices/index.ts";
import { brokerError } from "../errors.ts";
import type { Bus } from "./bus.ts";
import { type Answers, type CallOptions, Calls } from "./calls.ts";
import { type Envelope, peerTextCharsMax, readEnvelope } from "./messages.ts";
import { beatMs, Nodes } from "./nodes.ts";
import { toWireError } from "./wire-error.ts";

export interface PeersOptions {
  bus: Bus;
  roles: readonly Role[];
  log: Pick<Logger, "warn">;
  /** Default: a random one. It names this process as long as it runs. */
  nodeId?: string;
}

/** Whom a call is for: all who have a role, or one process. */
export type Callee = { role: Role } | { nodeId: string };

type Service = (body: unknown) => Promise<unknown>;
type NewsListener = (body: unknown, from: string) => void;

const prefix = "nadi:peers:";
const everyone = `${prefix}all`;
const channelOf = (callee: Callee): string =>
  "role" in callee ? `${prefix}role:${callee.role}` : `${prefix}to:${callee.nodeId}`;

/** Calls of others that are carried out here at a time. */
const servedMax = 1_024;

/**
 * This process among the others of one Nadi. News is heard by all, also by who tells it, in one
 * order; calls have a deadline. Nothing is kept: what is told while the bus is away is lost, and
 * `onOpen` says when to tell it anew.
 */
export class Peers {
  readonly nodeId: string;
  readonly nodes = new Nodes();
  readonly counts = { told: 0, untold: 0, refused: 0, calls: 0, served: 0 };
  readonly #options: PeersOptions;
  readonly #calls = new Calls();
  readonly #services = new Map<string, Service>();
  readonly #news = new Map<string, Set<NewsListener>>();
  readonly #openListeners = new Set<() => void>();
  #timer: NodeJS.Timeout | null = null;
  #serving = 0;

  constructor(options: PeersOptions) {
    this.#options = options;
    this.nodeId = options.nodeId ?? randomUUID();
  }

  get awaySinceMs(): number | null {
    return this.#options.bus.awaySinceMs;
  }

  /** Services and listeners come first: nobody is called, and no news is heard before. */
  start(): void {
    if (this.#timer !== null) return;
    const { bus, roles } = this.#options;
    const own = [{ nodeId: this.nodeId }, ...roles.map((role) => ({ role }))].map(channelOf);
    bus.join([everyone, ...own], {
      onText: (_channel, text) => this.#hear(text),
      onOpen: () => {
        this.#live("hello");
        for (const listener of this.#openListeners) listener();
      },
    });
    this.#timer = setInterval(() => this.#live("beat"), beatMs);
  }

  /** The others hear that this process goes. Idempotent. */
  async close(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    await this.#send(everyone, { kind: "leave", from: this.nodeId });
    this.#calls.end();
    this.#openListeners.clear();
    this.#news.clear();
    await this.#options.bus.close();
  }

  /** Hears each time that the bus is there again; what was told before may be unheard. */
  onOpen(listener: () => void): () => void {
    this.#openListeners.add(listener);
    return () => this.#openListeners.delete(listener);
  }

  /** Tells everyone; lost and counted while the bus is away. */
  tell(topic: string, body: unknown): void {
    void this.#send(everyone, { kind: "news", from: this.nodeId, topic, body });
  }

  onNews<Body>(
    topic: string,
    schema: z.ZodType<Body>,
    listener: (body: Body, from: string) => void,
  ): () => void {
    const checked: NewsListener = (body, from) => {
      const result = schema.safeParse(body);
      if (result.success) listener(result.data, from);
      else this.#refuse(from, topic);
    };
    const listeners = this.#news.get(topic) ?? new Set();
    this.#news.set(topic, listeners.add(checked));
    return () => listeners.delete(checked);
  }

  /** Answers others' calls; `null`: it is not for this process. */
  serve<Body>(
    service: string,
    schema: z.ZodType<Body>,
    handle: (body: Body) => Promise<unknown>,
  ): void {
    this.#services.set(service, async (body) => {
      const result = schema.safeParse(body);
      if (result.success) return (await handle(result.data)) ?? null;
      const message = `${service}: ${z.prettifyError(result.error)}`;
      throw brokerError("BROKER_PEER_FAILED", { message });
    });
  }

  /** Rejects while the bus is away; who does not answer in time is counted as silent. */
  call<Answer>(
    callee: Callee,
    { service, body }: { service: string; body: unknown },
    options: CallOptions<Answer>,
  ): Promise<Answers<Answer>> {
    this.counts.calls += 1;
    return this.#calls.open((call) => {
      const message = { kind: "call", from: this.nodeId, call, service, body } as const;
      return this.#options.bus.publish(channelOf(callee), JSON.stringify(message));
    }, options);
  }

  /** Only beats are counted: what is said between them makes nobody older. */
  #live(kind: "beat" | "hello" | "here"): void {
    const { roles } = this.#options;
    void this.#send(everyone, { kind, from: this.nodeId, roles: [...roles] });
  }

  /** Never rejects. */
  async #send(channel: string, message: Envelope): Promise<void> {
    try {
      await this.#options.bus.publish(channel, JSON.stringify(message));
      this.counts.told += 1;
    } catch {
      // The bus itself says that it is away, once.
      this.counts.untold += 1;
    }
  }

  #hear(text: string): void {
    const message = readEnvelope(text);
    if (message === null) {
      this.#refuse("somebody", "text");
      return;
    }
    const { from } = message;
    switch (message.kind) {
      case "beat":
        if (from === this.nodeId) this.nodes.ownBeat();
        else this.nodes.beaten({ nodeId: from, roles: message.roles });
        return;
      case "hello":
      case "here":
        if (from === this.nodeId) return;
        if (message.kind === "hello") this.#live("here");
        this.nodes.beaten({ nodeId: from, roles: message.roles });
        return;
      case "leave":
        this.nodes.left(from);
        return;
      case "news":
        for (const listener of this.#news.get(message.topic) ?? []) listener(message.body, from);
        return;
      case "call":
        void this.#serve(message);
        return;
      case "answer":
      case "refusal":
        this.#calls.take(message);
    }
  }

  async #serve({ from, call, service, body }: Extract<Envelope, { kind: "call" }>): Promise<void> {
    const { nodeId } = this;
    this.#serving += 1;
    let text: string;
    try {
      const handle = this.#services.get(service);
      const isBusy = this.#serving > servedMax;
      if (isBusy) throw brokerError("BROKER_PEERS_UNAVAILABLE", { message: "Too many calls." });
      const answer = handle === undefined ? null : await handle(body);
      text = JSON.stringify({ kind: "answer", from: nodeId, call, body: answer });
      if (text.length > peerTextCharsMax) {
        const message = `The answer to ${service} is larger than ${peerTextCharsMax} characters.`;
        throw brokerError("BROKER_PEER_FAILED", { message });
      }
    } catch (error) {
      text = JSON.stringify({ kind: "refusal", from: nodeId, call, error: toWireError(error) });
    } finally {
      this.#serving -= 1;
    }
    this.counts.served += 1;
    // Lost with the bus: the caller has a deadline.
    await this.#options.bus.publish(channelOf({ nodeId: from }), text).catch(() => {
      this.counts.untold += 1;
    });
  }

  #refuse(from: string, what: string): void {
    this.counts.refused += 1;
    this.#options.log.warn({ from, what }, "another process said what can't be understood");
  }
}
