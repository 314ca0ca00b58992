import type { Role, ServeParts } from "../../devices/index.ts";
import { Peers } from "./peers.ts";

/**
 * This process among the others of one Nadi, over the Redis of `NADI_REDIS_URL`. What it serves and
 * hears is registered next, then `start`.
 */
export async function openPeers(
  { redisUrl: url, roles }: { redisUrl: string; roles: Iterable<Role> },
  { log: parentLog, stack }: Pick<ServeParts, "log" | "stack">,
): Promise<Peers> {
  const log = parentLog.child({ component: "peers" });
  // Loaded only where it is needed: a kitchen's own machine starts without it.
  const { openRedisBus } = await import("./redis-bus.ts");
  const peers = new Peers({ bus: openRedisBus({ url, log }), roles: [...roles], log });
  stack.push(() => peers.close());
  return peers;
}
