import type { IClientOptions, MqttClient } from "mqtt";

/** Half-open sockets are found within 45 s; a browser that knows it is offline says so at once. */
const keepAliveSeconds = 30;
const connectMs = 10_000;

/**
 * One attempt at a connection. mqtt.js is larger than React and comes in a chunk of its own, after
 * the first paint. Its reconnecting has a fixed period without jitter: that is ours to do, with a
 * new client for each attempt, so that nothing of a broken one lives on.
 */
export async function openMqtt(url: string, own: IClientOptions = {}): Promise<MqttClient> {
  // What browsers get of it exports nothing by name.
  const { default: mqtt } = await import("mqtt");
  return mqtt.connect(url, {
    protocolVersion: 4,
    clean: true,
    clientId: `web-${crypto.randomUUID()}`,
    keepalive: keepAliveSeconds,
    connectTimeout: connectMs,
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    // The other kinds start a worker from a blob, which our content policy refuses.
    timerVariant: "native",
    ...own,
  });
}
