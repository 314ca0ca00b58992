export { createHttpApp, type HttpApp, type HttpAppOptions } from "./app.ts";
export { type HttpConfig, httpConfigShape, type LogLevel, loadHttpConfig } from "./config.ts";
export { HttpConfigError, httpErrors } from "./errors.ts";
export type { ReadinessCheck, ReadinessResult } from "./readiness.ts";
