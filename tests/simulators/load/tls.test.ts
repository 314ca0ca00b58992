import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import tls from "node:tls";
import { Aedes } from "aedes";
import { expect, test, type TestContext } from "vitest";
import { anonymousDevices, startLoad } from "../../../simulators/index.ts";

function createCertificate(t: TestContext): { cert: Buffer; key: Buffer } {
  const folder = mkdtempSync(join(tmpdir(), "nadi-tls-"));
  t.onTestFinished(() => rmSync(folder, { recursive: true }));
  const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"];
  const algorithm = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  execFileSync(
    "openssl",
    ["req", "-x509", ...algorithm, ...subject, "-days", "2", "-keyout", key, "-out", cert],
    { stdio: "pipe" },
  );
  return { cert: readFileSync(cert), key: readFileSync(key) };
}

async function listen(t: TestContext, pair: { cert: Buffer; key: Buffer }): Promise<number> {
  const broker = await Aedes.createBroker();
  const server = tls.createServer(pair, (socket) => void broker.handle(socket));
  // A client that does not trust us ends the handshake: that is what one test is about.
  server.on("tlsClientError", (_error, socket) => socket.destroy());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.onTestFinished(async () => {
    await new Promise<void>((resolve) => broker.close(() => resolve()));
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });
  return (server.address() as AddressInfo).port;
}

test("a load over TLS is acknowledged like any other", async (t) => {
  const pair = createCertificate(t);
  const load = await startLoad({
    port: await listen(t, pair),
    tls: { ca: pair.cert },
    devices: anonymousDevices(3),
    pace: { kind: "full" },
    messagesPerDevice: 300,
  });
  t.onTestFinished(async () => void (await load.stop({ drainMs: 0 })));
  await load.finished;
  expect(load.acked().map(({ ranges }) => ranges)).toEqual([[[0, 299]], [[0, 299]], [[0, 299]]]);
});

test("a certificate that is not trusted ends the start", async (t) => {
  const port = await listen(t, createCertificate(t));
  const devices = anonymousDevices(1);
  await expect(
    startLoad({ port, tls: {}, devices, pace: { kind: "idle" }, reconnect: null }),
  ).rejects.toMatchObject({
    code: "SIMULATORS_BROKER_UNAVAILABLE",
    cause: { code: "DEPTH_ZERO_SELF_SIGNED_CERT" },
  });
});
