import type { TestContext } from "vitest";
import { registerMqttWebSocket } from "../../../../dashboard/server/mqtt-websocket.ts";
import { Connection } from "../../../../dashboard/web/realtime/connection.ts";
import type { Snapshot } from "../../../../dashboard/web/realtime/kitchen-state.ts";
import { KitchenStore } from "../../../../dashboard/web/realtime/kitchen-store.ts";
import { openMqtt } from "../../../../dashboard/web/realtime/open-mqtt.ts";
import type { Page } from "../../../../dashboard/web/realtime/page.ts";
import { encodeRealtimeMessage, type RealtimeMessage } from "../../../../devices/index.ts";
import { createTestBroker, type TestBroker } from "../../../support/broker.ts";
import { createKitchenApi, type KitchenApi, sppgId } from "../../server/kitchen-api.ts";

export interface RealtimeSite {
  api: KitchenApi;
  made: TestBroker;
  cookie: string;
  page: TestPage;
  connection: Connection;
  store: KitchenStore;
  /** Snapshots that were asked for; each answers what this returns. */
  snapshots: { asked: number; answer: () => Promise<Snapshot> };
  publish(topicName: string, message: RealtimeMessage): void;
}

/** A page without a browser: real time, no jitter, and events that a test fires. */
export interface TestPage extends Page {
  wake(): void;
  goOffline(): void;
  /** Of a wait between attempts: at once, unless a test says otherwise. */
  jitter: number;
}

export function createTestPage(): TestPage {
  const wakers = new Set<() => void>();
  const losers = new Set<() => void>();
  const later: Page["later"] = (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  };
  const page: TestPage = {
    jitter: 0,
    nowMs: () => Date.now(),
    random: () => page.jitter,
    later,
    onceBeforePaint: (callback) => later(0, callback),
    onWake: (callback) => {
      wakers.add(callback);
      return () => wakers.delete(callback);
    },
    onOffline: (callback) => {
      losers.add(callback);
      return () => losers.delete(callback);
    },
    wake: () => wakers.forEach((wake) => wake()),
    goOffline: () => losers.forEach((lose) => lose()),
  };
  return page;
}

/** The page's own connection and store against the real broker, over real WebSockets. */
export async function createRealtimeSite(t: TestContext): Promise<RealtimeSite> {
  const made = await createTestBroker(t);
  const api = await createKitchenApi(t);
  registerMqttWebSocket(api.server, {
    authenticate: (request) => api.api.sessions.authenticate(request),
    isAllowedOrigin: (place) => api.api.isAllowedOrigin(place),
    handle: (conn, origin) => made.broker.handle(conn, origin),
  });
  const origin = await api.server.listen({ port: 0, host: "127.0.0.1" });
  const url = `${origin.replace("http", "ws")}/mqtt`;
  const { cookie, get } = await api.signIn("head", [sppgId]);
  const page = createTestPage();
  const connection = new Connection({
    page,
    lingerMs: 0,
    open: () => openMqtt(url, { wsOptions: { origin, headers: { cookie } } }),
    isSignedIn: async () => (await get("/api/session")).statusCode === 200,
  });
  t.onTestFinished(() => connection.stop());
  const snapshots = { asked: 0, answer: async () => emptySnapshot("0".repeat(20)) };
  const loadSnapshot = (): Promise<Snapshot> => {
    snapshots.asked += 1;
    return snapshots.answer();
  };
  const store = new KitchenStore({ sppgId, page, connection, loadSnapshot });
  const publish = (topicName: string, message: RealtimeMessage): void => {
    const encoded = encodeRealtimeMessage(message);
    if (!encoded.ok) throw new Error(encoded.issues.join());
    const payload = Buffer.from(encoded.text);
    made.broker.edge.publish({ topicName, payload, qos: 0, retain: false });
  };
  return { api, made, cookie, page, connection, store, snapshots, publish };
}

export function emptySnapshot(position: string): Snapshot {
  const kitchen = {
    sppgId,
    name: "Menteng",
    timeZone: "Asia/Jakarta",
    latitude: null,
    longitude: null,
  } as const;
  return { kitchen, position, devices: [], latest: [], alerts: [], hasMoreAlerts: false };
}

interface Watchable {
  add(listener: () => void): () => void;
}

/** Settles once it is so; asks again at each change. */
export async function until(changes: Watchable, isSo: () => boolean): Promise<void> {
  if (isSo()) return;
  await new Promise<void>((resolve) => {
    const remove = changes.add(() => {
      if (!isSo()) return;
      remove();
      resolve();
    });
  });
}
