import type { Logger } from "pino";
import { Backlog } from "../edge/backlog.ts";
import type { Journal } from "../journal/journal.ts";
import { AckLedger } from "./ack-ledger.ts";
import type { ClusterMessage } from "./connection.ts";
import { senderOf } from "./sender.ts";

/** Why a message is acknowledged and not kept: it can never be. */
export type ClusterRefusal = "topic" | "too-large" | "retained";

export interface IntakeCounters {
  received: number;
  /** On disk. */
  journaled: number;
  /** With DUP: the cluster did not have our acknowledgement. What is a repeat is told later. */
  redelivered: number;
  readonly refused: Record<ClusterRefusal, number>;
}

export interface IntakeOptions {
  journal: Pick<Journal, "append">;
  log: Logger;
  /** Under way to the journal in all, before nobody is read any more. */
  pendingBytesMax: number;
  payloadBytesMax: number;
  onRelieved: () => void;
  monotonicMs: () => number;
}

/** Where a connection hears of its messages. */
export interface IntakeOutlet {
  acknowledge(messageId: number): void;
  /** One could not be kept: it must come again, and what came after it with it. */
  failed(error: Error): void;
}

/** Where it brings them. */
export interface IntakeInlet {
  take(message: ClusterMessage): void;
  /** Messages that wait for their acknowledgement. */
  owed(): number;
}

/** A refusal of a kind is told once a minute; the counters have all. */
const toldEveryMs = 60_000;

/**
 * From the cluster's connections into the journal. A message is acknowledged when it is on disk;
 * what can never become a reading is acknowledged at once and counted, or it would come for ever.
 */
export class Intake {
  readonly counters: IntakeCounters = {
    received: 0,
    journaled: 0,
    redelivered: 0,
    refused: { topic: 0, "too-large": 0, retained: 0 },
  };
  readonly #options: IntakeOptions;
  readonly #backlog: Backlog;
  readonly #toldAtMs = new Map<ClusterRefusal, number>();
  #isStopping = false;

  constructor(options: IntakeOptions) {
    const { journal, pendingBytesMax, onRelieved } = options;
    this.#options = options;
    this.#backlog = new Backlog({ journal, bytesMax: pendingBytesMax, onRelieved });
  }

  get mayRead(): boolean {
    return !this.#backlog.isSaturated;
  }

  get underWay(): { entries: number; bytes: number } {
    return { entries: this.#backlog.entries, bytes: this.#backlog.bytes };
  }

  /** For one connection: what is owed to it dies with it, and comes again over the next. */
  connect(outlet: IntakeOutlet): IntakeInlet {
    const ledger = new AckLedger();
    return {
      take: (message) => this.#take(message, ledger, outlet),
      owed: () => ledger.size,
    };
  }

  /** Takes nothing more; resolves when what is under way is on disk, or refused by the journal. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#backlog.idle();
  }

  #take(message: ClusterMessage, ledger: AckLedger, outlet: IntakeOutlet): void {
    if (this.#isStopping) return;
    const { topicName, payload, qos, messageId } = message;
    this.counters.received += 1;
    if (message.isDup) this.counters.redelivered += 1;
    const owed = qos === 0 ? null : ledger.owe(messageId);
    const settle = (): void => {
      if (owed === null) return;
      for (const id of ledger.settle(owed)) outlet.acknowledge(id);
    };
    const principal = senderOf(topicName);
    const refusal = this.#refusalOf(message, principal);
    if (refusal !== null || principal === null) {
      this.#refuse(refusal ?? "topic", topicName);
      settle();
      return;
    }
    const entry = { kind: "publish", principal, topicName, payload, qos } as const;
    this.#backlog.append(entry, (error) => {
      if (error !== null) {
        outlet.failed(error);
        return;
      }
      this.counters.journaled += 1;
      settle();
    });
  }

  #refusalOf(message: ClusterMessage, principal: string | null): ClusterRefusal | null {
    if (principal === null) return "topic";
    if (message.payload.length > this.#options.payloadBytesMax) return "too-large";
    // Only a message from before a subscription carries the flag [MQTT-3.3.1-8, 3.3.1-9]: it was
    // delivered when it was new, and without its own time it would be stored as a second reading.
    return message.isRetained ? "retained" : null;
  }

  #refuse(refusal: ClusterRefusal, topicName: string): void {
    const count = (this.counters.refused[refusal] += 1);
    const nowMs = this.#options.monotonicMs();
    if (nowMs - (this.#toldAtMs.get(refusal) ?? -toldEveryMs) < toldEveryMs) return;
    this.#toldAtMs.set(refusal, nowMs);
    const shown = topicName.slice(0, 200);
    this.#options.log.warn({ refusal, topicName: shown, count }, "message of the cluster refused");
  }
}
