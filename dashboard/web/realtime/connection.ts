import type { MqttClient } from "mqtt";
import { decodeRealtimeMessage, type RealtimeMessage } from "../../../devices/browser.ts";
import { backoffMs } from "./backoff.ts";
import { Listeners } from "./listeners.ts";
import type { Page } from "./page.ts";
import { Subscriptions } from "./subscriptions.ts";

/** What the page says about its own link; `sinceMs` is the page's clock. */
export interface LinkState {
  phase: "connecting" | "open" | "lost" | "signedOut";
  sinceMs: number;
}

export interface ConnectionOptions {
  page: Page;
  /** One attempt: answers a client that is about to connect. */
  open(): Promise<MqttClient>;
  /** Whether the login still holds: a refused upgrade shows as nothing but a close. */
  isSignedIn(): Promise<boolean>;
  /** A message that is none: a server newer than the page. Counted by who cares. */
  onUnreadable?(topicName: string, issues: readonly string[]): void;
  lingerMs?: number;
}

/** One that was open for less counts as failed, or a server that drops us is stormed. */
const steadyMs = 5_000;
/** Timers of a hidden page come once a minute; what arrives keeps the connection alive instead. */
const pingMs = 20_000;
/** After sleep a socket may be dead without a word. */
const wakeAnswerMs = 5_000;

/**
 * The one socket of the page: connects, decodes, and comes back after any loss, by itself. Made
 * once; `start` and `stop` may be called again and again, as StrictMode does.
 */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly subscriptions: Subscriptions;
  readonly onMessage = new Listeners<[RealtimeMessage]>();
  readonly onState = new Listeners();
  #state: LinkState;
  #client: MqttClient | null = null;
  #isStarted = false;
  /** Of the attempt that counts; the answers of older ones are dropped. */
  #attempt = 0;
  #failures = 0;
  #heardAtMs = 0;
  #pingedAtMs = 0;
  #cancelRetry: (() => void) | null = null;
  #stopListening: (() => void)[] = [];

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.subscriptions = new Subscriptions(options.page, options.lingerMs);
    this.#state = { phase: "connecting", sinceMs: options.page.nowMs() };
  }

  get state(): LinkState {
    return this.#state;
  }

  start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    const { page } = this.#options;
    this.#stopListening = [
      page.onWake(() => this.#wake()),
      page.onOffline(() => this.#client !== null && this.#lost()),
    ];
    this.#setPhase("connecting");
    void this.#connect();
  }

  stop(): void {
    this.#isStarted = false;
    for (const stop of this.#stopListening) stop();
    this.#stopListening = [];
    this.#drop();
  }

  async #connect(): Promise<void> {
    this.#drop();
    const attempt = this.#attempt;
    let client: MqttClient;
    try {
      client = await this.#options.open();
    } catch {
      // The chunk of mqtt.js could not be fetched: the network is as gone as with a dead socket.
      if (attempt === this.#attempt) this.#lost();
      return;
    }
    if (attempt !== this.#attempt) {
      client.end(true);
      return;
    }
    this.#client = client;
    this.#listen(client);
  }

  #listen(client: MqttClient): void {
    let openedAtMs: number | null = null;
    const { page } = this.#options;
    client.on("connect", () => {
      openedAtMs = page.nowMs();
      this.#heardAtMs = this.#pingedAtMs = openedAtMs;
      this.#setPhase("open");
      this.subscriptions.attach({
        subscribe: async (filters) => void (await client.subscribeAsync(filters, { qos: 1 })),
        unsubscribe: async (filters) => void (await client.unsubscribeAsync(filters)),
      });
    });
    client.on("packetreceive", () => {
      this.#heardAtMs = page.nowMs();
      this.#keepAlive(client);
    });
    client.on("message", (topicName, payload) => this.#read(topicName, payload.toString()));
    // The close that follows says all that can be done about it.
    client.on("error", () => undefined);
    client.on("close", () => {
      if (client !== this.#client) return;
      const wasSteady = openedAtMs !== null && page.nowMs() - openedAtMs >= steadyMs;
      if (wasSteady) this.#failures = 0;
      if (openedAtMs === null) void this.#askWhy();
      else this.#lost();
    });
  }

  #read(topicName: string, text: string): void {
    const decoded = decodeRealtimeMessage(text);
    if (decoded.ok) this.onMessage.tell(decoded.message);
    else this.#options.onUnreadable?.(topicName, decoded.issues);
  }

  #keepAlive(client: MqttClient): void {
    if (!client.connected || this.#heardAtMs - this.#pingedAtMs < pingMs) return;
    this.#pingedAtMs = this.#heardAtMs;
    client.sendPing();
  }

  /** The upgrade was refused, or nobody answered: only one of them ends the trying. */
  async #askWhy(): Promise<void> {
    this.#lost();
    const isSignedIn = await this.#options.isSignedIn().catch(() => true);
    // The next attempt may be under way already: only one that got in proves the answer old.
    if (isSignedIn || !this.#isStarted || this.#state.phase === "open") return;
    this.stop();
    this.#setPhase("signedOut");
  }

  #lost(): void {
    this.#drop();
    this.#setPhase("lost");
    const { page } = this.#options;
    const delayMs = backoffMs(this.#failures, () => page.random());
    this.#failures += 1;
    this.#cancelRetry = page.later(delayMs, () => void this.#connect());
  }

  #drop(): void {
    this.#attempt += 1;
    this.#cancelRetry?.();
    this.#cancelRetry = null;
    const client = this.#client;
    this.#client = null;
    this.subscriptions.detach();
    client?.end(true);
  }

  /** Somebody looks, or the network is back: no waiting, and no trust in a socket that slept. */
  #wake(): void {
    const client = this.#client;
    if (client === null) {
      // An attempt whose chunk is still under way is as good as a new one.
      if (this.#cancelRetry === null) return;
      this.#failures = 0;
      void this.#connect();
      return;
    }
    if (!client.connected) return;
    const askedAtMs = this.#options.page.nowMs();
    client.sendPing();
    this.#options.page.later(wakeAnswerMs, () => {
      if (client === this.#client && this.#heardAtMs < askedAtMs) this.#lost();
    });
  }

  #setPhase(phase: LinkState["phase"]): void {
    if (phase === this.#state.phase) return;
    this.#state = { phase, sinceMs: this.#options.page.nowMs() };
    this.onState.tell();
  }
}
