import { createCall } from "../api/call.ts";
import { browserPage } from "./browser-page.ts";
import { Connection } from "./connection.ts";
import type { Snapshot } from "./kitchen-state.ts";
import { KitchenStore } from "./kitchen-store.ts";
import { openMqtt } from "./open-mqtt.ts";
import { ServerClock } from "./server-clock.ts";

/** What the hooks read: one for the page, from sign-in to sign-out. */
export interface RealtimeSource {
  connection: Connection;
  /** For the right edge of a chart; ages are counted in the page's own time. */
  serverNowMs: () => number;
  kitchen(sppgId: string): KitchenStore;
}

/** Not yet connected: call `connection.start`, and `stop` at sign-out. */
export function createRealtime(): RealtimeSource {
  const page = browserPage;
  const clock = new ServerClock(page.nowMs);
  const call = createCall({
    fetch: async (input, init) => {
      const response = await fetch(input, init);
      clock.observe(response.headers.get("date"));
      return response;
    },
  });
  const { protocol, host } = window.location;
  const url = `${protocol === "https:" ? "wss" : "ws"}://${host}/mqtt`;
  const connection = new Connection({
    page,
    open: () => openMqtt(url),
    isSignedIn: async () => {
      try {
        await call("readSession", {});
        return true;
      } catch (error) {
        return !isSignedOut(error);
      }
    },
  });
  const loadSnapshot = async (sppgId: string): Promise<Snapshot> => {
    const snapshot = await call("readSnapshot", { params: { sppgId } });
    const latest = snapshot.latest.map((reading) => ({
      ...reading,
      receivedTimeMs: clock.toPageMs(reading.receivedTimeMs),
    }));
    return { ...snapshot, latest };
  };
  // A page looks at a handful of kitchens; one that nobody holds costs its last state.
  const kitchens = new Map<string, KitchenStore>();
  const kitchen = (sppgId: string): KitchenStore => {
    const known = kitchens.get(sppgId);
    if (known !== undefined) return known;
    const made = new KitchenStore({ sppgId, page, connection, loadSnapshot });
    kitchens.set(sppgId, made);
    return made;
  };
  return { connection, serverNowMs: () => clock.nowMs(), kitchen };
}

function isSignedOut(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "DASHBOARD_SESSION_MISSING";
}
