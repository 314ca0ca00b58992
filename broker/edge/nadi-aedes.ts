import type { Duplex } from "node:stream";
import { Aedes } from "aedes";
import type { AedesClient, AedesInternals, AedesPublish, Callback } from "./aedes-private.ts";
import type { Connection } from "./connection.ts";
import { topicLevelsMax } from "./topic-rules.ts";

/** The decisions that Nadi takes at Aedes' hooks. None of them may throw or reject. */
export interface AedesHooks {
  authenticate(
    client: AedesClient,
    credentials: { userName: string | undefined; password: Buffer | undefined },
    callback: Callback<boolean>,
  ): void;
  /** The only hook before the PUBACK: it calls back when the message is on disk. */
  authorizePublish(client: AedesClient | null, packet: AedesPublish, callback: Callback): void;
  authorizeSubscribe(client: AedesClient, filter: string): boolean;
}

export interface AedesSettings {
  persistence: object;
  connectDeadlineMs: number;
  incomingMax: number;
}

/** Our mq: sessions hold the subscriptions, so Aedes' own listeners have nothing to hear. */
const noMq = {
  on: (_topic: string, _listener: unknown, done?: () => void): void => done?.(),
  removeListener: (_topic: string, _listener: unknown, done?: () => void): void => done?.(),
  emit: (_packet: unknown, done?: () => void): void => done?.(),
  close: (done?: () => void): void => done?.(),
};

/**
 * Aedes with routing taken out: what a client publishes has been dealt with in `authorizePublish`,
 * before its acknowledgement, and what is routed goes through our sessions, which never make a
 * publisher wait for a subscriber (`aedes.md` sections 5 to 8).
 */
export class NadiAedes extends Aedes {
  constructor(hooks: AedesHooks, settings: AedesSettings) {
    // The one place where Aedes' published option types do not fit what it accepts.
    super({
      concurrency: 0,
      mq: noMq,
      persistence: settings.persistence,
      connectTimeout: settings.connectDeadlineMs,
      // Frozen subscribers are our sweep's; Aedes itself writes only CONNACK and acknowledgements.
      drainTimeout: 0,
      maxInflightInbound: settings.incomingMax,
      maxTopicLevels: topicLevelsMax,
      queueLimit: 1,
      authenticate: (...args: unknown[]) => {
        const [client, userName, password, callback] = args as [
          AedesClient,
          string | undefined,
          Buffer | undefined,
          Callback<boolean>,
        ];
        hooks.authenticate(client, { userName, password }, callback);
      },
      authorizePublish: (client: AedesClient | null, packet: AedesPublish, callback: Callback) =>
        hooks.authorizePublish(client, packet, callback),
      authorizeSubscribe: (
        client: AedesClient,
        subscription: { topic: string },
        callback: Callback,
      ) =>
        callback(null, hooks.authorizeSubscribe(client, subscription.topic) ? subscription : null),
      authorizeForward: () => null,
    } as unknown as ConstructorParameters<typeof Aedes>[0]);
  }

  get internals(): AedesInternals {
    return this as unknown as AedesInternals;
  }

  /** Hands a connection to Aedes and answers its client. */
  accept(conn: Duplex, connection: Connection): AedesClient {
    return this.internals.handle(conn, connection);
  }

  /** Called after the acknowledgement, for wills, and with Aedes' own news on `$SYS`. */
  override publish(...args: unknown[]): void {
    const [, second, third] = args as [unknown, unknown, Callback | undefined];
    const done = typeof second === "function" ? (second as Callback) : third;
    done?.(null);
  }

  /**
   * Stock Aedes deletes whoever holds the id. A connection that ended between sign-in and
   * registration must not remove the one that is registered.
   */
  unregisterClient(client: AedesClient): void {
    if (this.internals.clients[client.id] !== client) return;
    const inherited = Aedes.prototype as unknown as {
      unregisterClient(this: NadiAedes, client: AedesClient): void;
    };
    inherited.unregisterClient.call(this, client);
  }
}
