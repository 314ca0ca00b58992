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
  | "sign-in-rate"
  | "too-many-pending"
  | "too-many-connections"
  | "certificate"
  | "unexpected-acks"
  | "too-many-unreleased";

/** Whom: a connection, or one that never came to be. */
export type Refused = Pick<Connection, "principal" | "origin">;

function actorOf(principal: Refused["principal"]): string {
  if (principal === null) return "anonymous";
  return principal.kind === "person" ? `user:${principal.userId}` : `device:${principal.name}`;
}

/** One line in the audit log and the log for each source, refusal and minute. */
const repeatMs = 60_000;
/** And so many lines a minute at most: whoever has many addresses must not fill them either. */
export const linesPerMinuteMax = 10_000;
const subjectCharactersMax = 200;

/**
 * Counts every refusal, and writes the first of each kind and source in a minute to the audit log
 * and the log: a hostile client must not fill either.
 */
export class Refusals {
  readonly counts = new Map<Refusal, number>();
  readonly #audit: AuditSink;
  readonly #log: Logger;
  readonly #clock: { wallMs(): number; monotonicMs(): number };
  /** When each source and refusal was written last, oldest first. */
  readonly #written = new Map<string, number>();

  constructor(options: {
    audit: AuditSink;
    log: Logger;
    clock: { wallMs(): number; monotonicMs(): number };
  }) {
    this.#audit = options.audit;
    this.#log = options.log;
    this.#clock = options.clock;
  }

  record(refusal: Refusal, connection: Refused, subject: string | null = null): void {
    this.counts.set(refusal, (this.counts.get(refusal) ?? 0) + 1);
    const { principal, origin } = connection;
    const source = principal === null ? origin.address : principal.name;
    if (!this.#mayWrite(`${refusal} ${source}`)) return;
    const what = subject?.slice(0, subjectCharactersMax) ?? null;
    const facts = { refusal, address: origin.address, transport: origin.transport };
    this.#log.info({ ...facts, principal: principal?.name ?? null, subject: what }, "mqtt refused");
    this.#audit.write({
      atMs: this.#clock.wallMs(),
      actor: actorOf(principal),
      action: `mqtt.${refusal}`,
      sppgId: principal?.kind === "device" ? principal.sppgId : null,
      subject: what,
      address: origin.address,
      outcome: "refused",
      detail: { transport: origin.transport },
    });
  }

  #mayWrite(key: string): boolean {
    const nowMs = this.#clock.monotonicMs();
    for (const [oldKey, writtenMs] of this.#written) {
      if (nowMs - writtenMs < repeatMs) break;
      this.#written.delete(oldKey);
    }
    if (this.#written.has(key) || this.#written.size >= linesPerMinuteMax) return false;
    this.#written.set(key, nowMs);
    return true;
  }
}
