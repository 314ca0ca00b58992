import { isIP } from "node:net";
import type { FastifyRequest } from "fastify";
import type { RouteAnswer } from "../contract/index.ts";
import type { MqttListener } from "./services.ts";

/** Addresses that a listener binds to and nobody can connect to by name. */
const anyAddresses: ReadonlySet<string> = new Set(["0.0.0.0", "::"]);

type MqttDoor = RouteAnswer<"readDeviceStatus">["mqtt"];

/** Where a device connects, as the caller reaches it: the name that this very request came to. */
export function describeDoor(
  listener: MqttListener,
  request: Pick<FastifyRequest, "hostname">,
): MqttDoor {
  const { port, tlsPort } = listener;
  const bound = listener.host.replaceAll(/^\[|\]$/g, "");
  const host = anyAddresses.has(bound) ? hostOf(request.hostname) : bound;
  return { host, port, tlsPort, isLoopbackOnly: isLoopback(bound) };
}

/** The caller's own word: shown to nobody else, and only if it can be a host. */
function hostOf(hostname: string): string {
  const bare = hostname.replaceAll(/^\[|\]$/g, "");
  return isIP(bare) !== 0 || /^[A-Za-z0-9.-]{1,253}$/.test(bare) ? bare : "localhost";
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host.startsWith("127.");
}
