import { forgetSubscription } from "./aedes-private.ts";
import type { Connection } from "./connection.ts";
import { markerPrefix } from "./pump.ts";
import type { RetainedMessages } from "./retained.ts";
import type { SessionStore } from "./session-store.ts";

/** What Aedes has granted, 128 for nothing. */
export interface GrantedFilter {
  topic: string;
  qos: 0 | 1 | 2 | 128;
}

/** Enters granted filters in the session, and sends what is retained for them. */
export function enterSubscriptions(
  connection: Connection,
  granted: readonly GrantedFilter[],
  { sessions, retained }: { sessions: SessionStore; retained: RetainedMessages },
): void {
  const { client, session } = connection;
  if (client === null || session === null || session.outlet !== connection) return;
  for (const { topic, qos } of granted) {
    connection.pendingFilters.delete(topic);
    // Aedes needs its own record of them for nothing.
    if (qos !== 128) forgetSubscription(client, topic);
    if (qos === 128 || topic.startsWith(markerPrefix)) continue;
    if (!sessions.subscribe(session, topic, qos)) continue;
    // [MQTT-3.3.1-6, -8]: once for each matching subscription, with the retain flag set.
    for (const message of retained.match(topic)) session.deliverRetained(message, qos);
  }
}
