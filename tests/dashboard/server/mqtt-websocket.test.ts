import { once } from "node:events";
import http, { type IncomingMessage } from "node:http";
import net from "node:net";
import { deflateRawSync } from "node:zlib";
import { connectAsync, type MqttClient } from "mqtt";
import { expect, test, type TestContext } from "vitest";
import { WebSocket } from "ws";
import type { PersonSession } from "../../../broker/ports.ts";
import { dashboardError } from "../../../dashboard/server/errors.ts";
import { registerMqttWebSocket } from "../../../dashboard/server/mqtt-websocket.ts";
import { createTestBroker, type TestBroker } from "../../support/broker.ts";
import { packets } from "../../support/mqtt-wire.ts";
import { pairScreen } from "./screens.ts";
import { createKitchenApi, type KitchenApi, otherSppgId, sppgId } from "./kitchen-api.ts";

interface Site extends KitchenApi {
  made: TestBroker;
  origin: string;
  clock: KitchenApi["clock"];
  brokerClock: { ms: number };
  /** A person's mqtt.js, as the page has it. */
  connect(cookie: string): Promise<MqttClient>;
  /** The same without MQTT's packets. */
  openRaw(cookie: string): Promise<WebSocket>;
  /** The status that refuses an upgrade, or 101. */
  upgrade(headers: Record<string, string>): Promise<number>;
}

const upgradeHeaders = {
  connection: "Upgrade",
  upgrade: "websocket",
  "sec-websocket-version": "13",
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
  "sec-websocket-protocol": "mqtt",
};

interface SiteOptions {
  env?: Record<string, string>;
  authenticate?: () => Promise<PersonSession | null>;
}

async function createSite(t: TestContext, options: SiteOptions = {}): Promise<Site> {
  const brokerClock = { ms: 0 };
  const made = await createTestBroker(t, { clock: { monotonicMs: () => brokerClock.ms } });
  const api = await createKitchenApi(t, options.env);
  registerMqttWebSocket(api.server, {
    authenticate: (request) => options.authenticate?.() ?? api.api.sessions.authenticate(request),
    isAllowedOrigin: (place) => api.api.isAllowedOrigin(place),
    onRefused: (request, because) => api.api.noteRefusedUpgrade(request, because),
    handle: (conn, origin) => made.broker.handle(conn, origin),
  });
  const origin = await api.server.listen({ port: 0, host: "127.0.0.1" });
  const url = `${origin.replace("http", "ws")}/mqtt`;
  return {
    ...api,
    made,
    origin,
    brokerClock,
    connect: async (cookie) => {
      const wsOptions = { origin, headers: { cookie } };
      const client = await connectAsync(url, { protocolVersion: 4, reconnectPeriod: 0, wsOptions });
      t.onTestFinished(() => client.endAsync(true));
      return client;
    },
    openRaw: async (cookie) => {
      const socket = new WebSocket(url, "mqtt", { origin, headers: { cookie } });
      t.onTestFinished(() => socket.terminate());
      await once(socket, "open");
      return socket;
    },
    upgrade: async (headers) => {
      const request = http.get(`${origin}/mqtt`, { headers: { ...upgradeHeaders, ...headers } });
      const answer = Promise.withResolvers<number>();
      request.on("upgrade", (response: IncomingMessage, socket: net.Socket) => {
        socket.destroy();
        answer.resolve(response.statusCode ?? 0);
      });
      request.on("response", (response) => {
        response.resume();
        answer.resolve(response.statusCode ?? 0);
      });
      request.on("error", answer.reject);
      return answer.promise;
    },
  };
}

async function closeOf(client: MqttClient): Promise<void> {
  await new Promise<void>((resolve) => client.once("close", () => resolve()));
}

const topicName = `sppg/${sppgId}/production/temperature`;

function tell({ made }: Site, topic: string, payload: string | Buffer = "x"): void {
  made.broker.edge.publish({
    topicName: topic,
    payload: Buffer.from(payload),
    qos: 0,
    retain: false,
  });
}

test("a page hears what the broker publishes for its kitchen, and nothing of another", async (t) => {
  const site = await createSite(t);
  const { cookie } = await site.signIn("head", [sppgId]);
  const client = await site.connect(cookie);
  const granted = await client.subscribeAsync([topicName, `sppg/${sppgId}/inventory/#`]);
  expect(granted.map(({ qos }) => qos)).toEqual([0, 0]);
  const foreign = client.subscribeAsync(`sppg/${otherSppgId}/production/temperature`);
  await expect(foreign).rejects.toThrow(/128|Unspecified|refused/i);
  const heard = Promise.withResolvers<[string, string]>();
  client.once("message", (topic, payload) => heard.resolve([topic, String(payload)]));
  tell(site, `sppg/${otherSppgId}/production/temperature`, "secret");
  tell(site, topicName, '{"celsius":4}');
  expect(await heard.promise).toEqual([topicName, '{"celsius":4}']);
});

test("an upgrade needs the cookie, our own origin and the subprotocol", async (t) => {
  const site = await createSite(t);
  const { cookie } = await site.signIn("head", [sppgId]);
  const { origin } = site;
  expect(await site.upgrade({ origin, cookie })).toBe(101);
  expect(await site.upgrade({ origin })).toBe(401);
  expect(await site.upgrade({ origin, cookie: `${cookie}x` })).toBe(401);
  expect(await site.upgrade({ cookie })).toBe(403);
  for (const other of ["https://evil.example", "null", `${origin}.evil.example`, `${origin}/`]) {
    expect(await site.upgrade({ cookie, origin: other }), other).toBe(403);
  }
  expect(await site.upgrade({ cookie, origin, "sec-websocket-protocol": "chat" })).toBe(400);
  expect(await site.upgrade({ cookie, origin, "sec-websocket-version": "1" })).toBe(400);
  expect((await site.server.inject("/mqtt")).statusCode).toBe(400);
});

test("a refused upgrade stands in the audit log, once a minute for its address and reason", async (t) => {
  const site = await createSite(t);
  const { cookie } = await site.signIn("head", [sppgId]);
  const lines = () => site.audit.filter(({ action }) => action === "mqtt.upgrade");
  const evil = { cookie, origin: "https://evil.example" };
  for (let count = 0; count < 5; count += 1) await site.upgrade(evil);
  expect(lines()).toEqual([
    {
      atMs: site.clock.wallMs,
      actor: "anonymous",
      action: "mqtt.upgrade",
      sppgId: null,
      subject: null,
      address: "127.0.0.1",
      outcome: "refused",
      detail: { because: "DASHBOARD_ORIGIN_FORBIDDEN", origin: "https://evil.example" },
    },
  ]);
  await site.upgrade({ origin: site.origin });
  expect(lines().at(-1)?.detail).toMatchObject({ because: "DASHBOARD_SESSION_MISSING" });
  site.pass(60_000);
  await site.upgrade(evil);
  expect(lines()).toHaveLength(3);
});

test("an upgrade of another address is answered as any request, or refused", async (t) => {
  const site = await createSite(t);
  const ask = async (line: string): Promise<string> => {
    const socket = net.connect(Number(new URL(site.origin).port), "127.0.0.1");
    const fields = Object.entries(upgradeHeaders).map(([name, value]) => `${name}: ${value}`);
    socket.write(`${line} HTTP/1.1\r\nhost: x\r\n${fields.join("\r\n")}\r\n\r\n`);
    let text = "";
    for await (const chunk of socket) text += String(chunk);
    return text.split("\r\n", 1)[0] ?? "";
  };
  expect(await ask("GET /nothing")).toContain("404");
  expect(await ask("GET /livez")).toContain("200");
  expect(await ask("POST /mqtt")).toContain("400");
});

test("behind a trusted proxy the address is the browser's", async (t) => {
  const site = await createSite(t, {
    env: { NADI_TRUSTED_PROXIES: "127.0.0.1", NADI_PUBLIC_URL: "http://nadi.example" },
  });
  const { cookie } = await site.signIn("head", [sppgId]);
  const headers = { cookie, "x-forwarded-for": "203.0.113.9" };
  const url = `${site.origin.replace("http", "ws")}/mqtt`;
  const socket = new WebSocket(url, "mqtt", { origin: "http://nadi.example", headers });
  await once(socket, "open");
  socket.send(Buffer.from([0xf0, 0]));
  await once(socket, "close");
  expect(site.made.audit.at(-1)).toMatchObject({
    action: "mqtt.packet-type-not-allowed",
    address: "203.0.113.9",
  });
  expect(await site.upgrade({ cookie, origin: site.origin })).toBe(403);
});

test("a frame of 5 MB closes its connection and no other", async (t) => {
  const site = await createSite(t);
  const { cookie } = await site.signIn("head", [sppgId]);
  const other = await site.connect(cookie);
  const socket = await site.openRaw(cookie);
  socket.on("error", () => {});
  socket.send(Buffer.alloc(5 * 1024 * 1024));
  await once(socket, "close");
  expect(await other.subscribeAsync(topicName)).toMatchObject([{ qos: 0 }]);
});

test("no frame is ever unpacked: compression is not agreed to, and a packed frame closes", async (t) => {
  const site = await createSite(t);
  const { cookie } = await site.signIn("head", [sppgId]);
  const url = `${site.origin.replace("http", "ws")}/mqtt`;
  const headers = { cookie };
  const options = { origin: site.origin, headers, perMessageDeflate: true };
  const socket = new WebSocket(url, "mqtt", options);
  t.onTestFinished(() => socket.terminate());
  const opened = once(socket, "open");
  const [answer] = (await once(socket, "upgrade")) as [IncomingMessage];
  await opened;
  expect(socket.extensions).toBe("");
  const other = await site.connect(cookie);
  const packed = deflateRawSync(Buffer.alloc(8 * 1024 * 1024));
  const frame = Buffer.alloc(8 + packed.length);
  // FIN, RSV1 ("compressed", RFC 7692) and binary; masked with zeros.
  frame.writeUInt16BE(0xc2fe, 0);
  frame.writeUInt16BE(packed.length, 2);
  packed.copy(frame, 8);
  const closed = once(socket, "close");
  // Below ws, which would never send such a frame.
  answer.socket.write(frame);
  await closed;
  expect(await other.subscribeAsync(topicName)).toMatchObject([{ qos: 0 }]);
});

test("a sign-out closes the page's socket within a second", async (t) => {
  const site = await createSite(t);
  const person = await site.signIn("head", [sppgId]);
  const client = await site.connect(person.cookie);
  await client.subscribeAsync(topicName);
  const closed = closeOf(client);
  const endedAt = performance.now();
  const { statusCode } = await person.send("DELETE", "/api/session");
  expect(statusCode).toBeLessThan(300);
  await closed;
  expect(performance.now() - endedAt).toBeLessThan(1_000);
  expect(await site.upgrade({ cookie: person.cookie, origin: site.origin })).toBe(401);
});

test("a wall screen that is disconnected loses its socket within a second", async (t) => {
  const site = await createSite(t);
  const head = await site.signIn("head", [sppgId]);
  const screen = await pairScreen(site, head, { sppgId });
  const client = await site.connect(screen.cookie);
  await client.subscribeAsync(topicName);
  const foreign = client.subscribeAsync(`sppg/${otherSppgId}/production/temperature`);
  await expect(foreign).rejects.toThrow(/128|Unspecified|refused/i);
  const closed = closeOf(client);
  const url = `/api/kitchens/${sppgId}/screens`;
  const { screens } = (await head.get(url)).json<{ screens: { sessionId: string }[] }>();
  const endedAt = performance.now();
  await head.send("DELETE", `${url}/${screens[0]?.sessionId}`);
  await closed;
  expect(performance.now() - endedAt).toBeLessThan(1_000);
  expect(await site.upgrade({ cookie: screen.cookie, origin: site.origin })).toBe(401);
});

test("a wall screen hears of an alert as the API answers it there: without who acted", async (t) => {
  const site = await createSite(t);
  const head = await site.signIn("head", [sppgId]);
  const screen = await pairScreen(site, head, { sppgId });
  const alert = { alertId: "a1", acknowledgedBy: head.email, correctiveAction: "thrown away" };
  const heard = async (cookie: string): Promise<unknown> => {
    const client = await site.connect(cookie);
    await client.subscribeAsync(topicName);
    const payload = new Promise<Buffer>((resolve) => {
      client.once("message", (_topic, bytes) => resolve(bytes));
    });
    tell(site, topicName, JSON.stringify({ data: alert, userId: head.email }));
    return JSON.parse(String(await payload));
  };
  expect(await heard(head.cookie)).toEqual({ data: alert, userId: head.email });
  const shown = { alertId: "a1", acknowledgedBy: null, correctiveAction: null };
  expect(await heard(screen.cookie)).toEqual({ data: shown });
});

test("who is disabled loses the page's socket within a second", async (t) => {
  const site = await createSite(t);
  const person = await site.signIn("cook", [sppgId]);
  const client = await site.connect(person.cookie);
  await client.subscribeAsync(topicName);
  const closed = closeOf(client);
  const disabledAt = performance.now();
  await site.registry.updateUser({ email: person.email, enabled: false }, "cli");
  await closed;
  expect(performance.now() - disabledAt).toBeLessThan(1_000);
});

test("a page that stands still loses live values and then its socket; others notice nothing", async (t) => {
  const site = await createSite(t);
  const { cookie } = await site.signIn("operator");
  const quick = await site.connect(cookie);
  await quick.subscribeAsync(topicName);
  const still = await site.openRaw(cookie);
  still.send(packets.connect({ clientId: "still" }));
  await once(still, "message");
  still.send(packets.subscribe({ filters: [topicName] }));
  await once(still, "message");
  still.pause();
  let got = 0;
  const sent = 4_000;
  const all = Promise.withResolvers<void>();
  quick.on("message", () => (++got === sent ? all.resolve() : undefined));
  for (let index = 0; index < sent; index++) {
    tell(site, topicName, Buffer.alloc(200));
    if (index % 100 === 99) await quick.subscribeAsync(topicName);
  }
  await all.promise;
  expect(site.made.broker.edge.sessions.counters.droppedCongested).toBeGreaterThan(100);
  const dropped = (): boolean => site.made.count("frozen") === 1;
  while (!dropped()) {
    site.brokerClock.ms += 1_000;
    await quick.subscribeAsync(topicName);
  }
  expect(site.made.broker.edge.connectionCount).toBe(1);
});

test("a stop of the server ends its sockets and does not wait for them", async (t) => {
  const site = await createSite(t);
  const { cookie } = await site.signIn("head", [sppgId]);
  const client = await site.connect(cookie);
  const closed = closeOf(client);
  await site.server.close();
  await closed;
  expect(client.connected).toBe(false);
});

test("of upgrades whose cookie is being looked up 256 wait, and the next is told to come later", async (t) => {
  const answer = Promise.withResolvers<null>();
  const site = await createSite(t, { authenticate: () => answer.promise });
  const { origin } = site;
  const upgrades = Array.from({ length: 257 }, () => site.upgrade({ origin }));
  expect(await Promise.race(upgrades)).toBe(503);
  answer.resolve(null);
  const statuses = await Promise.all(upgrades);
  expect(statuses.filter((status) => status === 401)).toHaveLength(256);
});

test("while nobody's cookie can be looked up an upgrade is told to come later", async (t) => {
  const busy = (): Promise<null> =>
    Promise.reject(dashboardError("DASHBOARD_BUSY", { message: "busy" }));
  const site = await createSite(t, { authenticate: busy });
  expect(await site.upgrade({ origin: site.origin })).toBe(503);
});
