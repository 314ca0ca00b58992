import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface KeyPair {
  certFile: string;
  keyFile: string;
  cert: Buffer;
  key: Buffer;
}

export interface Certificates {
  /** Of `localhost` and 127.0.0.1, signed by itself. */
  server: KeyPair;
  /** The authority of the devices' certificates. */
  clientCa: KeyPair;
  /** Signs a certificate for the subject, e.g. `/CN=sppg-a.dev`. */
  issue(subject: string, options?: { isForeign?: boolean; days?: number }): KeyPair;
}

const ecKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

/** Keys and certificates made with the openssl command, in a folder that ends with the test. */
export function createCertificates(t: { onTestFinished(cleanUp: () => void): void }): Certificates {
  const folder = mkdtempSync(join(tmpdir(), "nadi-tls-"));
  t.onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  let made = 0;
  const openssl = (...args: string[]): void => {
    execFileSync("openssl", args, { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
  };
  const pair = (name: string): KeyPair => {
    const [certFile, keyFile] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)];
    return { certFile, keyFile, cert: readFileSync(certFile), key: readFileSync(keyFile) };
  };
  const selfSign = (name: string, subject: string, extensions: readonly string[] = []): KeyPair => {
    const added = extensions.flatMap((extension) => ["-addext", extension]);
    const files = ["-keyout", `${name}.key`, "-out", `${name}.crt`];
    openssl("req", "-x509", ...ecKey, ...files, "-days", "2", "-subj", subject, ...added);
    return pair(name);
  };
  const alternatives = "subjectAltName=DNS:localhost,IP:127.0.0.1";
  const server = selfSign("server", "/CN=localhost", [alternatives]);
  const clientCa = selfSign("ca", "/CN=Nadi test devices");
  const foreignCa = selfSign("foreign", "/CN=Nadi test devices");
  writeFileSync(join(folder, "leaf.cnf"), "basicConstraints=CA:FALSE\n");
  return {
    server,
    clientCa,
    issue: (subject, options = {}) => {
      const name = `leaf-${++made}`;
      const ca = options.isForeign === true ? foreignCa : clientCa;
      openssl("req", ...ecKey, "-keyout", `${name}.key`, "-out", `${name}.csr`, "-subj", subject);
      const signing = ["-CA", ca.certFile, "-CAkey", ca.keyFile, "-CAcreateserial"];
      const files = ["-in", `${name}.csr`, "-out", `${name}.crt`, "-extfile", "leaf.cnf"];
      openssl("x509", "-req", ...files, ...signing, "-days", "2");
      return pair(name);
    },
  };
}
