/**
 * Ingest's tables in the records database, as services of the records worker: rules, alerts, what
 * people did, the outbox, dead letters, the monitor's state.
 */
import type { AlertData } from "../../devices/index.ts";
import type {
  AlertState,
  ChangeFacts,
  Effect,
  EntryRange,
  MonitorMeta,
  StateRow,
} from "../monitor/monitor.ts";
import type { Rule, RuleVersion } from "../rules/rule.ts";
import type { LayoutRecords } from "./layout.ts";
import type { LeaseRecords, Tenure } from "./leases.ts";

/** A message that waits to be published; its id is stable, so that a repeat is recognised. */
export interface OutboxMessage {
  id: string;
  channel: string;
  /** The realtime message as JSON. */
  text: string;
}

/** What the ingest worker needs of one partition of the journal. */
export interface PartitionRecords {
  /** Every rule as of a change: the newest version at or below `changeSeq`. */
  rulesAsOf(changeSeq: number): Promise<RuleVersion[]>;
  /** What changed with `afterSeq` < seq ≤ `uptoSeq`; and whether kitchens or devices did. */
  factsBetween(
    afterSeq: number,
    uptoSeq: number,
  ): Promise<ChangeFacts & { sppgIds: string[]; hasRegistryChange: boolean }>;
  loadMonitorMeta(): Promise<MonitorMeta | null>;
  /** State rows in the order of (sppgId, key), behind `after`. */
  loadStateRows(after: { sppgId: string; key: string } | null, limit: number): Promise<StateRow[]>;
  /** One transaction; a row only moves to a newer offset. */
  saveState(rows: readonly StateRow[], meta: MonitorMeta | null): Promise<void>;
  /**
   * One transaction, in order, idempotent: rows only move forward, and nothing that a person did is
   * overwritten. Answers the messages of the alerts that moved, already in the outbox.
   */
  applyEffects(effects: readonly Effect[]): Promise<OutboxMessage[]>;
  /** Alerts that an entry of this range has moved last, in the order of ids, behind `after`. */
  alertsMovedBetween(range: EntryRange, after: string | null, limit: number): Promise<AlertState[]>;
  /**
   * Messages whose publishing is not known, oldest first: after a start, after a failure, and after
   * a change entry, because what people did waits there too. With `offset`, the entry that the
   * monitor stands at, those take it as their position at their first fetch, so that a page does
   * not drop them as older than its snapshot.
   */
  unpublished(limit: number, offset?: number): Promise<OutboxMessage[]>;
  markPublished(ids: readonly string[]): Promise<void>;
  /** Forgets published messages at or below the monitor's cursor, and how many; some at a time. */
  pruneOutbox(cursorOffset: number): Promise<number>;
}

/**
 * Service name `ingest` of the records worker. Called directly, the methods of `PartitionRecords`
 * are about partition 0 of a journal that only this process writes, which its data lock guards.
 */
export interface IngestRecords extends PartitionRecords, LeaseRecords, LayoutRecords {
  /**
   * A method of `PartitionRecords` as the owner of a partition: what writes is refused with
   * `INGEST_LEASE_LOST`, in its own transaction, once another process has become the owner.
   */
  asOwner<Name extends keyof PartitionRecords>(
    tenure: Tenure,
    name: Name,
    args: Parameters<PartitionRecords[Name]>,
  ): ReturnType<PartitionRecords[Name]>;
}

/** One alert as people see it. */
export interface AlertRow extends AlertData {
  sppgId: string;
  domain: "production" | "distribution" | "inventory";
  note: string | null;
  clearedBy: "value" | "person" | "rule" | null;
  /** Cleared and acknowledged. */
  isResolved: boolean;
  /** Raised by each change of the row, by machine or person: the ETag. */
  changeCount: number;
}

/** Which of many kitchens need somebody. */
export interface OpenAlerts {
  sppgId: string;
  open: number;
  /** Of the open ones. */
  critical: number;
  unacknowledged: number;
}

export interface AlertQuery {
  sppgId: string;
  /** `open`: not resolved. */
  state: "open" | "resolved" | "all";
  severity?: "warning" | "critical" | undefined;
  /** `fromMs` ≤ opened < `toMs`. */
  fromMs?: number | undefined;
  toMs?: number | undefined;
  /** Newest first, behind this one. */
  before?: { openedAtMs: number; alertId: string } | undefined;
  limit: number;
}

/** A version of a rule, and where it came from. */
export interface RuleVersionRecord extends RuleVersion {
  /** `null` for a default. */
  changedAtMs: number | null;
  /** As the audit log names who did it: `user:{email}`, `cli`; `null` for a default. */
  changedBy: string | null;
}

export interface DeadLetter {
  deviceId: string;
  topicName: string;
  /** The payload's first bytes. */
  firstBytes: Uint8Array;
  payloadBytes: number;
  reason: string;
  detail: string;
  receivedTimeMs: number;
  /** Which of the device's dead letters this is, counted from 1. */
  number: number;
}

/** What stands in a device's ring of dead letters. */
export interface DeadLetterCount {
  deviceId: string;
  /** All that there ever were: the ring keeps the newest. */
  total: number;
  kept: number;
  newestAtMs: number;
}

/** A device that a gateway speaks of and nobody has registered below it. */
export interface UnknownChild {
  gatewayId: string;
  childId: string;
  /** When the gateway has last spoken of it. */
  newestAtMs: number;
}

/**
 * What people ask for and do: service name `desk` of the records worker. Each change goes to the
 * change log (kind `alert` or `rule`), so that the monitor follows and the outbox is sent.
 */
export interface Desk {
  /** Defaults and the kitchen's own, each in its newest version. */
  listRules(sppgId: string): Promise<RuleVersion[]>;
  /** The kitchen's own versions of a rule, newest first, the default at the end. */
  listRuleVersions(query: {
    sppgId: string;
    key: string;
    limit: number;
  }): Promise<RuleVersionRecord[]>;
  /**
   * A new version of a rule. `expectedVersion` guards against two people: the newest one they saw,
   * or else `INGEST_RULE_CONFLICT`.
   */
  putRule(
    input: { sppgId: string; rule: Rule; isEnabled: boolean; expectedVersion: number },
    actor: string,
    address?: string | null,
  ): Promise<RuleVersion>;
  listAlerts(query: AlertQuery): Promise<AlertRow[]>;
  /** Of those kitchens that have open alerts, how many, in no order. */
  countOpenAlerts(sppgIds: readonly string[]): Promise<OpenAlerts[]>;
  findAlert(sppgId: string, alertId: string): Promise<AlertRow | null>;
  /** Idempotent: an acknowledged alert stays as it is. `INGEST_ALERT_UNKNOWN`. */
  acknowledgeAlert(
    input: { sppgId: string; alertId: string; note: string | null },
    by: { email: string; address: string | null },
  ): Promise<AlertRow>;
  /**
   * Acknowledges, clears what is still active and notes what was done. A critical alert needs a
   * corrective action: else `INGEST_CORRECTIVE_ACTION_MISSING`.
   */
  resolveAlert(
    input: {
      sppgId: string;
      alertId: string;
      note: string | null;
      correctiveAction: string | null;
    },
    by: { email: string; address: string | null },
  ): Promise<AlertRow>;
  /** Newest first. */
  listDeadLetters(query: {
    sppgId: string;
    deviceId?: string | undefined;
    limit: number;
  }): Promise<DeadLetter[]>;
  /** Of every device of the kitchen that has any. */
  countDeadLetters(sppgId: string): Promise<DeadLetterCount[]>;
  /** Newest first, at most 100; also such as have been registered since. */
  listUnknownChildren(sppgId: string): Promise<UnknownChild[]>;
}
