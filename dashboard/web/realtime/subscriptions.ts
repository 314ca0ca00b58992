import { Listeners } from "./listeners.ts";
import type { Page } from "./page.ts";

/** A change of page must not end what the next one asks for again. */
export const lingerMsDefault = 10_000;

/** What the socket can do for us; each answers when the broker has. */
export interface SubscribingSocket {
  subscribe(filters: string[]): Promise<void>;
  unsubscribe(filters: string[]): Promise<void>;
}

export interface FilterHolder {
  /** From now on every message comes: what was before has to be fetched. */
  onReady(): void;
  onRefused(reason: string): void;
}

interface Entry {
  holders: Set<FilterHolder>;
  isGranted: boolean;
  cancelRemoval: (() => void) | null;
}

/** The union of what everybody on the page listens to, counted, so that each is asked for once. */
export class Subscriptions {
  readonly #page: Pick<Page, "later">;
  readonly #lingerMs: number;
  readonly #entries = new Map<string, Entry>();
  readonly onEmpty = new Listeners();
  #socket: SubscribingSocket | null = null;

  constructor(page: Pick<Page, "later">, lingerMs: number = lingerMsDefault) {
    this.#page = page;
    this.#lingerMs = lingerMs;
  }

  get filters(): readonly string[] {
    return [...this.#entries.keys()];
  }

  /** Returns the release, which may be called twice. */
  hold(filter: string, holder: FilterHolder): () => void {
    const own = { ...holder };
    const entry = this.#entries.get(filter) ?? this.#add(filter);
    entry.cancelRemoval?.();
    entry.cancelRemoval = null;
    entry.holders.add(own);
    if (entry.isGranted) queueMicrotask(() => entry.holders.has(own) && own.onReady());
    return () => this.#release(filter, own);
  }

  /** Everything anew, in one packet: the broker keeps nothing of a page that was away. */
  attach(socket: SubscribingSocket): void {
    this.#socket = socket;
    if (this.#entries.size > 0) this.#ask([...this.#entries.keys()]);
  }

  detach(): void {
    this.#socket = null;
    for (const entry of this.#entries.values()) entry.isGranted = false;
  }

  #add(filter: string): Entry {
    const entry: Entry = { holders: new Set(), isGranted: false, cancelRemoval: null };
    this.#entries.set(filter, entry);
    if (this.#socket !== null) this.#ask([filter]);
    return entry;
  }

  #ask(filters: string[]): void {
    const socket = this.#socket;
    socket?.subscribe(filters).then(
      () => this.#socket === socket && this.#granted(filters),
      (error: unknown) => {
        // One that is refused spoils the answer for all of its packet: ask for each alone.
        if (this.#socket !== socket) return;
        if (filters.length > 1) for (const filter of filters) this.#ask([filter]);
        else this.#refused(filters[0] ?? "", error);
      },
    );
  }

  #granted(filters: string[]): void {
    for (const filter of filters) {
      const entry = this.#entries.get(filter);
      if (entry === undefined) continue;
      entry.isGranted = true;
      for (const holder of entry.holders) holder.onReady();
    }
  }

  #refused(filter: string, error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    for (const holder of this.#entries.get(filter)?.holders ?? []) holder.onRefused(reason);
  }

  #release(filter: string, holder: FilterHolder): void {
    const entry = this.#entries.get(filter);
    if (entry === undefined || !entry.holders.delete(holder) || entry.holders.size > 0) return;
    entry.cancelRemoval = this.#page.later(this.#lingerMs, () => {
      this.#entries.delete(filter);
      // A page that is told of it anyway drops it; and a lost socket has forgotten it by itself.
      this.#socket?.unsubscribe([filter]).catch(() => undefined);
      if (this.#entries.size === 0) this.onEmpty.tell();
    });
  }
}
