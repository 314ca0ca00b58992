import { crc32 } from "node:zlib";
import type { Logger } from "pino";
import * as z from "zod";
import { formatPrincipal, isDeviceId, isSppgId } from "../../devices/index.ts";
import type { Presence, PresenceChange } from "../edge/presence.ts";
import { Batch } from "./batch.ts";
import type { Peers } from "./peers.ts";

const changeSchema = z.object({
  sppgId: z.string().refine(isSppgId),
  deviceId: z.string().refine(isDeviceId),
  online: z.boolean(),
  sinceMs: z.int(),
});
const newsSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("changes"), changes: z.array(changeSchema) }),
  /** Changes may have been lost: whoever follows reads all of it. */
  z.object({ kind: z.literal("anew") }),
]);
type News = z.output<typeof newsSchema>;

const pageSchema = z.object({ page: z.int().min(0), pages: z.int().min(1).max(1_000) });
const answerSchema = z.object({ pages: z.int().min(1).max(1_000), online: z.array(changeSchema) });

const topic = "presence";
const service = "presence";
const changesPerMessage = 500;
/** About 500 KB. */
const devicesPerPage = 4_000;
const pageDeadlineMs = 5_000;
/** After a page that did not come. */
const retryMs = 1_000;

/** Tells the others which devices are connected to this broker. */
export function sharePresence(presence: Presence, peers: Peers): void {
  const tell = (news: News): void => peers.tell(topic, news);
  const batch = new Batch<PresenceChange>(changesPerMessage, (changes) =>
    tell({ kind: "changes", changes }),
  );
  presence.onLocalChange((change) => batch.add(change));
  peers.onOpen(() => {
    batch.clear();
    tell({ kind: "anew" });
  });
  peers.serve(service, pageSchema, async ({ page, pages: asked }) => {
    const fitting = Math.ceil(presence.onlineCount / devicesPerPage);
    // Whoever begins asks for the first of one: then it hears how many it is to ask for.
    const pages = asked > 1 ? asked : Math.max(1, fitting);
    const isOfPage = ({ sppgId, deviceId }: PresenceChange): boolean =>
      crc32(formatPrincipal(sppgId, deviceId)) % pages === page;
    return { pages, online: [...presence.here()].filter(isOfPage) };
  });
}

/** One broker as seen from here. */
class Followed {
  readonly online = new Map<string, PresenceChange>();
  /** Devices that have been told of since the reading began; `null`: nothing is being read. */
  told: Set<string> | null = null;
  isDue = false;
  isGone = false;
}

/** Knows the devices that are connected to other brokers, for those who show them. */
export class PresenceFollower {
  readonly #presence: Presence;
  readonly #peers: Peers;
  readonly #log: Pick<Logger, "warn">;
  readonly #wallMs: () => number;
  readonly #brokers = new Map<string, Followed>();
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(options: {
    presence: Presence;
    peers: Peers;
    log: Pick<Logger, "warn">;
    wallMs: () => number;
  }) {
    this.#presence = options.presence;
    this.#peers = options.peers;
    this.#log = options.log;
    this.#wallMs = options.wallMs;
  }

  start(): void {
    const { nodes } = this.#peers;
    this.#peers.onNews(topic, newsSchema, (news, from) => this.#hear(news, from));
    nodes.onChange(({ nodeId, roles }, isThere) => {
      if (!isThere) this.#gone(nodeId);
      else if (roles.includes("broker")) this.#read(nodeId);
    });
    // What was told while the bus was away has not been heard.
    this.#peers.onOpen(() => {
      for (const nodeId of this.#brokers.keys()) this.#read(nodeId);
    });
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    for (const broker of this.#brokers.values()) broker.isGone = true;
  }

  #hear(news: News, from: string): void {
    const broker = this.#brokers.get(from);
    // What a broker said before it is known here is read with the rest.
    if (broker === undefined) return;
    if (news.kind === "anew") {
      this.#read(from);
      return;
    }
    for (const change of news.changes) this.#set({ nodeId: from, broker }, change);
  }

  /** All of a broker's devices, beside what it tells meanwhile. Once more if asked meanwhile. */
  #read(nodeId: string): void {
    if (nodeId === this.#peers.nodeId) return;
    const broker = this.#brokers.get(nodeId) ?? new Followed();
    this.#brokers.set(nodeId, broker);
    broker.isDue = true;
    if (broker.told === null) void this.#readAll(nodeId, broker);
  }

  /** Never rejects. */
  async #readAll(nodeId: string, broker: Followed): Promise<void> {
    while (broker.isDue && !broker.isGone) {
      broker.isDue = false;
      broker.told = new Set();
      try {
        await this.#readPages(nodeId, broker);
      } catch (error) {
        if (broker.isGone) return;
        this.#log.warn({ err: error, nodeId }, "who is connected there could not be read");
        const timer = setTimeout(() => {
          this.#timers.delete(timer);
          if (!broker.isGone) this.#read(nodeId);
        }, retryMs);
        this.#timers.add(timer);
      }
      broker.told = null;
    }
  }

  async #readPages(nodeId: string, broker: Followed): Promise<void> {
    const found = new Set<string>();
    let pages = 1;
    for (let page = 0; page < pages; page += 1) {
      const answer = await this.#readPage(nodeId, { page, pages });
      if (broker.isGone) return;
      pages = answer.pages;
      for (const change of answer.online) {
        const name = nameOf(change);
        found.add(name);
        // What has been told since the reading began is newer, or the same.
        if (broker.told?.has(name) === false) this.#apply({ nodeId, broker }, change);
      }
    }
    const sinceMs = this.#wallMs();
    for (const [name, change] of broker.online) {
      if (found.has(name) || broker.told?.has(name) === true) continue;
      this.#apply({ nodeId, broker }, { ...change, online: false, sinceMs });
    }
  }

  async #readPage(nodeId: string, body: z.output<typeof pageSchema>) {
    const { answers, refusals } = await this.#peers.call(
      { nodeId },
      { service, body },
      { answer: answerSchema, deadlineMs: pageDeadlineMs },
    );
    const [answer] = answers;
    if (answer === undefined) throw refusals[0] ?? new Error("no answer from that broker");
    return answer;
  }

  #gone(nodeId: string): void {
    const broker = this.#brokers.get(nodeId);
    if (broker === undefined) return;
    this.#brokers.delete(nodeId);
    broker.isGone = true;
    const sinceMs = this.#wallMs();
    for (const change of broker.online.values()) {
      this.#presence.setElsewhere(nodeId, { ...change, online: false, sinceMs });
    }
  }

  #set(at: { nodeId: string; broker: Followed }, change: PresenceChange): void {
    at.broker.told?.add(nameOf(change));
    this.#apply(at, change);
  }

  #apply({ nodeId, broker }: { nodeId: string; broker: Followed }, change: PresenceChange): void {
    if (change.online) broker.online.set(nameOf(change), change);
    else broker.online.delete(nameOf(change));
    this.#presence.setElsewhere(nodeId, change);
  }
}

function nameOf({ sppgId, deviceId }: PresenceChange): string {
  return formatPrincipal(sppgId, deviceId);
}
