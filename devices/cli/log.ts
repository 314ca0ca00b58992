import { type Logger, pino } from "pino";

/** Everything that a log line may carry and must not show. */
const redactedPaths = ["password", "secret", "token", "*.password", "*.secret", "*.token"];

/** The log of a running service: JSON lines on stdout. */
export function createServiceLog(level: string): Logger {
  return pino({ level, redact: redactedPaths, base: { pid: process.pid } });
}
