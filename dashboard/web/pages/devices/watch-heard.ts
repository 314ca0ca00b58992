import type { KitchenStore } from "../../realtime/kitchen-store.ts";
import type { Page } from "../../realtime/page.ts";

/** Ages are shown in seconds: more often nobody would see. */
const tellMs = 500;

/** When the live link has heard each device of any domain, in the page's clock. */
export function watchHeard(store: KitchenStore, page: Pick<Page, "later">) {
  let heard: ReadonlyMap<string, number> = new Map();
  const waiting = new Map<string, number>();
  return {
    getSnapshot: () => heard,
    subscribe: (listener: () => void): (() => void) => {
      let cancel: (() => void) | null = null;
      const tell = (): void => {
        cancel = null;
        heard = new Map([...heard, ...waiting]);
        waiting.clear();
        listener();
      };
      const removes = [
        store.onReading.add(({ data }, receivedTimeMs) => {
          if (data.kind !== "reading") return;
          waiting.set(data.deviceId, receivedTimeMs);
          cancel ??= page.later(tellMs, tell);
        }),
        ...(["production", "distribution", "inventory"] as const).map((domain) =>
          store.hold(domain),
        ),
      ];
      return () => {
        cancel?.();
        for (const remove of removes) remove();
      };
    },
  };
}
