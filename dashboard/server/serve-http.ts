import { collectDefaultMetrics, Registry as MetricsRegistry } from "@prometheus-io/client";
import type { Broker } from "../../broker/index.ts";
import type { ServeParts } from "../../devices/index.ts";
import { registerApi } from "./api.ts";
import { createHttpApp } from "./app.ts";
import type { HttpConfig } from "./config.ts";
import { registerMqttWebSocket } from "./mqtt-websocket.ts";
import { pageDirectory } from "./page-directory.ts";
import type { ReadinessCheck } from "./readiness.ts";
import type { DashboardServices } from "./services.ts";

export interface ServeHttpOptions {
  config: HttpConfig;
  readiness: readonly ReadinessCheck[];
  /** Adds what `/metrics` shows beside the process's own. */
  registerMetrics(registry: MetricsRegistry): void;
  /** For people: the page, the API and the WebSocket. `null`: status only. */
  people: { services: DashboardServices; edge: Pick<Broker, "handle"> } | null;
}

/** HTTP of a running service; it listens when this resolves. Answers its address. */
export async function serveHttp(
  options: ServeHttpOptions,
  { log, stack }: ServeParts,
): Promise<string> {
  const { config, readiness, people } = options;
  const metrics = new MetricsRegistry();
  collectDefaultMetrics({ register: metrics });
  options.registerMetrics(metrics);
  const page = people === null ? {} : { pageDirectory };
  const http = createHttpApp({ config, log, metrics, readiness, ...page });
  if (people !== null) {
    const { services, edge } = people;
    const api = registerApi(http.server, services, { config, log });
    registerMqttWebSocket(http.server, {
      authenticate: (request) => api.sessions.authenticate(request),
      isAllowedOrigin: (place) => api.isAllowedOrigin(place),
      onRefused: (request, because) => api.noteRefusedUpgrade(request, because),
      handle: (conn, origin) => edge.handle(conn, origin),
    });
  }
  stack.push(() => http.stop());
  return (await http.start()).url;
}
