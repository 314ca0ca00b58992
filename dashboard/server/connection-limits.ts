import type { RequestListener, Server } from "node:http";
import { BlockList, isIPv6, type Socket } from "node:net";
import { addressGroup } from "./address-group.ts";

/**
 * No browser sends a request before the last one's answer, and few tools do. Node reads some 2,000
 * small ones out of one packet and hands over all of them before anything else gets its turn.
 */
export const unansweredMax = 4;
/** Idle connections are closed for newcomers at most this often: it looks at all of them. */
const closeIdleMs = 1_000;

/** Ends the socket of a client that sends further requests without waiting for answers. */
export function boundPipelining(handle: RequestListener): RequestListener {
  const unanswered = new WeakMap<Socket, number>();
  return (request, response) => {
    const { socket } = request;
    const count = (unanswered.get(socket) ?? 0) + 1;
    unanswered.set(socket, count);
    if (count > unansweredMax) {
      socket.destroy();
      return;
    }
    response.once("close", () => unanswered.set(socket, (unanswered.get(socket) ?? 1) - 1));
    handle(request, response);
  };
}

export interface ConnectionLimits {
  max: number;
  /** Addresses and ranges that connect for callers from everywhere, and may use all of `max`. */
  trustedProxies: readonly string[];
}

/**
 * At most `max` connections, half of them from one address; where one is missing, those that wait
 * between two requests make room. Browsers open them again when they need them.
 */
export function limitConnections(server: Server, { max, trustedProxies }: ConnectionLimits): void {
  const perAddressMax = Math.ceil(max / 2);
  const proxies = toBlockList(trustedProxies);
  const counts = new Map<string, number>();
  let closedAtMs = Number.NEGATIVE_INFINITY;
  const closeIdle = (): void => {
    const nowMs = performance.now();
    if (nowMs - closedAtMs < closeIdleMs) return;
    closedAtMs = nowMs;
    server.closeIdleConnections();
  };
  server.maxConnections = max;
  server.on("drop", closeIdle);
  // First of the listeners: to Node a connection without a request yet is an idle one.
  server.prependListener("connection", (socket: Socket) => {
    const { remoteAddress: address } = socket;
    // Gone already, or one that stands for many.
    if (address === undefined || proxies.check(address, isIPv6(address) ? "ipv6" : "ipv4")) return;
    const group = addressGroup(address);
    const count = (counts.get(group) ?? 0) + 1;
    // With the last place taken, so that the next one may find some.
    if (count >= perAddressMax) closeIdle();
    if (count > perAddressMax) {
      // Node's own listeners don't expect a socket that is gone.
      process.nextTick(() => socket.destroy());
      return;
    }
    counts.set(group, count);
    socket.once("close", () => {
      const left = (counts.get(group) ?? 1) - 1;
      if (left === 0) counts.delete(group);
      else counts.set(group, left);
    });
  });
}

function toBlockList(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = "", bits] = range.split("/");
    const family = isIPv6(address) ? "ipv6" : "ipv4";
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return list;
}
