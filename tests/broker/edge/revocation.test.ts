import { PassThrough } from "node:stream";
import { expect, test, type TestContext } from "vitest";
import type { DeviceLogin } from "../../../devices/registry/model.ts";
import { Connection } from "../../../broker/edge/connection.ts";
import { CredentialCache } from "../../../broker/edge/credential-cache.ts";
import { conformancePrincipal, devicePrincipal } from "../../../broker/edge/principal.ts";
import { PrincipalIndex } from "../../../broker/edge/principal-index.ts";
import { Revocation } from "../../../broker/edge/revocation.ts";
import { hashOf, login, TestLogins } from "./login-source.ts";

function createRevocation(t: TestContext) {
  const logins = new TestLogins();
  const index = new PrincipalIndex<Connection>();
  const revoked: Connection[] = [];
  const clock = { wallMs: 1_000_000 };
  let onRevoked = (): void => {};
  const revocation = new Revocation({
    source: logins,
    cache: new CredentialCache(logins, 100),
    index,
    wallMs: () => clock.wallMs,
    revoke: (connection) => {
      revoked.push(connection);
      connection.conn.destroy();
      onRevoked();
    },
  });
  t.onTestFinished(() => revocation.stop());
  const connect = (deviceId: string, secret: string | null = "secret"): Connection => {
    const origin = { address: "203.0.113.7", transport: "tcp", certificateName: null } as const;
    const connection = new Connection(new PassThrough(), origin, {
      congestedBytes: 1000,
      congestedBytesOfPerson: 1_000,
      frozen: { frozenMs: 1000, takenBytesMin: 1 },
    });
    t.onTestFinished(() => void connection.conn.destroy());
    index.add("sppg-1", `sppg-1.${deviceId}`, connection);
    connection.principal = devicePrincipal(login(deviceId));
    connection.secretHash = secret === null ? null : hashOf(secret);
    return connection;
  };
  const nextRevoked = (): Promise<void> =>
    new Promise((resolve) => {
      onRevoked = resolve;
    });
  return { logins, index, revocation, revoked, clock, connect, nextRevoked };
}

/** Lets judgements that need no timer come to their end. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function put(logins: TestLogins, deviceId: string, fields: Partial<DeviceLogin> = {}): void {
  logins.set({ ...login(deviceId), ...fields });
}

test("a disabled device loses its connections, and its neighbour keeps its own", async (t) => {
  const { logins, revoked, connect } = createRevocation(t);
  put(logins, "probe-2");
  put(logins, "probe-1", { enabled: false });
  const own = [connect("probe-1"), connect("probe-1")];
  connect("probe-2");
  logins.change({ subject: "probe-1" });
  await settle();
  expect(revoked).toEqual(own);
});

test("a removed device loses its connection", async (t) => {
  const { logins, revoked, connect } = createRevocation(t);
  const connection = connect("probe-1");
  logins.change({ kind: "device", subject: "probe-1" });
  await settle();
  expect(revoked).toEqual([connection]);
});

test.for([
  ["of its kitchen", { kind: "kitchen", subject: null }],
  ["of everything", { kind: "device", sppgId: null, subject: null }],
] as const)("a change %s judges each of its devices", async ([, change], t) => {
  const { logins, revoked, connect } = createRevocation(t);
  put(logins, "probe-1");
  connect("probe-1");
  const removed = connect("probe-2");
  logins.change(change);
  await settle();
  expect(revoked).toEqual([removed]);
});

test.for(["user", "rule", "alert"] as const)("a change of a %s asks nobody", async (kind, t) => {
  const { logins, revoked, connect } = createRevocation(t);
  connect("probe-1");
  logins.change({ kind, sppgId: null });
  await settle();
  expect([revoked, logins.asked]).toEqual([[], []]);
});

test("a connection by certificate needs no secret, but an enabled device", async (t) => {
  const { logins, revoked, connect } = createRevocation(t);
  put(logins, "probe-1", { secrets: [] });
  const connection = connect("probe-1", null);
  logins.change({ subject: "probe-1" });
  await settle();
  expect(revoked).toEqual([]);
  put(logins, "probe-1", { enabled: false });
  logins.change({ subject: "probe-1" });
  await settle();
  expect(revoked).toEqual([connection]);
});

test("a new codec changes what a connection may publish, without closing it", async (t) => {
  const { logins, revoked, connect } = createRevocation(t);
  put(logins, "probe-1", { codec: "tasmota" });
  const connection = connect("probe-1");
  expect(connection.mayPublish("sppg/sppg-1/tasmota/probe-1/SENSOR")).toBe(false);
  logins.change({ subject: "probe-1" });
  await settle();
  expect(connection.mayPublish("sppg/sppg-1/tasmota/probe-1/SENSOR")).toBe(true);
  expect(revoked).toEqual([]);
});

test("a secret that is rotated at once ends the connections that used it", async (t) => {
  const { logins, revoked, connect } = createRevocation(t);
  put(logins, "probe-1", { secrets: [{ sha256: hashOf("new"), expiresAtMs: null }] });
  const old = connect("probe-1", "secret");
  connect("probe-1", "new");
  logins.change({ subject: "probe-1" });
  await settle();
  expect(revoked).toEqual([old]);
});

test("a rotated secret lives on to its end, and the connection no longer", async (t) => {
  const { logins, revocation, revoked, clock, connect, nextRevoked } = createRevocation(t);
  const expiresAtMs = clock.wallMs + 20;
  put(logins, "probe-1", { secrets: [{ sha256: hashOf("secret"), expiresAtMs }] });
  const connection = connect("probe-1");
  const ended = nextRevoked();
  logins.change({ subject: "probe-1" });
  await settle();
  expect([revoked, revocation.plannedCount]).toEqual([[], 1]);
  clock.wallMs = expiresAtMs;
  await ended;
  expect(revoked).toEqual([connection]);
  expect(revocation.plannedCount).toBe(0);
});

test("an expiry beyond what a timer holds is watched too", (t) => {
  const { revocation, clock, connect } = createRevocation(t);
  revocation.watchExpiry(connect("probe-1"), clock.wallMs + 2 ** 40);
  revocation.watchExpiry(connect("probe-2"), null);
  expect(revocation.plannedCount).toBe(1);
});

test("while the registry can't be read a connection stays, and it is judged later", async (t) => {
  const { logins, revoked, connect, nextRevoked } = createRevocation(t);
  const connection = connect("probe-1");
  logins.failure = new Error("registry gone");
  logins.change({ subject: "probe-1" });
  await settle();
  expect(revoked).toEqual([]);
  const askedAgain = logins.nextAsked();
  const ended = nextRevoked();
  await askedAgain;
  expect(revoked).toEqual([]);
  logins.failure = null;
  await ended;
  expect(revoked).toEqual([connection]);
});

test("a change while a sign-in is pending is judged when it has come to its end", async (t) => {
  const { logins, revoked, connect, nextRevoked } = createRevocation(t);
  const connection = connect("probe-1");
  const { principal } = connection;
  connection.principal = null;
  const ended = nextRevoked();
  logins.change({ subject: "probe-1" });
  await settle();
  expect(revoked).toEqual([]);
  connection.principal = principal;
  await ended;
  expect(revoked).toEqual([connection]);
});

test("an expiry that becomes known meanwhile does not put the second look off", async (t) => {
  const { logins, revocation, revoked, clock, connect, nextRevoked } = createRevocation(t);
  const connection = connect("probe-1");
  const { principal } = connection;
  connection.principal = null;
  const ended = nextRevoked();
  logins.change({ subject: "probe-1" });
  connection.principal = principal;
  revocation.watchExpiry(connection, clock.wallMs + 600_000);
  await ended;
  expect(revoked).toEqual([connection]);
});

test("a connection that has gone is not judged, and nothing is planned for it", async (t) => {
  const { logins, revocation, revoked, connect } = createRevocation(t);
  const [gone, failing] = [connect("probe-1"), connect("probe-2")];
  logins.holdBack();
  logins.change({ subject: "probe-1" });
  logins.failure = new Error("registry gone");
  logins.change({ subject: "probe-2" });
  gone.conn.destroy();
  failing.conn.destroy();
  logins.letGo();
  await settle();
  expect([revoked, revocation.plannedCount]).toEqual([[], 0]);
});

test("a conformance client is never judged", async (t) => {
  const { logins, revoked, index, connect } = createRevocation(t);
  const connection = connect("probe-1");
  connection.principal = conformancePrincipal;
  index.add("sppg-1", "conformance", connection);
  logins.change({ sppgId: null });
  await settle();
  expect([revoked, logins.asked]).toEqual([[], []]);
});

test("after a stop nothing is heard, judged or planned", async (t) => {
  const { logins, revocation, revoked, clock, connect } = createRevocation(t);
  const connection = connect("probe-1");
  logins.holdBack();
  logins.change({ subject: "probe-1" });
  revocation.watchExpiry(connection, clock.wallMs + 10);
  revocation.stop();
  revocation.stop();
  revocation.watchExpiry(connection, clock.wallMs + 10);
  logins.letGo();
  await settle();
  expect([revoked, revocation.plannedCount, logins.listenerCount]).toEqual([[], 0, 0]);
});
