import type { Logger } from "pino";
import type { AedesClient } from "./aedes-private.ts";
import type { Connection } from "./connection.ts";
import type { NadiAedes } from "./nadi-aedes.ts";
import type { RetainedMessages } from "./retained.ts";
import type { SessionStore } from "./session-store.ts";
import { enterSubscriptions, type GrantedFilter } from "./subscribing.ts";

export interface AedesListeners {
  log: Logger;
  sessions: SessionStore;
  retained: RetainedMessages;
  /** The former holder of the id is closed, CONNACK comes next. */
  registered(client: AedesClient): void;
  /** CONNACK is out. */
  opened(connection: Connection): void;
}

/** What Aedes tells by events, which its types do not all know. */
export function listenToAedes(aedes: NadiAedes, listeners: AedesListeners): void {
  const { log, sessions, retained } = listeners;
  const emitter = aedes as unknown as NodeJS.EventEmitter;
  emitter.on("error", (error: unknown) => log.error({ err: error }, "aedes failed"));
  emitter.on("client", (client: AedesClient) => listeners.registered(client));
  emitter.on("connackSent", (_packet: unknown, client: AedesClient) => {
    // Aedes marks the client a line later. A refused one has no session.
    if (client.req.session !== null) queueMicrotask(() => listeners.opened(client.req));
  });
  emitter.on("subscribe", (granted: GrantedFilter[], client: AedesClient) =>
    enterSubscriptions(client.req, granted, { sessions, retained }),
  );
  emitter.on("unsubscribe", (filters: string[], client: AedesClient) => {
    const { session } = client.req;
    if (session === null || session.outlet !== client.req) return;
    for (const filter of filters) sessions.unsubscribe(session, filter);
  });
  const onClientError = (client: AedesClient, error: Error): void =>
    log.debug(
      { principal: client.req.principal?.name, reason: error.message },
      "connection failed",
    );
  emitter.on("clientError", onClientError);
  emitter.on("connectionError", onClientError);
}
