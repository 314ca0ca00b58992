import { call, serverClock } from "../api/page-api.ts";
import { browserPage } from "./browser-page.ts";
import { Connection } from "./connection.ts";
import type { Snapshot } from "./kitchen-state.ts";
import { KitchenStore } from "./kitchen-store.ts";
import { openMqtt } from "./open-mqtt.ts";

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
  const { protocol, host } = window.location;
  const url = `${protocol === "https:" ? "wss" : "ws"}://${host}/mqtt`;
  const connection = new Connection({
    page,
    open: () => openMqtt(url),
    isSignedIn: async () => {
      try {
        // Whoever waits for the end of the session hears of it, too.
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
      receivedTimeMs: serverClock.toPageMs(reading.receivedTimeMs),
    }));
    const devices = snapshot.devices.map((device) => ({
      ...device,
      lastHeardAtMs:
        device.lastHeardAtMs === null ? null : serverClock.toPageMs(device.lastHeardAtMs),
    }));
    return { ...snapshot, devices, latest };
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
  return { connection, serverNowMs: () => serverClock.nowMs(), kitchen };
}

function isSignedOut(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "DASHBOARD_SESSION_MISSING";
}
