import type { Logger } from "pino";
import type { StopStack } from "../../devices/index.ts";
import type { Broker } from "../broker.ts";
import type { EdgeClock } from "../edge/limits.ts";
import { serveCommands } from "./commands.ts";
import type { Peers } from "./peers.ts";
import { PresenceFollower, sharePresence } from "./shared-presence.ts";
import { Takeover } from "./takeover.ts";

export interface JoinOptions {
  broker: Pick<Broker, "edge" | "command">;
  peers: Peers;
  clock: EdgeClock;
}

/** For a broker that devices connect to. Before `peers.start`. */
export function joinDeviceBroker({ broker, peers, clock }: JoinOptions): Takeover {
  const { edge } = broker;
  const connectionsMax = edge.connectionsPerPrincipal;
  const takeover = new Takeover({ edge, peers, connectionsMax });
  takeover.start();
  sharePresence(edge.presence, peers);
  serveCommands(broker, peers, clock.monotonicMs);
  return takeover;
}

/** For an edge that people connect to: it shows all brokers' devices. Before `peers.start`. */
export function joinPeopleEdge(
  { broker, peers, clock }: JoinOptions,
  { log, stack }: { log: Logger; stack: StopStack },
): void {
  const follower = new PresenceFollower({
    presence: broker.edge.presence,
    peers,
    log: log.child({ component: "peers" }),
    wallMs: clock.wallMs,
  });
  follower.start();
  stack.push(() => follower.stop());
}
