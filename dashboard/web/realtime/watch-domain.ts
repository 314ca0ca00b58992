import type { KitchenState } from "./kitchen-state.ts";
import type { KitchenStore } from "./kitchen-store.ts";
import type { LiveDomain, Realtime } from "./realtime.ts";

/** What `useSyncExternalStore` takes. */
export interface Watched<T> {
  subscribe: (listener: () => void) => () => void;
  /** The same object until something has changed. */
  getSnapshot: () => Realtime<T>;
}

/** A domain of a kitchen as a page sees it, with what can be said of the connection. */
export function watchDomain<T>(
  store: KitchenStore,
  domain: LiveDomain,
  view: (state: KitchenState) => T | null,
): Watched<T> {
  let seen: KitchenState | null = null;
  let data: T | null = null;
  let last: Realtime<T> = { state: "connecting", data: null };

  function read(): Realtime<T> {
    if (seen !== store.state) {
      seen = store.state;
      data = view(seen);
    }
    const { error, receivedAtMs } = store;
    if (error !== null && (data === null || error.code !== "unavailable")) {
      return { state: "failed", error };
    }
    if (data === null) return { state: "connecting", data };
    if (store.isLive(domain)) return { state: "live", data, receivedAtMs };
    return store.isLinkLost
      ? { state: "stale", data, receivedAtMs }
      : { state: "connecting", data };
  }

  return {
    subscribe(listener) {
      const remove = store.onChange.add(listener);
      const release = store.hold(domain);
      return () => {
        remove();
        release();
      };
    },
    getSnapshot() {
      const next = read();
      if (!isSame(last, next)) last = next;
      return last;
    },
  };
}

/** A frame that brought nothing of this domain draws nothing: its data is the same object. */
function isSame<T>(a: Realtime<T>, b: Realtime<T>): boolean {
  if (a.state === "failed" || b.state === "failed") {
    return a.state === b.state && "error" in a && "error" in b && a.error === b.error;
  }
  return a.state === b.state && a.data === b.data;
}
