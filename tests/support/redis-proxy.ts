import { once } from "node:events";
import net from "node:net";
import type { Scope } from "./nadi-process.ts";
import { commandsIn } from "./redis-command.ts";

/** Stands before a real Redis, sees the commands that pass, and can lose their answers. */
export interface RedisProxy {
  readonly url: string;
  /** The names of the commands that have passed, in order. */
  readonly commands: readonly string[];
  /** The answers to the next commands of this name are lost, and the connection with them. */
  loseAnswersTo(name: string, times: number): void;
  /** Shut, it hangs up on whoever comes. */
  setOpen(isOpen: boolean): void;
}

export async function startRedisProxy(scope: Scope, target: { port: number }): Promise<RedisProxy> {
  const sockets = new Set<net.Socket>();
  const commands: string[] = [];
  const losses = new Map<string, number>();
  let isOpen = true;
  const keep = (socket: net.Socket): net.Socket => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    // The other end hears of it by its own close.
    socket.on("error", () => socket.destroy());
    return socket;
  };
  const server = net.createServer((client) => {
    if (!isOpen) {
      client.resetAndDestroy();
      return;
    }
    const upstream = keep(net.connect(target.port, "127.0.0.1"));
    keep(client);
    let isLosing = false;
    let waiting: Buffer = Buffer.alloc(0);
    client.on("data", (bytes: Buffer) => {
      waiting = Buffer.concat([waiting, bytes]);
      const whole = commandsIn(waiting);
      for (const { name, start, end } of whole) {
        commands.push(name);
        const left = losses.get(name) ?? 0;
        if (left > 0) losses.set(name, left - 1);
        isLosing ||= left > 0;
        upstream.write(waiting.subarray(start, end));
      }
      waiting = waiting.subarray(whole.at(-1)?.end ?? 0);
    });
    upstream.on("data", (bytes: Buffer) => {
      if (isLosing) client.resetAndDestroy();
      else client.write(bytes);
    });
    client.on("close", () => {
      // What it lost the answer to is still done.
      if (isLosing) upstream.end();
      else upstream.destroy();
    });
    upstream.on("close", () => client.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  scope.onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, "close");
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    url: `redis://127.0.0.1:${address.port}`,
    commands,
    loseAnswersTo: (name, times) => void losses.set(name, times),
    setOpen: (open) => {
      isOpen = open;
    },
  };
}
