import { once } from "node:events";
import net from "node:net";
import { expect, test, type TestContext } from "vitest";
import { createTestBroker } from "../support/broker.ts";
import { createCertificates } from "../support/certificates.ts";

async function takePort(t: TestContext): Promise<string> {
  const holder = net.createServer().listen(0, "127.0.0.1");
  t.onTestFinished(() => void holder.close());
  await once(holder, "listening");
  return String((holder.address() as net.AddressInfo).port);
}

test("a port that somebody has is told with its variable, for each of the two", async (t) => {
  const port = await takePort(t);
  const { server } = createCertificates(t);
  await expect(createTestBroker(t, { env: { NADI_MQTT_PORT: port } })).rejects.toThrow(
    `NADI_MQTT_PORT is ${port}, which another program has (EADDRINUSE at 127.0.0.1)`,
  );
  const tls = { NADI_TLS_CERT: server.certFile, NADI_TLS_KEY: server.keyFile };
  await expect(createTestBroker(t, { env: { ...tls, NADI_MQTTS_PORT: port } })).rejects.toThrow(
    `NADI_MQTTS_PORT is ${port}, which another program has`,
  );
});

test("an address that this machine does not have is told with NADI_MQTT_HOST", async (t) => {
  // TEST-NET-1 is nobody's [RFC 5737].
  await expect(createTestBroker(t, { env: { NADI_MQTT_HOST: "192.0.2.1" } })).rejects.toThrow(
    "NADI_MQTT_HOST is 192.0.2.1, which is no address of this machine (EADDRNOTAVAIL)",
  );
});

test("a file of TLS that is not there, or no PEM, is told with its variable", async (t) => {
  const { server } = createCertificates(t);
  const good = { NADI_TLS_CERT: server.certFile, NADI_TLS_KEY: server.keyFile };
  for (const name of ["NADI_TLS_CERT", "NADI_TLS_KEY", "NADI_TLS_CLIENT_CA"]) {
    const env = { ...good, [name]: "/nowhere.pem" };
    await expect(createTestBroker(t, { env })).rejects.toThrow(
      `${name} names /nowhere.pem, which is not there (ENOENT)`,
    );
  }
  const swapped = { NADI_TLS_CERT: server.keyFile, NADI_TLS_KEY: server.certFile };
  await expect(createTestBroker(t, { env: swapped })).rejects.toThrow(/NADI_TLS_CERT.*can't take/);
});
