import { once } from "node:events";
import net from "node:net";
import type { ConnectionOptions } from "node:tls";
import { expect, test, type TestContext } from "vitest";
import { createTestBroker, credentialsOf, type TestBroker } from "../support/broker.ts";
import { type Certificates, createCertificates, type KeyPair } from "../support/certificates.ts";
import { connectRaw, packets, type RawClient } from "../support/mqtt-wire.ts";
import type { TestDevice } from "../support/test-logins.ts";

interface TlsBroker extends TestBroker {
  certificates: Certificates;
  mqttsPort: number;
  openTls(pair?: KeyPair): Promise<RawClient>;
  device: TestDevice;
}

async function createTlsBroker(
  t: TestContext,
  env: Record<string, string> = {},
): Promise<TlsBroker> {
  const certificates = createCertificates(t);
  const { server, clientCa } = certificates;
  const made = await createTestBroker(t, {
    env: {
      NADI_TLS_CERT: server.certFile,
      NADI_TLS_KEY: server.keyFile,
      NADI_TLS_CLIENT_CA: clientCa.certFile,
      ...env,
    },
  });
  const mqttsPort = made.broker.ports.mqtts ?? 0;
  const options = (pair?: KeyPair): ConnectionOptions => ({
    ca: server.cert,
    servername: "localhost",
    ...(pair === undefined ? {} : { cert: pair.cert, key: pair.key }),
  });
  return {
    ...made,
    certificates,
    mqttsPort,
    openTls: (pair) => connectRaw({ port: mqttsPort, tls: options(pair), t }),
    device: made.logins.add("sppg-a", "dev"),
  };
}

async function ended(socket: net.Socket): Promise<void> {
  // `once` of node:events would reject on a reset, which is one of the ways to be closed.
  if (!socket.closed) await new Promise<void>((resolve) => socket.once("close", () => resolve()));
}

const topicName = "sppg/sppg-a/telemetry/dev/temperature";

test("a device signs in over TLS by password, publishes and is refused like on TCP", async (t) => {
  const { openTls, device, journal } = await createTlsBroker(t);
  const client = await openTls();
  expect((await client.connect(credentialsOf(device))).returnCode).toBe(0);
  const payload = "x".repeat(100_000);
  client.send(packets.publish({ topicName, payload, qos: 1, messageId: 4 }));
  expect((await client.next("puback")).messageId).toBe(4);
  expect(journal.payloads(topicName)).toEqual([payload]);
  const wrong = await openTls();
  const refused = await wrong.connect({ ...credentialsOf(device), password: "wrong" });
  expect(refused.returnCode).toBe(4);
  await wrong.closed;
});

test("a certificate named sppgId.deviceId signs its device in without a password", async (t) => {
  const { openTls, certificates, logins, device } = await createTlsBroker(t);
  const pair = certificates.issue("/O=Nadi/CN=sppg-a.dev");
  for (const fields of [{ clientId: "a" }, { clientId: "b", username: device.username }]) {
    const client = await openTls(pair);
    expect((await client.connect(fields)).returnCode).toBe(0);
    client.send(packets.publish({ topicName, payload: "x", qos: 1 }));
    await client.next("puback");
  }
  const other = await openTls(pair);
  expect((await other.connect({ clientId: "c", username: "sppg-a.dev2" })).returnCode).toBe(4);
  logins.revoke(device);
  const revoked = await openTls(pair);
  expect((await revoked.connect({ clientId: "a" })).returnCode).toBe(5);
});

test("a certificate for nobody is refused at sign-in", async (t) => {
  const { openTls, certificates } = await createTlsBroker(t);
  for (const name of ["sppg-a.unknown", "nonsense"]) {
    const client = await openTls(certificates.issue(`/CN=${name}`));
    expect((await client.connect({ clientId: "a" })).returnCode).toBe(4);
  }
});

test("a certificate of another authority, or without a name, closes the connection", async (t) => {
  const { openTls, certificates, device, count } = await createTlsBroker(t);
  const bad = [
    certificates.issue("/CN=sppg-a.dev", { isForeign: true }),
    certificates.issue("/O=nobody", { isForeign: true }),
    certificates.issue("/O=nobody"),
    certificates.issue("/CN=sppg-a.dev/CN=sppg-b.dev"),
    certificates.server,
  ];
  for (const pair of bad) {
    const client = await openTls(pair);
    await expect(client.connect(credentialsOf(device))).rejects.toThrow("closed");
  }
  expect(count("certificate")).toBe(bad.length);
});

test("a plain client on the TLS port, and a TLS client on the plain one, are closed", async (t) => {
  const { mqttsPort, port, count, certificates, device } = await createTlsBroker(t);
  const plain = await connectRaw({ port: mqttsPort, t });
  plain.send(packets.connect(credentialsOf(device)));
  await plain.closed;
  expect(count("certificate")).toBe(1);
  await expect(
    connectRaw({ port, tls: { ca: certificates.server.cert, servername: "localhost" }, t }),
  ).rejects.toThrow(/socket|closed|ECONN/);
});

test("handshakes that drip end after five seconds, and above the limit the oldest yields", async (t) => {
  const made = await createTlsBroker(t, { NADI_MAX_PENDING_PER_ADDRESS: "20" });
  const drips: net.Socket[] = [];
  for (let index = 0; index < 30; index++) {
    const socket = net.connect({ port: made.mqttsPort, host: "127.0.0.1" });
    t.onTestFinished(() => void socket.destroy());
    // A reset is one of the ways in which the broker may close.
    socket.on("error", () => {});
    await once(socket, "connect");
    socket.write(Buffer.from([22, 3, 1]));
    drips.push(socket);
  }
  const startedAt = performance.now();
  await Promise.all(drips.slice(0, 10).map(ended));
  expect(performance.now() - startedAt).toBeLessThan(4_000);
  const client = await made.openTls();
  expect((await client.connect(credentialsOf(made.device))).returnCode).toBe(0);
  expect(performance.now() - startedAt).toBeLessThan(4_500);
  await Promise.all(drips.slice(11).map(ended));
  expect(performance.now() - startedAt).toBeLessThan(25_000);
});

test("a stop does not wait for handshakes under way", async (t) => {
  const { broker, mqttsPort } = await createTlsBroker(t);
  const socket = net.connect({ port: mqttsPort, host: "127.0.0.1" });
  socket.on("error", () => {});
  await once(socket, "connect");
  const startedAt = performance.now();
  await broker.stop();
  expect(performance.now() - startedAt).toBeLessThan(2_000);
});
