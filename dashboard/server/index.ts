/** The door of `dashboard/server`: others import from here and nowhere else. */
export { type ApiOptions, type RegisteredApi, registerApi } from "./api.ts";
export { createHttpApp, type HttpApp, type HttpAppOptions } from "./app.ts";
export { type HttpConfig, httpConfigShape, type LogLevel, loadHttpConfig } from "./config.ts";
export { httpErrors } from "./errors.ts";
export { registerMqttWebSocket } from "./mqtt-websocket.ts";
export { pageDirectory } from "./page-directory.ts";
export type { PersonSession } from "./people/live-session.ts";
export { peopleMigrationsModule } from "./people/migrations.ts";
export type { People } from "./people/people.ts";
export { peopleServiceModule } from "./people/service.ts";
export type { Sessions } from "./people/sessions.ts";
export type { ReadinessCheck, ReadinessResult } from "./readiness.ts";
export { serveHttp } from "./serve-http.ts";
export type { DashboardServices, DeviceEdge } from "./services.ts";
