import type { Logger } from "pino";
import type { AuditSink } from "../ports.ts";
import type { Connection } from "./connection.ts";
import type { GateFault } from "./packet-types.ts";
import type { SignInRefusal } from "./sign-in.ts";

export type Refusal =
  | GateFault
  | SignInRefusal
  | "publish-topic"
  | "subscribe-filter"
  | "revoked"
  | "frozen"
  | "connect-deadline"
  | "too-many-pending"
  | "too-many-connections"
  | "certificate"
  | "unexpected-acks";

/** One line in the audit log and the log for each source, refusal and minute. */
const repeatMs = 60_000;
const sourcesMax = 10_000;

/**
 * Counts every refusal, and writes the first of each kind and source in a minute to the audit log
 * and the log: a hostile client must not fill either.
 */
export class Refusals {
  readonly counts = new Map<Refusal, number>();
  readonly #audit: AuditSink;
  readonly #log: Logger;
  readonly #clock: { wallMs(): number; monotonicMs(): number };
  readonly #seen = new Map<string, number>();

  constructor(options: {
    audit: AuditSink;
    log: Logger;
    clock: { wallMs(): number; monotonicMs(): number };
  }) {
    this.#audit = options.audit;
    this.#log = options.log;
    this.#clock = options.clock;
  }

  record(refusal: Refusal, connection: Connection, subject: string | null = null): void {
    this.counts.set(refusal, (this.counts.get(refusal) ?? 0) + 1);
    const { principal, origin } = connection;
    const source = principal === null ? origin.address : principal.name;
    const nowMs = this.#clock.monotonicMs();
    const key = `${refusal} ${source}`;
    const lastMs = this.#seen.get(key);
    if (lastMs !== undefined && nowMs - lastMs < repeatMs) return;
    if (this.#seen.size >= sourcesMax) this.#seen.clear();
    this.#seen.set(key, nowMs);
    const facts = { refusal, address: origin.address, transport: origin.transport };
    this.#log.info({ ...facts, principal: principal?.name ?? null, subject }, "mqtt refused");
    this.#audit.write({
      atMs: this.#clock.wallMs(),
      actor: principal === null ? "anonymous" : `device:${principal.name}`,
      action: `mqtt.${refusal}`,
      sppgId: principal?.kind === "device" ? principal.sppgId : null,
      subject: subject?.slice(0, 200) ?? null,
      address: origin.address,
      outcome: "refused",
      detail: { transport: origin.transport },
    });
  }
}
