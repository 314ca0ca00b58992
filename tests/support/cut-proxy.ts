import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import type { Scope } from "./nadi-process.ts";

export interface CutProxy {
  /** Where a browser reaches the platform through it. */
  url: string;
  /** The network is gone: what runs breaks off, and nobody gets in. */
  cut(): void;
  mend(): void;
}

/** A network between a browser and the platform that can be cut: plain bytes, both ways. */
export async function openCutProxy(scope: Scope, target: string): Promise<CutProxy> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let isCut = false;
  const keep = (socket: Socket): Socket => {
    sockets.add(socket);
    // A socket that is cut says so to its other end; there is nobody else to tell.
    socket.on("error", () => socket.destroy());
    socket.once("close", () => sockets.delete(socket));
    return socket;
  };
  const server = createServer((client) => {
    if (isCut) {
      client.resetAndDestroy();
      return;
    }
    const upstream = keep(connect(Number(port), hostname));
    keep(client).pipe(upstream).pipe(client);
    client.once("close", () => upstream.destroy());
    upstream.once("close", () => client.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const dropAll = (): void => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  scope.onTestFinished(async () => {
    dropAll();
    server.close();
    await once(server, "close");
  });
  // A listening TCP server has an address record.
  const { port: own } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${own}`,
    cut() {
      isCut = true;
      dropAll();
    },
    mend() {
      isCut = false;
    },
  };
}
