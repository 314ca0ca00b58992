import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TLSSocket } from "node:tls";
import type { ConnectionOrigin } from "./connection.ts";

export interface ListenOptions {
  host: string;
  /** 0 picks a free port. */
  port: number;
  connectionsMax: number;
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
  close(): Promise<void>;
}

type Accept = (conn: Socket, origin: ConnectionOrigin) => void;

/** Small reads keep what one client may have in memory small. */
const socketOptions = { highWaterMark: 16_384, noDelay: true, keepAlive: true };
const keepAliveInitialDelay = 60_000;
const tlsHandshakeTimeoutMs = 5_000;

async function listen(server: Server, options: ListenOptions): Promise<Listener> {
  server.maxConnections = options.connectionsMax;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.host, () => {
      server.removeListener("error", reject);
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

/** The device that a verified client certificate names, or `null` if none was shown. */
function certificateName(socket: TLSSocket): string | null {
  const name = socket.getPeerCertificate().subject?.CN;
  return typeof name === "string" ? name : null;
}

/** MQTT over TLS; a client certificate is optional, but a bad one is refused. */
export async function listenTls(
  options: ListenOptions & TlsFiles,
  accept: Accept,
  onRefused: (address: string, reason: string) => void,
): Promise<Listener> {
  const server = createTlsServer(
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
    (socket) => {
      const name = options.clientCa === null ? null : certificateName(socket);
      if (name !== null && !socket.authorized) {
        onRefused(plainAddress(socket), String(socket.authorizationError));
        socket.destroy();
        return;
      }
      accept(socket, { address: plainAddress(socket), transport: "tls", certificateName: name });
    },
  );
  server.on("tlsClientError", (error, socket) => {
    onRefused(plainAddress(socket), error.message);
    socket.destroy();
  });
  return await listen(server, options);
}
