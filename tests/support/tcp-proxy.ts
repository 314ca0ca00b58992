import { once } from "node:events";
import net from "node:net";
import type { Scope } from "./nadi-process.ts";

/** A network between a client and a server of this machine that can be slow, silent or cut. */
export interface TcpProxy {
  /** The server's address through it. */
  readonly url: string;
  /** What the server says comes so much later, in its order; 0: at once. */
  delayMs(ms: number): void;
  /** What runs breaks off, and nobody gets in. */
  cut(): void;
  /** Connections stay, new ones too, and no byte passes in either direction. */
  silence(): void;
  /** Ends a cut or a silence: what was silent goes on where it was. */
  mend(): void;
  /** Connections that it has taken. */
  readonly connections: number;
}

type Mode = "open" | "silent" | "cut";

interface Network {
  mode: Mode;
  delayMs: number;
  readonly sockets: Set<net.Socket>;
  readonly timers: Set<NodeJS.Timeout>;
}

export async function startTcpProxy(scope: Scope, targetUrl: string): Promise<TcpProxy> {
  const target = new URL(targetUrl);
  const network: Network = { mode: "open", delayMs: 0, sockets: new Set(), timers: new Set() };
  const { sockets, timers } = network;
  let connections = 0;
  const server = net.createServer((client) => {
    if (network.mode === "cut") {
      client.resetAndDestroy();
      return;
    }
    connections += 1;
    join(network, client, net.connect(Number(target.port), target.hostname));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const reset = (): void => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  scope.onTestFinished(async () => {
    for (const timer of timers) clearTimeout(timer);
    const closed = once(server, "close");
    server.close();
    reset();
    await closed;
  });
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: targetUrl.replace(target.host, `127.0.0.1:${port}`),
    delayMs(ms) {
      network.delayMs = ms;
    },
    cut() {
      network.mode = "cut";
      reset();
    },
    silence() {
      network.mode = "silent";
      for (const socket of sockets) socket.pause();
    },
    mend() {
      network.mode = "open";
      for (const socket of sockets) socket.resume();
    },
    get connections() {
      return connections;
    },
  };
}

function join(network: Network, client: net.Socket, upstream: net.Socket): void {
  const { sockets, timers } = network;
  const held: Buffer[] = [];
  let lastDueMs = 0;
  for (const socket of [client, upstream]) {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    // The other end hears of it by its own close.
    socket.on("error", () => socket.destroy());
  }
  client.on("data", (bytes) => upstream.write(bytes));
  upstream.on("data", (bytes: Buffer) => {
    if (network.delayMs === 0 && held.length === 0) {
      client.write(bytes);
      return;
    }
    held.push(bytes);
    const nowMs = performance.now();
    // A delay that has become shorter must not put what comes later before this.
    lastDueMs = Math.max(lastDueMs, nowMs + network.delayMs);
    const timer = setTimeout(() => {
      timers.delete(timer);
      const first = held.shift();
      if (first !== undefined && !client.destroyed) client.write(first);
    }, lastDueMs - nowMs);
    timers.add(timer);
  });
  client.on("close", () => upstream.destroy());
  upstream.on("close", () => client.destroy());
  if (network.mode === "silent") {
    client.pause();
    upstream.pause();
  }
}
