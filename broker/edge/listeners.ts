import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TLSSocket } from "node:tls";
import { explainListenError, useTlsFiles } from "../../devices/index.ts";
import { AddressGuard } from "./address-limits.ts";
import type { ConnectionOrigin } from "./connection.ts";

export interface ListenOptions {
  host: string;
  /** 0 picks a free port. */
  port: number;
  /** Where the port comes from, for whoever must change it. */
  portVariable: string;
  connectionsMax: number;
  /** Several processes take the connections of one port, which the kernel shares out. */
  reusePort: boolean;
  /** TLS handshakes of one address that are under way; the oldest yields. */
  handshakesPerAddress: number;
  /** The system could not accept a connection, e.g. for want of descriptors. */
  onError(error: Error): void;
}

export interface TlsFiles {
  cert: Buffer;
  key: Buffer;
  /** Certificates that may sign a device's; without it none is asked for. */
  clientCa: Buffer | null;
}

export interface Listener {
  readonly port: number;
  readonly host: string;
  /** No new connection after this; the open ones stay. Idempotent. */
  stopAccepting(): void;
  /** Ends what is left, also handshakes that nobody has been told of. */
  close(): Promise<void>;
}

type Accept = (conn: Socket, origin: ConnectionOrigin) => void;

/** Small reads keep what one client may have in memory small. */
const socketOptions = { highWaterMark: 16_384, noDelay: true, keepAlive: true };
const keepAliveInitialDelay = 60_000;
const tlsHandshakeTimeoutMs = 5_000;

async function listen(server: Server, options: ListenOptions): Promise<Listener> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  server.maxConnections = options.connectionsMax;
  await new Promise<void>((resolve, reject) => {
    const { port, host, reusePort } = options;
    const fail = (error: Error): void => {
      reject(explainListenError(error, { ...options, hostVariable: "NADI_MQTT_HOST" }));
    };
    server.once("error", fail);
    server.listen({ port, host, reusePort }, () => {
      server.removeListener("error", fail);
      // Without a listener one failed accept would end the process.
      server.on("error", (error) => options.onError(error));
      resolve();
    });
  });
  let isAccepting = true;
  let closing: Promise<void> | null = null;
  const stopAccepting = (): void => {
    if (!isAccepting) return;
    isAccepting = false;
    closing = new Promise((resolve) => server.close(() => resolve()));
  };
  return {
    port: (server.address() as AddressInfo).port,
    host: options.host,
    stopAccepting,
    close: async () => {
      stopAccepting();
      for (const socket of sockets) socket.destroy();
      await closing;
    },
  };
}

/** An IPv4 address that came over an IPv6 socket is the same address. */
function plainAddress(socket: Socket): string {
  const address = socket.remoteAddress ?? "";
  return address.startsWith("::ffff:") ? address.slice(7) : address;
}

/** MQTT over plain TCP. Rejects when the port can't be had. */
export async function listenTcp(options: ListenOptions, accept: Accept): Promise<Listener> {
  const server = createServer({ ...socketOptions, keepAliveInitialDelay }, (socket) => {
    accept(socket, {
      address: plainAddress(socket),
      transport: "tcp",
      certificateName: null,
    });
  });
  return await listen(server, options);
}

type Certificate =
  | { isAccepted: true; name: string | null }
  | { isAccepted: false; reason: string };

/** What the client's certificate says; showing none is allowed. */
function judgeCertificate(socket: TLSSocket): Certificate {
  const shown = socket.getPeerCertificate();
  if (shown === undefined || Object.keys(shown).length === 0) {
    return { isAccepted: true, name: null };
  }
  if (!socket.authorized) return { isAccepted: false, reason: String(socket.authorizationError) };
  const name = shown.subject?.CN;
  // Several common names name nobody.
  if (typeof name !== "string") return { isAccepted: false, reason: "no single common name" };
  return { isAccepted: true, name };
}

/**
 * Bounds the handshakes under way of each address; the oldest yields. Answers what to call with
 * a socket whose handshake is over.
 */
function limitHandshakes(server: Server, perAddress: number): (socket: TLSSocket) => void {
  const guard = new AddressGuard<Socket>({
    pendingPerAddress: perAddress,
    failuresBurst: 0,
    failuresPerSecond: 0,
    lingerMs: 0,
  });
  // By address and port: TLS tells of a socket of its own, and the plain one is not to be had.
  const releases = new Map<string, () => void>();
  const endpoint = (socket: Socket): string => `${plainAddress(socket)} ${socket.remotePort}`;
  server.on("connection", (socket: Socket) => {
    const address = plainAddress(socket);
    const key = endpoint(socket);
    const release = (): void => {
      if (releases.get(key) !== release) return;
      releases.delete(key);
      guard.release(address, socket, performance.now());
    };
    releases.set(key, release);
    socket.once("close", release);
    guard.admit(address, socket, performance.now())?.destroy();
  });
  return (socket) => releases.get(endpoint(socket))?.();
}

/** MQTT over TLS; a client certificate is optional, but a bad one is refused. */
export async function listenTls(
  options: ListenOptions & TlsFiles,
  accept: Accept,
  onRefused: (address: string, reason: string) => void,
): Promise<Listener> {
  const take = (socket: TLSSocket): void => {
    handshakeOver(socket);
    const address = plainAddress(socket);
    const certificate = judgeCertificate(socket);
    if (!certificate.isAccepted) {
      onRefused(address, certificate.reason);
      socket.destroy();
      return;
    }
    accept(socket, { address, transport: "tls", certificateName: certificate.name });
  };
  const server = useTlsFiles(["NADI_TLS_CERT", "NADI_TLS_KEY", "NADI_TLS_CLIENT_CA"], () =>
    createTlsServer(
      {
        ...socketOptions,
        keepAliveInitialDelay,
        cert: options.cert,
        key: options.key,
        ...(options.clientCa === null ? {} : { ca: options.clientCa }),
        requestCert: options.clientCa !== null,
        rejectUnauthorized: false,
        minVersion: "TLSv1.2",
        handshakeTimeout: tlsHandshakeTimeoutMs,
      },
      take,
    ),
  );
  const handshakeOver = limitHandshakes(server, options.handshakesPerAddress);
  server.on("tlsClientError", (error, socket) => {
    onRefused(plainAddress(socket), error.message);
    socket.destroy();
  });
  return await listen(server, options);
}
