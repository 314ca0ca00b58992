import { connectAsync } from "mqtt";
import type { RealtimeMessage } from "../../devices/index.ts";
import type { ApiClient } from "./kitchen.ts";
import type { Scope } from "./nadi-process.ts";

export type AlertMessage = Extract<RealtimeMessage, { type: "production_alert" }>;

export interface AlertListener {
  /** From the beginning on; grows. */
  readonly messages: readonly AlertMessage[];
  /** Resolves with the messages as soon as they fit; rejects if they have not by then. */
  until(
    fits: (messages: readonly AlertMessage[]) => boolean,
    deadlineMs: number,
  ): Promise<readonly AlertMessage[]>;
}

/** What a page hears of a kitchen's production alerts, from now on. */
export async function listenToAlerts(
  scope: Scope,
  { httpUrl, api }: { httpUrl: string; api: ApiClient },
  sppgId: string,
): Promise<AlertListener> {
  const client = await connectAsync(`${httpUrl.replace("http", "ws")}/mqtt`, {
    protocolVersion: 4,
    reconnectPeriod: 0,
    wsOptions: { origin: httpUrl, headers: { cookie: api.cookie } },
  });
  scope.onTestFinished(async () => {
    await client.endAsync(true);
  });
  const messages: AlertMessage[] = [];
  const waiting = new Set<() => void>();
  client.on("message", (_topic, payload) => {
    // The broker's own, checked when it was encoded.
    messages.push(JSON.parse(String(payload)) as AlertMessage);
    for (const look of waiting) look();
  });
  await client.subscribeAsync(`sppg/${sppgId}/production/alerts`, { qos: 1 });
  return {
    messages,
    async until(fits, deadlineMs) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const look = (): void => {
        if (fits(messages)) resolve();
      };
      const timer = setTimeout(() => {
        const heard = messages.map(({ id, data }) => `${id} ${data.condition} ${data.response}`);
        reject(new Error(`not heard within ${deadlineMs} ms; so far: ${heard.join(", ")}`));
      }, deadlineMs);
      waiting.add(look);
      look();
      try {
        await promise;
      } finally {
        clearTimeout(timer);
        waiting.delete(look);
      }
      return messages;
    },
  };
}
