import { brokerError } from "../errors.ts";
import type { Bus, BusHandlers } from "./bus.ts";

interface Member {
  channels: ReadonlySet<string>;
  handlers: BusHandlers;
}

/** A bus within one process, for several brokers in it. */
export interface LocalBusHub {
  connect(): Bus;
}

/** Texts arrive in a later turn, as over a network, and to everybody in the same order. */
export function createLocalBusHub(): LocalBusHub {
  const members = new Set<Member>();

  const deliver = (channel: string, text: string): void => {
    for (const member of members) {
      if (member.channels.has(channel)) member.handlers.onText(channel, text);
    }
  };

  return {
    connect() {
      let member: Member | null = null;
      let isClosed = false;
      return {
        awaySinceMs: null,
        join(channels, handlers) {
          const joined = { channels: new Set(channels), handlers };
          member = joined;
          setImmediate(() => {
            if (isClosed) return;
            members.add(joined);
            handlers.onOpen();
          });
        },
        publish(channel, text) {
          if (isClosed) return Promise.reject(closed());
          const count = [...members].filter(({ channels }) => channels.has(channel)).length;
          setImmediate(() => deliver(channel, text));
          return Promise.resolve(count);
        },
        close() {
          isClosed = true;
          if (member !== null) members.delete(member);
          return Promise.resolve();
        },
      };
    },
  };
}

function closed(): Error {
  return brokerError("BROKER_PEERS_UNAVAILABLE", { message: "This process is stopping." });
}
