import { formatRealtimeTopic, type RealtimeMessage } from "../../../devices/browser.ts";
import { backoffMs } from "./backoff.ts";
import type { Connection } from "./connection.ts";
import {
  type AlertRow,
  applyAlert,
  applyMessages,
  applySnapshot,
  emptyKitchen,
  type HeardMessage,
  type KitchenState,
  type Snapshot,
} from "./kitchen-state.ts";
import { Listeners } from "./listeners.ts";
import type { Page } from "./page.ts";
import type { LiveDomain, RealtimeError } from "./realtime.ts";

export interface KitchenStoreOptions {
  sppgId: string;
  page: Page;
  connection: Pick<Connection, "subscriptions" | "onMessage" | "onState" | "state">;
  /** Times of receipt in the page's clock. Rejects with the `code` of a problem document. */
  loadSnapshot: (sppgId: string) => Promise<Snapshot>;
}

type LiveMessage = Extract<RealtimeMessage, { type: `${string}_update` }>;

/** A tab in the background paints each minute; what waits for it is folded in before it grows. */
const waitingMessagesMax = 1_000;
/** Delivery is at least once; so many alert messages are recognised when they come again. */
const knownIdsMax = 500;

/**
 * One kitchen of the page: the snapshot first, then what its topics say, told to listeners once a
 * frame. Begins with the first holder of a domain, and after each outage with a new snapshot.
 */
export class KitchenStore {
  readonly #options: KitchenStoreOptions;
  readonly onChange = new Listeners();
  /** Every live value at once, for charts: not batched, not in any state. */
  readonly onReading = new Listeners<[LiveMessage, number]>();
  #state: KitchenState;
  #error: RealtimeError | null = null;
  #receivedAtMs = 0;
  readonly #holders = new Map<LiveDomain, { count: number; release(): void }>();
  readonly #ready = new Set<LiveDomain>();
  readonly #live = new Set<LiveDomain>();
  #waiting: HeardMessage[] = [];
  readonly #knownIds = new Set<string>();
  #cancelFlush: (() => void) | null = null;
  #isLoading = false;
  #isLoadDue = false;
  #loadFailures = 0;
  #cancelRetry: (() => void) | null = null;
  #stopListening: (() => void)[] = [];

  constructor(options: KitchenStoreOptions) {
    this.#options = options;
    this.#state = emptyKitchen(options.sppgId);
  }

  get state(): KitchenState {
    return this.#state;
  }

  get error(): RealtimeError | null {
    return this.#error;
  }

  /** The page's clock: when the newest message or snapshot came. */
  get receivedAtMs(): number {
    return this.#receivedAtMs;
  }

  isLive(domain: LiveDomain): boolean {
    return this.#live.has(domain);
  }

  /** Whether the link has failed at least once since it was last good. */
  get isLinkLost(): boolean {
    const { phase } = this.#options.connection.state;
    return phase === "lost" || phase === "signedOut";
  }

  /** Listens to a domain; returns the release, which may be called twice. */
  hold(domain: LiveDomain): () => void {
    if (this.#holders.size === 0) this.#begin();
    const held = this.#holders.get(domain) ?? this.#listenTo(domain);
    held.count += 1;
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      held.count -= 1;
      if (held.count > 0) return;
      held.release();
      this.#holders.delete(domain);
      this.#ready.delete(domain);
      this.#live.delete(domain);
      if (this.#holders.size === 0) this.#end();
    };
  }

  /** What a call has answered about an alert, before its message comes. */
  putAlert(alert: AlertRow): void {
    this.#flush();
    this.#set(applyAlert(this.#state, alert));
  }

  #begin(): void {
    const { connection } = this.#options;
    this.#stopListening = [
      connection.onMessage.add((message) => this.#hear(message)),
      connection.onState.add(() => this.#linkChanged()),
    ];
    this.#load();
  }

  #end(): void {
    for (const stop of this.#stopListening) stop();
    this.#cancelRetry?.();
    this.#cancelFlush?.();
    this.#cancelRetry = this.#cancelFlush = null;
    this.#waiting = [];
    this.#isLoadDue = false;
  }

  #listenTo(domain: LiveDomain) {
    const { subscriptions } = this.#options.connection;
    const filters = filtersOf(this.#options.sppgId, domain);
    const granted = new Set<string>();
    const releases = filters.map((filter) =>
      subscriptions.hold(filter, {
        onReady: () => {
          granted.add(filter);
          if (granted.size < filters.length) return;
          granted.clear();
          this.#ready.add(domain);
          // What came between the first snapshot and now was said to nobody here.
          this.#load();
        },
        onRefused: (detail) => this.#fail({ code: "notFound", detail }),
      }),
    );
    const release = (): void => releases.forEach((release) => release());
    const held = { count: 0, release };
    this.#holders.set(domain, held);
    return held;
  }

  #hear(message: RealtimeMessage): void {
    if (message.sppgId !== this.#options.sppgId || this.#isRepeated(message)) return;
    const receivedTimeMs = this.#options.page.nowMs();
    this.#receivedAtMs = receivedTimeMs;
    this.#waiting.push({ message, receivedTimeMs });
    if (isLiveMessage(message)) this.onReading.tell(message, receivedTimeMs);
    if (this.#waiting.length >= waitingMessagesMax) this.#apply();
    this.#cancelFlush ??= this.#options.page.onceBeforePaint(() => this.#flush());
  }

  /** Values are ordered by their position; alerts only by their messages' ids. */
  #isRepeated(message: RealtimeMessage): boolean {
    if (isLiveMessage(message)) return false;
    if (this.#knownIds.has(message.id)) return true;
    this.#knownIds.add(message.id);
    const [oldest] = this.#knownIds;
    if (this.#knownIds.size > knownIdsMax && oldest !== undefined) this.#knownIds.delete(oldest);
    return false;
  }

  #flush(): void {
    this.#cancelFlush?.();
    this.#cancelFlush = null;
    this.#apply();
    this.onChange.tell();
  }

  #apply(): void {
    if (this.#waiting.length === 0) return;
    this.#state = applyMessages(this.#state, this.#waiting);
    this.#waiting = [];
  }

  #set(state: KitchenState): void {
    this.#state = state;
    this.onChange.tell();
  }

  #linkChanged(): void {
    if (this.#options.connection.state.phase !== "open") {
      this.#ready.clear();
      this.#live.clear();
    }
    this.onChange.tell();
  }

  #load(): void {
    if (this.#isLoading) {
      this.#isLoadDue = true;
      return;
    }
    this.#cancelRetry?.();
    this.#cancelRetry = null;
    this.#isLoading = true;
    this.#isLoadDue = false;
    void this.#loadNow().finally(() => {
      this.#isLoading = false;
      if (this.#isLoadDue && this.#holders.size > 0) this.#load();
    });
  }

  async #loadNow(): Promise<void> {
    const { sppgId, loadSnapshot, page } = this.#options;
    this.#apply();
    const askedInBatch = this.#state.batch;
    const ready = [...this.#ready];
    try {
      const snapshot = await loadSnapshot(sppgId);
      this.#loadFailures = 0;
      this.#error = null;
      this.#receivedAtMs = page.nowMs();
      this.#apply();
      for (const domain of ready) if (this.#ready.has(domain)) this.#live.add(domain);
      this.#set(applySnapshot(this.#state, snapshot, askedInBatch));
    } catch (error) {
      this.#loadFailed(error);
    }
  }

  #loadFailed(error: unknown): void {
    const failure = describeFailure(error);
    // What is shown stays, with its age; only a page that has nothing says that it failed.
    if (failure.code !== "unavailable" || this.#state.kitchen === null) this.#fail(failure);
    if (failure.code !== "unavailable" || this.#holders.size === 0) return;
    const { page } = this.#options;
    const delayMs = backoffMs(this.#loadFailures, () => page.random());
    this.#loadFailures += 1;
    this.#cancelRetry = page.later(delayMs, () => this.#load());
  }

  #fail(error: RealtimeError): void {
    this.#error = error;
    this.onChange.tell();
  }
}

function isLiveMessage(message: RealtimeMessage): message is LiveMessage {
  return message.type.endsWith("_update");
}

function filtersOf(sppgId: string, domain: LiveDomain): string[] {
  const own = `sppg/${sppgId}/${domain}/#`;
  if (domain !== "notifications") return [own];
  const alerts = (["production", "distribution", "inventory"] as const).map((domain) =>
    formatRealtimeTopic({ sppgId, domain, type: "alerts" }),
  );
  return [own, ...alerts];
}

/** By the code of the problem document; a request that got no answer has another, or none. */
function describeFailure(error: unknown): RealtimeError {
  const detail = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && "code" in error ? error.code : null;
  if (code === "DASHBOARD_SESSION_MISSING") return { code: "signedOut", detail };
  return { code: code === "DASHBOARD_NOT_FOUND" ? "notFound" : "unavailable", detail };
}
