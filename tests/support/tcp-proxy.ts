import { once } from "node:events";
import net from "node:net";
import type { Scope } from "./nadi-process.ts";

/** A TCP proxy on loopback that holds back what the server says. */
export interface TcpProxy {
  readonly url: string;
  /** Answers come so much later; 0: at once. */
  delayMs(ms: number): void;
  /** Connections that it has taken. */
  readonly connections: number;
}

export async function startTcpProxy(scope: Scope, targetUrl: string): Promise<TcpProxy> {
  const target = new URL(targetUrl);
  let delayMs = 0;
  let connections = 0;
  const sockets = new Set<net.Socket>();
  const timers = new Set<NodeJS.Timeout>();
  const server = net.createServer((client) => {
    connections += 1;
    const upstream = net.connect(Number(target.port), target.hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
      // The other end hears of it by its own close.
      socket.on("error", () => socket.destroy());
    }
    client.on("data", (bytes) => upstream.write(bytes));
    upstream.on("data", (bytes) => {
      const timer = setTimeout(() => {
        timers.delete(timer);
        if (!client.destroyed) client.write(bytes);
      }, delayMs);
      timers.add(timer);
    });
    client.on("close", () => upstream.destroy());
    upstream.on("close", () => client.destroy());
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  scope.onTestFinished(async () => {
    for (const timer of timers) clearTimeout(timer);
    for (const socket of sockets) socket.destroy();
    const closed = once(server, "close");
    server.close();
    await closed;
  });
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    delayMs(ms) {
      delayMs = ms;
    },
    get connections() {
      return connections;
    },
  };
}
